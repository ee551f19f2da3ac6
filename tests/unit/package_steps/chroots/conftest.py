"""A step under way, whose programs are not run."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from pkgci_steps.inputs import Inputs
from pkgci_steps.log import Log
from pkgci_steps.programs import Programs, Stop
from pkgci_steps.settings import Repository, Settings, Target
from pkgci_steps.step import Step

TRIXIE = Target("trixie", "deb", "trixie")
BOOKWORM = Target("bookworm", "deb", "bookworm")
NOBLE = Target("noble", "deb", "noble", components=("main", "universe"))


@pytest.fixture
def step(tmp_path: Path) -> Step:
    """A step of nothing in particular."""
    log, stop = Log(io.BytesIO(), "pkgci-chroots"), Stop()
    keys = {"release_key": tmp_path, "review_key": tmp_path}
    settings = Settings(
        "lab",
        Repository("https://pub.example.org/packages/", **keys),
        {target.name: target for target in (TRIXIE, BOOKWORM)},
        {},
    )
    return Step("chroots", Inputs(tmp_path), settings, log, stop, Programs(log, stop, tmp_path), tmp_path)
