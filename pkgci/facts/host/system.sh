#!/bin/sh
# The operating system, the processors, the memory.
# shellcheck source=/dev/null
. /etc/os-release 2>/dev/null
echo "os=$ID-$VERSION_ID"
echo "os_name=$PRETTY_NAME"
echo "cpu=$(getconf _NPROCESSORS_ONLN)"
awk '$1 == "MemTotal:" { print "memory_kb=" $2 }' /proc/meminfo
