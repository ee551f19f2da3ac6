#!/bin/sh
# The run that holds the lock, and what it wrote of itself. A shared lock asks without keeping a run from starting.
root=/var/lib/pkgci
if [ -e "$root/lock" ] && ! flock -sn "$root/lock" true; then
    # A run that has the lock writes its name into it at once: until then it is the name of one that has ended.
    tries=0
    while [ -e "$root/runs/$(cat "$root/lock")/exit" ] && [ "$tries" -lt 20 ]; do
        tries=$((tries + 1))
        sleep 0.05
    done
    echo "lock=$(cat "$root/lock")"
    sed 's/^/holder=/' "$root/runs/$(cat "$root/lock")/holder" 2>/dev/null
fi
