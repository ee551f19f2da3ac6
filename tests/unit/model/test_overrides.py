"""``overrides:`` of a project: which names of others it may take."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pkgci.model.load import load_site
from pkgci.model.packages import step_settings
from tests.unit.conftest import SITE
from tests.unit.model.test_load import faults

Write = Callable[[str], Path]
PROJECT = "{targets: [trixie, el9]"


def site_with(overrides: str) -> str:
    return SITE.replace(PROJECT, f"{PROJECT}, overrides: {overrides}")


@pytest.mark.parametrize("names", [["sudo"], ["libstdc++6", "glib2.0"], ["/bin/sh", "python3.11-libs", "Xvfb"], []])
def test_the_publisher_is_told_which_names_a_project_may_take(write_site: Write, names: list[str]) -> None:
    site = load_site(write_site(site_with(json.dumps(names))))
    told = step_settings(site, site.host("pub01"), lambda name: [])
    assert told["projects"]["packaging/hello"]["overrides"] == names


@pytest.mark.parametrize("name", ["a b", "", "$(id)", "a,b", "-a", "sudo (<< 9)"])
def test_a_name_that_no_package_can_have_is_refused(write_site: Write, name: str) -> None:
    assert any("is not a valid name of a package" in fault for fault in faults(write_site(site_with(f'["{name}"]'))))
