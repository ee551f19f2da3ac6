"""What fetches for builds, without sudo, and the web server that it fetches from."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from pkgci_steps.build.origins import fetching

from tests.unit.package_steps.conftest import LIBRARY
from tests.unit.package_steps.fetch.conftest import Upstream, signer, upstream

__all__ = ["fetcher", "signer", "upstream"]

PROGRAM = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
from pkgci_steps.fetch.main import main
sys.exit(main(sys.argv[4:], Path(sys.argv[2]), Path(sys.argv[3])))
"""


@pytest.fixture
def fetcher(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, upstream: Upstream) -> Path:
    """pkgci-fetch-source, as this account; returns its store. The site allows ``upstream``."""
    store, settings = tmp_path / "store", tmp_path / "steps.json"
    store.mkdir()
    settings.write_text(
        json.dumps(
            {
                **{"site": "lab", "targets": {}, "projects": {}, "limits": {}, "systest": "container"},
                "build_hosts": [],
                "repository": {"url": "https://pub/", "release_key": "/a", "review_key": "/b"},
                "sources": {"hosts": [upstream.host]},
            }
        )
    )
    monkeypatch.setattr(fetching, "COMMAND", (sys.executable, "-c", PROGRAM, LIBRARY, settings, store))
    monkeypatch.setattr(fetching, "STORE", store)
    return store
