#!/bin/sh
# Writes how the run in folder $1 has ended, as systemd tells it. systemd calls it, whatever the end was.
umask 077
rm -f /var/lib/pkgci/current."${1##*/}"
if [ "$(systemctl is-system-running)" = stopping ]; then SERVICE_RESULT=shutdown; fi
echo "$SERVICE_RESULT $EXIT_CODE $EXIT_STATUS" > "$1/exit.new" && mv "$1/exit.new" "$1/exit"
