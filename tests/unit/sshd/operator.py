"""``python -m tests.unit.sshd.operator ENDPOINTS ARGUMENTS…``: pkgci as a process of its own, led to scripted hosts.

ENDPOINTS is a JSON file: address → [address, port].
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pkgci.cli.main import main
from tests.unit.sshd.redirect import redirected

if __name__ == "__main__":
    found = json.loads(Path(sys.argv[1]).read_text())
    with redirected({address: (host, port) for address, (host, port) in found.items()}):
        main(sys.argv[2:])
