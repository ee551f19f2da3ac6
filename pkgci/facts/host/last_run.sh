#!/bin/sh
# The last run that was meant to change something: its name begins with when it was.
root=/var/lib/pkgci
for run in $(cd "$root/runs" 2>/dev/null && printf '%s\n' * | sort -r); do
    grep -qx 'noop no' "$root/runs/$run/holder" 2>/dev/null || continue
    echo "run=$run"
    echo "operator=$(sed -n 's/^operator //p' "$root/runs/$run/holder")"
    [ -e "$root/runs/$run/exit" ] && echo "exit=$(cat "$root/runs/$run/exit")"
    systemctl --quiet is-active "pkgci-run-$run" && echo "running=yes"
    sed -n '/^resources:/,/^[a-z]/s/^  \(changed\|failed\|failed_to_restart\|total\): /count=\1 /p' \
        "$root/runs/$run/summary.yaml" 2>/dev/null
    break
done
