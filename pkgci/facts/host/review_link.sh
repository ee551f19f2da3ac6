#!/bin/sh
# How many connections there are to the code review's PORT; what it refuses to do for Zuul, and what failed that the
# clock has started.
[ -n "$PORT" ] || exit 0
if command -v ss >/dev/null; then echo "gerrit=$(ss -Htn state established "( dport = :$PORT )" | wc -l)"; fi
for file in /var/lib/zuul/alerts-*.json; do
    case $file in */alerts-clock.json) key=clock ;; *) key=alerts ;; esac
    if [ -r "$file" ]; then echo "$key=$(base64 -w 0 <"$file")"; fi
done
