#!/bin/sh
# Writes how the run in folder $1 has ended, as systemd tells it. systemd calls it, whatever the end was.
umask 077
rm -f /var/lib/pkgci/current."${1##*/}"
echo "$SERVICE_RESULT $EXIT_CODE $EXIT_STATUS" > "$1/exit.new" && mv "$1/exit.new" "$1/exit"
