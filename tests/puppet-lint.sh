#!/bin/sh
# Checks manifests as far as that goes without compiling a catalog: syntax and style, and the syntax of templates.
# `make lint` calls it. An argument is a folder with manifests in place of ours.
set -eu
cd "${1:-$(dirname "$0")/../puppet}"
puppet parser validate manifests site-modules
find site-modules -name '*.epp' -exec puppet epp validate {} +
# Of several folders puppet-lint reads the first one only; of files it reads all.
find manifests site-modules -name '*.pp' -exec puppet-lint --fail-on-warnings --relative {} +
