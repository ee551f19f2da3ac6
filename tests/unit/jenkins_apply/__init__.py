"""jenkins-apply, imported from the manifests' files as a host imports it."""

import sys

from tests.unit.puppet.conftest import MANIFESTS

sys.path.insert(0, str(MANIFESTS / "site-modules/jenkins/files"))
sys.dont_write_bytecode = True
