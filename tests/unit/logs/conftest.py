"""The log server's programs, imported from the manifests' files as a host imports them, and a store of logs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parents[3] / "puppet/site-modules/logs/files"
sys.path[:0] = [str(LIBRARY), str(LIBRARY.parents[1] / "package_steps/files")]
sys.dont_write_bytecode = True

from pkgci_logs.claim import token_of  # noqa: E402
from pkgci_logs.room import Room  # noqa: E402
from pkgci_logs.store import Store  # noqa: E402

KEY = b"what Zuul makes tokens with\n"
PATH = "12/3412/3/check/job/0123abc"
MINE, OTHER = "a" * 32, "b" * 32


def opening(path: str = PATH, secret: str = MINE, key: bytes = KEY) -> bytes:
    """How a conversation about the build at ``path`` begins."""
    return f"{token_of(key, path)}\n{secret}\n".encode()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty one."""
    store = Store(tmp_path / "logs", tmp_path / "state")
    for folder in (store.logs, store.pages, store.streams):
        folder.mkdir(parents=True)
    return store


@pytest.fixture
def room(store: Store) -> Room:
    """Room for 50 GB of logs."""
    return Room(store, 50 * 10**9)
