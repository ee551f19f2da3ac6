"""The programs of the steps, imported from the manifests' files as a host imports them."""

from __future__ import annotations

import sys
from pathlib import Path

LIBRARY = Path(__file__).parents[3] / "puppet/site-modules/package_steps/files"
sys.path.insert(0, str(LIBRARY))
sys.dont_write_bytecode = True
