"""What Puppet puts beside Zuul, and the jobs' own library, importable here. None of these tests needs Zuul."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[3] / "puppet/site-modules/zuul/files"))
sys.path.append(str(Path(__file__).parents[3] / "puppet/site-modules/zuul/files/zuul-py3"))
sys.path.append(str(Path(__file__).parents[3] / "puppet/site-modules/package_steps/files"))

from tests.unit.zuul.reviewing import Desk, Gerrit

# What Puppet's module has for Zuul.
FILES = Path(__file__).parents[3] / "puppet/site-modules/zuul/files"


@pytest.fixture
def gerrit() -> Gerrit:
    return Gerrit()


@pytest.fixture
def desk(gerrit: Gerrit, tmp_path: Path) -> Desk:
    return Desk(gerrit, tmp_path)
