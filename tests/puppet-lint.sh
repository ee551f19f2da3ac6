#!/bin/sh
# Checks the manifests as far as that goes without compiling a catalog: syntax and style. `make lint` calls it.
set -eu
cd "$(dirname "$0")/../puppet"
puppet parser validate manifests site-modules
find site-modules -name '*.epp' -exec puppet epp validate {} +
puppet-lint --fail-on-warnings --relative manifests site-modules
