#!/bin/sh
# What is on this host already. Arguments: the releases that are asked about.
# Writes one fact a line: its name, a space, its value.
root=/var/lib/pkgci
mkdir -p "$root"
df -Pk "$root" | awk 'NR == 2 { print "free", $4 }'
for release; do
  if [ -d "$root/releases/$release" ]; then echo "have $release"; fi
done
# A shared lock asks without keeping a run from starting.
if [ -e "$root/lock" ] && ! flock -sn "$root/lock" true; then
  # A run that has the lock writes its name into it at once: until then it is the name of one that has ended.
  tries=0
  while [ -e "$root/runs/$(cat "$root/lock")/exit" ] && [ "$tries" -lt 20 ]; do
    tries=$((tries + 1))
    sleep 0.05
  done
  echo "run $(cat "$root/lock")"
  sed 's/^/holder /' "$root/runs/$(cat "$root/lock")/holder" 2>/dev/null
fi
exit 0
