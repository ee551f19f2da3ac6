"""The site's own Gerrit on the screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pkgci.model.load import load_site
from pkgci.status.data import as_data
from pkgci.status.report import screen
from tests.unit.model.test_review import LAB, LAB_SITE, OWN
from tests.unit.status.conftest import World, encoded

VERSION = encoded('HTTP/1.1 200 OK\r\n\r\n)]}\'\n"3.13.6"\n')


@pytest.fixture(params=[OWN, LAB_SITE + LAB], ids=["site", "lab"])
def world(request: pytest.FixtureRequest, write_site: Callable[[str], Path]) -> World:
    return World(load_site(write_site(request.param)))


def name(world: World) -> str:
    assert world.site.own_review is not None
    return world.site.own_review.name


def shown(world: World) -> str:
    lines = ("".join(text for text, _ in line) for line in screen(world.status(), 80))
    return next(line.strip() for line in lines if line.startswith("Gerrit"))


def test_its_version_is_shown_and_that_a_labs_is_open_to_all(world: World) -> None:
    world.lines[name(world)].append(f"page=review {VERSION}")
    warned = " where anybody can become any account"
    lab = world.site.lab is not None
    assert shown(world) == f"Gerrit    version 3.13.6{',' + warned if lab else ''}"
    assert as_data(world.status(), 1)["review"] == {"version": "3.13.6", "auth": "development" if lab else "ldap"}
    assert world.problems() == []


def test_one_that_runs_and_says_nothing_is_a_problem(world: World) -> None:
    assert (name(world), "Gerrit does not answer") in world.problems()
    assert shown(world) == "Gerrit    no answer"


def test_one_that_does_not_run_is_one_problem_and_not_two(world: World) -> None:
    world.put(name(world), "unit=gerrit ", "unit=gerrit LoadState=loaded ActiveState=failed")
    assert world.problems() == [(name(world), "gerrit has failed")]
