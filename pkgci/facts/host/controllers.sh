#!/bin/sh
# The controllers of control groups that systemd can limit with: version 2, or version 1 where that is mounted.
[ -d /run/systemd/system ] || exit 0
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    tr ' ' '\n' </sys/fs/cgroup/cgroup.controllers | sed 's/^/controller=/'
else
    for name in memory pids; do
        if [ -w "/sys/fs/cgroup/$name/cgroup.procs" ]; then echo "controller=$name"; fi
    done
fi
