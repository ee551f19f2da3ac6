#!/bin/sh
# Usable means that it opens: a device file alone is no virtualisation.
if [ ! -c /dev/kvm ]; then
    echo "kvm=no /dev/kvm"
elif (exec 3<>/dev/kvm) 2>/dev/null; then
    echo "kvm=usable"
else
    echo "kvm=/dev/kvm does not open"
fi
