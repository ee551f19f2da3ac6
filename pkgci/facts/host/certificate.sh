#!/bin/sh
# The host's certificate, in base64.
if [ -r /etc/pkgci/tls/host.crt ]; then echo "certificate=$(base64 -w 0 </etc/pkgci/tls/host.crt)"; fi
