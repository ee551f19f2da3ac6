#!/bin/sh
# The keys of package sources, with the ends of their lives (seconds since 1970). gpg needs a home, even to read.
command -v gpg >/dev/null || exit 0
scratch=$(mktemp -d 2>/dev/null) && [ -d "$scratch" ] || exit 0
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
for file in /etc/apt/keyrings/*; do
    [ -f "$file" ] || continue
    until=$(GNUPGHOME=$scratch gpg --batch --quiet --with-colons --show-keys "$file" 2>/dev/null |
        awk -F : '$1 == "pub" { print $7; exit }')
    [ -n "$until" ] && echo "key=$until $file"
done
