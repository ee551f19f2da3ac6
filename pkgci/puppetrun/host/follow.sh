#!/bin/sh
# Writes the log of a run as it grows, then how it ended. Arguments: the run, how many lines of its log are known.
# What is not log is marked by SOH and the run: alive (every 10 s), exit, lost, free, report.
root=/var/lib/pkgci id=$1 known=$2
run=$root/runs/$id
mark() { printf '\001%s %s\n' "$id" "$*"; }
[ -r "$run/log" ] || exit 71
mark alive
pid=$(systemctl show --property=MainPID --value "pkgci-run-$id")
if [ "${pid:-0}" != 0 ]; then
  while sleep 10 > /dev/null 2>&1; do mark alive; done &
  pulse=$!
  tail -s 0.1 --pid="$pid" -n "+$((known + 1))" -f "$run/log"
  kill "$pulse"
  # What the run had started is ended first, then systemd writes how it went.
  tries=0
  until [ -e "$run/exit" ] || [ "$tries" -ge 400 ]; do
    tries=$((tries + 1))
    sleep 0.05
  done
else
  tail -n "+$((known + 1))" "$run/log"
fi
if [ -e "$run/exit" ]; then mark "exit $(cat "$run/exit")"; fi
boot="$(cat /proc/sys/kernel/random/boot_id) $(cut -d ' ' -f 22 /proc/1/stat)"
if [ "$(cat "$run/boot")" != "$boot" ]; then mark rebooted; fi
mark "free $(df -Pk "$root" | awk 'NR == 2 { print $4 }')"
if [ -s "$run/report.yaml" ]; then
  # The log is known: without it, the report is half as long.
  mark "report $(sed '/^logs:/,/^[a-z_]*:/{/^logs:/d;/^-/d;/^ /d}' "$run/report.yaml" | gzip -c | base64 -w 0)"
fi
