#!/bin/sh
# The state of each of UNITS.
for unit in $UNITS; do
    # shellcheck disable=SC2046 # two properties, two words
    echo "unit=$unit" $(systemctl show --property=LoadState --property=ActiveState "$unit" 2>/dev/null)
    case $unit in
        *.timer) service=${unit%.timer}.service ;;
        *) continue ;;
    esac
    # What a timer starts is not running most of the time: it is of interest only where it failed.
    systemctl is-failed --quiet "$service" 2>/dev/null && echo "unit=$service LoadState=loaded ActiveState=failed"
done
