#!/bin/sh
# Which of RELEASES are on this host already.
for release in $RELEASES; do
    if [ -d "/var/lib/pkgci/releases/$release" ]; then echo "have=$release"; fi
done
