#!/bin/sh
# How much room there is for releases, and whether anything can be written there at all.
umask 077
root=/var/lib/pkgci
said=$({ mkdir -p "$root" && : >"$root/probe.$$" && rm -f "$root/probe.$$"; } 2>&1) || echo "room_refusal=$said"
df -Pk "$root" 2>/dev/null | awk 'NR == 2 { print "room=" $4 }'
df -Pi "$root" 2>/dev/null | awk 'NR == 2 && $2 > 0 { print "room_inodes=" $4 }'
