#!/bin/sh
# Whether programs can write in the folder of temporary files, and run from there.
refused() {
    echo "temporary_refusal=$1"
    echo "temporary_inodes=$(df -Pi /tmp 2>/dev/null | awk 'NR == 2 { print $4 }')"
    exit 0
}
scratch=$(mktemp -d /tmp/pkgci.XXXXXXXX 2>&1) || refused "$scratch"
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
# More than fits into an inode, and more than one block.
said=$({ head -c 65536 /dev/zero >"$scratch/probe"; } 2>&1) || refused "$said"
said=$({ printf '#!/bin/sh\nexit 0\n' >"$scratch/run"; chmod 0700 "$scratch/run"; } 2>&1) || refused "$said"
"$scratch/run" 2>/dev/null || echo "temporary_noexec=yes"
