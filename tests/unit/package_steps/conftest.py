"""The programs of the steps, imported from the manifests' files as a host imports them."""

from __future__ import annotations

import io
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parents[3] / "puppet/site-modules/package_steps/files"
sys.path.insert(0, str(LIBRARY))
sys.dont_write_bytecode = True

# After the line that says where they are.
from pkgci_steps.inputs import Inputs  # noqa: E402
from pkgci_steps.log import Log  # noqa: E402
from pkgci_steps.programs import Programs, Stop  # noqa: E402
from pkgci_steps.settings import Limits, Project, Repository, Settings, Target  # noqa: E402
from pkgci_steps.step import Step  # noqa: E402


@pytest.fixture(autouse=True)
def own_signals() -> Iterator[None]:
    """A step's program listens to signals, as a process of its own may: here it is the tests' process."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.fixture
def step(tmp_path: Path) -> Step:
    """A build of change 12, patch set 3."""
    inputs = Inputs(tmp_path / "out", tmp_path / "source", "packaging/greet", "trixie", "12", "3", "check")
    inputs.results.mkdir()
    (tmp_path / "scratch").mkdir()
    log, stop = Log(io.BytesIO(), "pkgci-build"), Stop()
    keys = {name: tmp_path / f"{name}.asc" for name in ("release_key", "review_key")}
    for key in keys.values():
        key.write_text("a key\n")
    settings = Settings(
        "lab",
        Repository("https://pub.example.org/packages/", **keys),
        {"trixie": Target("trixie", "deb", "trixie")},
        {"packaging/greet": Project("packaging/greet", ("trixie",))},
        Limits(minutes=1, memory_mb=1000, disk_mb=10),
    )
    return Step("build", inputs, settings, log, stop, Programs(log, stop, tmp_path / "scratch"), tmp_path / "scratch")
