#!/bin/sh
# The run that holds the lock, and what it wrote of itself. A shared lock asks without keeping a run from starting.
root=/var/lib/pkgci
if [ -e "$root/lock" ] && ! flock -sn "$root/lock" true; then
    echo "lock=$(cat "$root/lock")"
    sed 's/^/holder=/' "$root/runs/$(cat "$root/lock")/holder" 2>/dev/null
fi
