#!/bin/sh
# The release that is current.
if [ -L /var/lib/pkgci/current ]; then echo "release=$(basename "$(readlink /var/lib/pkgci/current)")"; fi
