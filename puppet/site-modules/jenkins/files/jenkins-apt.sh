#!/bin/sh
# Jenkins' apt source, as Puppet needs it. Written by pkgci.
#
#   jenkins-apt key FINGERPRINT KEYRING URL   fetch the key and trust it, if its fingerprint is the one that it must be
#   jenkins-apt trusted FINGERPRINT KEYRING   whether KEYRING has that key and no other
#   jenkins-apt find VERSION LIST URL         read the source's index, and say so where it does not have VERSION
#   jenkins-apt installed VERSION             whether that version is installed
set -eu

# The fingerprints of the primary keys in a file, one a line.
fingerprints() {
    gpg --homedir "$1" --batch --quiet --no-default-keyring --with-colons --show-keys "$2" 2>/dev/null |
        awk -F: '$1 == "pub" { primary = 1 } $1 == "fpr" && primary { print $10; primary = 0 }'
}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

case $1 in
key)
    fingerprint=$2 keyring=$3 url=$4
    # apt's own downloader: it has the host's proxy and certificate settings, and is on every host.
    /usr/lib/apt/apt-helper -o APT::Sandbox::User=root -o Acquire::Retries=3 -o Acquire::http::Timeout=30 \
        -o Acquire::https::Timeout=30 -qq download-file "$url" "$folder/key" </dev/null
    if ! fingerprints "$folder" "$folder/key" | grep -qFx "$fingerprint"; then
        found=$(fingerprints "$folder" "$folder/key" | paste -sd ' ')
        echo "$url has the key ${found:-(none)}, and not $fingerprint: it is not trusted" >&2
        exit 1
    fi
    # A public key needs no agent, which a small host does not have.
    gpg --homedir "$folder" --no-autostart --batch --quiet --import "$folder/key"
    # Only that key, whatever else the file holds.
    gpg --homedir "$folder" --no-autostart --batch --quiet --output "$folder/keyring" --export "$fingerprint"
    install -m 0644 "$folder/keyring" "$keyring.new"
    mv "$keyring.new" "$keyring"
    ;;
trusted)
    [ -f "$3" ] && [ "$(fingerprints "$folder" "$3")" = "$2" ]
    ;;
find)
    version=$2 list=$3 url=$4
    apt-get -qq -o "Dir::Etc::SourceList=$list" -o Dir::Etc::SourceParts=- -o APT::Get::List-Cleanup=0 \
        -o APT::Update::Error-Mode=any update
    versions=$(apt-cache -o "Dir::Etc::SourceList=$list" -o Dir::Etc::SourceParts=- madison jenkins |
        awk -F'[ |]+' '{ print $3 }' | sort -Vu)
    if ! printf '%s\n' "$versions" | grep -qFx "$version"; then
        echo "$url has no jenkins $version; it has: $(printf '%s\n' "$versions" | tail -5 | paste -sd ' ')." >&2
        echo "An apt source keeps few versions: name one that is there, a mirror that keeps this one," >&2
        echo "or a WAR by address and checksum." >&2
        exit 1
    fi
    ;;
installed)
    # shellcheck disable=SC2016 # dpkg-query's own variables
    [ "$(dpkg-query -W -f '${db:Status-Abbrev}${Version}' jenkins 2>/dev/null)" = "ii $2" ]
    ;;
*)
    echo "jenkins-apt: unknown: $1" >&2
    exit 2
    ;;
esac
