"""A step under way, and packages."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from pkgci_steps.inputs import Inputs
from pkgci_steps.log import Log
from pkgci_steps.programs import Programs, Stop
from pkgci_steps.repotest.world import Package
from pkgci_steps.settings import Repository, Settings
from pkgci_steps.step import Step


def package(name: str, version: str = "1", content: str = "", source: str = "", **fields: str) -> Package:
    return Package(name, version, "amd64", source or name, content or f"{name}-{version}", fields)


@pytest.fixture
def step(tmp_path: Path) -> Step:
    """A step of nothing in particular."""
    log, stop = Log(io.BytesIO(), "pkgci-repotest"), Stop()
    settings = Settings("lab", Repository("https://pub.example.org/packages/", tmp_path, tmp_path), {}, {})
    return Step("repotest", Inputs(tmp_path), settings, log, stop, Programs(log, stop, tmp_path), tmp_path)
