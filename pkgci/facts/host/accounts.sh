#!/bin/sh
# The accounts and groups among ACCOUNTS; users from FIRST_ID on, and all ranges of subordinate identities, by number.
for name in $ACCOUNTS; do
    getent passwd "$name" | sed 's/^/account=/'
    getent group "$name" | sed 's/^/group=/'
done
getent passwd | awk -F : -v least="$FIRST_ID" '$3 >= least { print "uid=" $3 " " $1 }'
sed -n 's/^\([^:#]*\):\([0-9]*\):\([0-9]*\)$/subordinate=\1 \2 \3/p' /etc/subuid /etc/subgid 2>/dev/null
