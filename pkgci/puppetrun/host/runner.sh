#!/bin/sh
# One run of Puppet on this host, detached from whoever started it. Argument: the folder of the run.
# Exit status: Puppet's own, or 65 packages could not be installed, 66 another run holds the lock, 67 Puppet too old,
# 68 the release could not be made current.
run=$1
id=${run##*/}
root=/var/lib/pkgci
umask 022
exec >> "$run/log" 2>&1
cd / || exit
export HOME=/root LC_ALL=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/puppetlabs/bin
# The plan says: packages, agent, noop, data, and what to run in puppet_run.
packages='' agent='' noop='' data=''
# shellcheck source=/dev/null
. "$run/plan"

exec 9>> "$root/lock"
flock -w 2 9 || exit 66
echo "$id" > "$root/lock"

version_of() { dpkg-query --show --showformat='${db:Status-Status} ${Version}' "$1" 2> /dev/null | sed -n 's/^installed //p'; }
apt() {
  DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=1 \
    -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 -o Dpkg::Use-Pty=0 \
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@" 9>&-
}
# At most once a day: Puppet installs packages, and an index that was never read, or long ago, names none of today's.
refresh() {
  echo "pkgci: reading the package lists"
  apt update && touch "$root/package-lists"
}
# The last releases stay, but not one with a secret that this release no longer has: it left with a role, or was rotated.
forget() {
  for release in "$root"/releases/*; do
    [ "${release##*/}" != "$data" ] || continue
    [ -r "$release/review/secrets" ] || continue
    while read -r secret; do
      grep -qxF -e "$secret" "$root/releases/$data/review/secrets" && continue
      rm -rf "$release"
      break
    done < "$release/review/secrets"
  done
}
missing=
for package in $packages; do
  [ -n "$(version_of "$package")" ] || missing="$missing $package"
done
if [ -n "$missing" ]; then
  echo "pkgci: installing$missing"
  # Where an earlier installation was broken off.
  dpkg --configure -a 9>&-
  # shellcheck disable=SC2086 # words
  refresh && apt --yes --no-install-recommends install $missing || exit 65
elif [ "$noop" != yes ] && [ -z "$(find "$root/package-lists" -mmin -1440 2> /dev/null)" ]; then
  # A host that has all its packages needs no mirror; where one is missing, Puppet will name it.
  refresh
fi
version=$(version_of "$agent")
version=${version#*:}
if [ "${version%%.*}" -lt 7 ]; then
  echo "pkgci: $agent is version $version"
  exit 67
fi

# Puppet itself knows repairs only under an agent. Where the last run applied this very release to its end, whatever is
# not as declared has been changed since.
if [ "$(cat "$root/applied" 2> /dev/null)" = "$data" ]; then echo "pkgci: this release was applied before"; fi
if [ "$noop" != yes ]; then
  rm -f "$root/applied"
  ln -s "releases/$data" "$root/current.$id" && mv -T "$root/current.$id" "$root/current" || exit 68
fi
echo "pkgci: compiling"
puppet_run 9>&-
status=$?
case "$noop$status" in
  no0 | no2)
    echo "$data" > "$root/applied"
    forget
    ;;
esac
exit "$status"
