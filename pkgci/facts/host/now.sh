#!/bin/sh
# The clock.
echo "now=$(date +%s)"
