#!/bin/sh
# The file system of each of PATHS, or of its nearest parent that is there: size and free space in kB, how full it is,
# and its mount point.
for path in $PATHS; do
    there=$path
    while [ ! -d "$there" ]; do there=$(dirname "$there"); done
    df -Pk "$there" | awk -v path="$path" 'NR == 2 { print "disk=" path " " $2 " " $4 " " $5 " " $6 }'
done
