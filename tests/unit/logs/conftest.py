"""The log server's programs, imported from the manifests' files as a host imports them, and a store of logs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parents[3] / "puppet/site-modules/logs/files"
sys.path.insert(0, str(LIBRARY))
sys.dont_write_bytecode = True

from pkgci_logs.store import Store  # noqa: E402


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty one."""
    store = Store(tmp_path / "logs", tmp_path / "state")
    for folder in (store.logs, store.pages, store.streams):
        folder.mkdir(parents=True)
    return store
