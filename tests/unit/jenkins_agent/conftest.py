"""The clean-up of workspaces, loaded from the manifests' file."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

PROGRAM = Path(__file__).parents[3] / "puppet/site-modules/jenkins_agent/files/clean_workspaces.py"


@pytest.fixture(scope="session")
def cleaner() -> ModuleType:
    """clean-workspaces."""
    spec = importlib.util.spec_from_file_location(PROGRAM.stem, PROGRAM)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[PROGRAM.stem] = module
    spec.loader.exec_module(module)
    return module
