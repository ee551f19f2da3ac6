"""The programs of the steps, imported from the manifests' files as a host imports them."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parents[3] / "puppet/site-modules/package_steps/files"
sys.path.insert(0, str(LIBRARY))
sys.dont_write_bytecode = True


@pytest.fixture(autouse=True)
def own_signals() -> Iterator[None]:
    """A step's program listens to signals, as a process of its own may: here it is the tests' process."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)
