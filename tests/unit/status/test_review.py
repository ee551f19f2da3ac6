"""The site's own Gerrit on the screen."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pkgci.facts.fact import whole_program
from pkgci.model.load import load_site
from pkgci.status.collect import Health
from pkgci.status.data import as_data
from pkgci.status.report import screen
from tests.unit.model.test_review import LAB, LAB_SITE, OWN
from tests.unit.status.conftest import World, encoded

ANYBODY = "DEVELOPMENT_BECOME_ANY_ACCOUNT"
# How an answer of Gerrit's begins.
NO_PROGRAM = "HTTP/1.1 200 OK\r\n\r\n)]}'\n"
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


def everything(world: World) -> str:
    return " ".join("".join(text for text, _ in line).strip() for line in screen(world.status(), 80))


def test_its_version_is_shown_and_that_a_labs_is_open_to_all(world: World) -> None:
    world.lines[name(world)].append(f"page=review {VERSION}")
    warned = " where anybody can become any account"
    lab = world.site.lab is not None
    assert shown(world) == f"Gerrit    version 3.13.6{',' + warned if lab else ''}"
    declared = "development" if lab else "ldap"
    assert as_data(world.status(), 1)["review"] == {"version": "3.13.6", "auth": declared, "auth_type": None}
    assert world.problems() == []


def info(auth: str) -> str:
    return f"page=review-info {encoded(NO_PROGRAM + json.dumps({'auth': {'auth_type': auth}}))}"


def test_it_says_itself_where_its_accounts_come_from(world: World) -> None:
    live = "LDAP" if world.site.lab is None else ANYBODY
    world.lines[name(world)] += [f"page=review {VERSION}", info(live)]
    assert shown(world).startswith(f"Gerrit    version 3.13.6, accounts: {live}")
    assert ("anybody can become any account" in everything(world)) is (live == ANYBODY)
    assert as_data(world.status(), 1)["review"]["auth_type"] == live
    assert world.problems() == []


def test_accounts_from_elsewhere_than_is_declared_are_a_problem(world: World) -> None:
    declared, live = ("LDAP", ANYBODY) if world.site.lab is None else (ANYBODY, "LDAP")
    world.lines[name(world)] += [f"page=review {VERSION}", info(live)]
    assert ("Gerrit", f"accounts come from {live}, and not from {declared}") in world.problems()
    assert ("anybody can become any account" in everything(world)) is (live == ANYBODY)


@pytest.mark.parametrize("body", ["", "null", "[]", '{"auth": []}', '{"auth": {}}', "<html>"])
def test_a_gerrit_that_does_not_say_it_still_has_its_version(world: World, body: str) -> None:
    world.lines[name(world)] += [f"page=review {VERSION}", f"page=review-info {encoded(NO_PROGRAM + body)}"]
    assert "version 3.13.6" in shown(world) and "accounts:" not in shown(world)


def test_one_that_runs_and_says_nothing_is_a_problem(world: World) -> None:
    assert (name(world), "Gerrit does not answer") in world.problems()
    assert shown(world) == "Gerrit    no answer"


def test_one_that_does_not_run_is_one_problem_and_not_two(world: World) -> None:
    world.put(name(world), "unit=gerrit ", "unit=gerrit LoadState=loaded ActiveState=failed")
    assert world.problems() == [(name(world), "gerrit has failed")]


def test_its_host_is_asked_for_both_and_no_other_host_is(world: World) -> None:
    for host in world.site.hosts:
        asked = whole_program(Health(world.site, host).facts)
        assert ("/config/server/version" in asked and "/config/server/info" in asked) is (host.name == name(world))
