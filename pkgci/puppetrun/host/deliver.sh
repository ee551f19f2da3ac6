#!/bin/sh
# Takes what is missing from standard input, and starts a run. Arguments: the run, its data release, its deadline (s).
# Standard input: parts, each a line "release SHA256 BYTES" or "run - BYTES" and so many bytes (a tar archive, gzipped).
# Whatever breaks off leaves nothing but a temporary folder, which the next delivery removes.
umask 077
root=/var/lib/pkgci id=$1 data=$2 deadline=$3
run=$root/runs/$id
fail() {
  echo "$1" >&2
  rm -rf "$root"/new.*
  exit 70
}
mkdir -p "$root/releases" "$root/runs" || fail "cannot write to $root"
chmod 0700 "$root"
exec 8>>"$root/delivery"
flock -w 60 8 || fail "another delivery does not end"
rm -rf "$root"/new.*
new=$root/new.$id
mkdir "$new" || fail "$root cannot be written"
while read -r kind name size; do
  part=$new/$kind.$name
  { mkdir "$part" && head -c "$size" > "$part.gz"; } || fail "$root cannot be written"
  if [ "$kind" = release ] && [ "$(gzip -dc "$part.gz" 2>/dev/null | sha256sum)" != "$name  -" ]; then
    fail "a part of the release did not arrive as it was sent"
  fi
  tar --extract --gzip --no-same-owner --file "$part.gz" --directory "$part" || fail "$root cannot be written"
  rm "$part.gz"
done
set -- "$new"/release.*
if [ -d "$1" ]; then
  # Data on the disk before its name: a power cut leaves no half release.
  sync -f "$new"
  for part; do
    release=$root/releases/${part##*.}
    rm -rf "$release"
    mv -T "$part" "$release" || fail "cannot write the release"
  done
fi
[ -d "$new/run.-" ] || fail "the run did not arrive"
mv -T "$new/run.-" "$run" || fail "the run $id exists"
rmdir "$new"
[ -d "$root/releases/$data/code/" ] || fail "the release did not arrive whole"
touch "$root/releases/$data"
# When the first process began tells a container's boot, too.
echo "$(cat /proc/sys/kernel/random/boot_id) $(cut -d ' ' -f 22 /proc/1/stat)" > "$run/boot"
: > "$run/log"

# The last ten runs stay, and the last three releases of data with their code, and what runs or is current.
find "$root/runs" -mindepth 1 -maxdepth 1 | sort | head -n -10 | while read -r old; do
  [ "${old##*/}" = "$(cat "$root/lock" 2> /dev/null)" ] || rm -rf "$old"
done
keep=$(
  cd "$root/releases" || exit
  {
    find . -mindepth 2 -maxdepth 2 -type l -name code -printf '%h\n' | xargs -r ls -dt | head -n 3
    readlink "$root/current"
    for started in "$root"/runs/*; do [ -e "$started/exit" ] || readlink "$started/data"; done
  } | sed 's|.*/||' | while read -r kept; do
    echo "$kept"
    readlink "$kept/code" | sed 's|.*/||'
  done
)
for release in "$root"/releases/*; do
  case "$keep" in *"${release##*/}"*) ;; *) rm -rf "$release" ;; esac
done
exec 8>&-

command -v systemd-run > /dev/null || fail "there is no systemd-run on this host"
systemd-run --quiet --collect --unit="pkgci-run-$id" --description="pkgci bootstrap" --service-type=exec \
  --property=RuntimeMaxSec="$deadline" --property=TimeoutStopSec=10 --property=KillMode=control-group \
  --property=ExecStopPost="/bin/sh $run/conclude $run" --property=SuccessExitStatus=2 \
  /bin/sh "$run/runner" "$run" < /dev/null > "$run/start" 2>&1 || fail "systemd-run: $(cat "$run/start")"
set -- "$id" 0
