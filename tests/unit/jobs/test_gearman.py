"""What Gearman knows, and the likely reason where it lacks something."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pkgci.errors import PkgciError
from pkgci.jobs.gearman import (
    Function,
    likely_reason,
    needed_functions,
    parse_status,
    registered_functions,
    wait_for,
)
from pkgci.jobs.server import Node
from pkgci.model.site import Site
from pkgci.model.steps import all_jobs
from pkgci.remote.session import Completed, Session

NAME = "build:packaging-hello-build-trixie:slave_build"
STATUS = f"{NAME}\t3\t1\t2\nset_description:jenkins01\t0\t0\t1\nOK\n.\n"


class Geard:
    """A session with a host that answers with one text."""

    host = SimpleNamespace(name="zuul01")

    def __init__(self, completed: Completed) -> None:
        self.completed = completed

    def run(self, command: str, **options: Any) -> Completed:
        assert "timeout" not in options, "the site's time-out for commands"
        return self.completed


def test_a_status_tells_waiting_running_and_workers() -> None:
    functions = parse_status(STATUS)
    assert list(functions) == [NAME, "set_description:jenkins01"]
    assert functions[NAME] == Function(NAME, waiting=2, running=1, workers=2)


def test_every_job_needs_its_function_with_the_label_of_its_slaves(site: Site) -> None:
    needed = needed_functions(all_jobs(site))
    assert NAME in needed
    assert "build:packaging-hello-promote:publisher" in needed
    assert len(needed) == len(all_jobs(site))


def test_geard_is_asked_on_its_host() -> None:
    session = cast(Session, Geard(Completed(0, STATUS, "")))
    assert registered_functions(session)[NAME].workers == 2


def test_a_geard_that_does_not_answer_is_named_with_the_reason() -> None:
    session = cast(Session, Geard(Completed(1, "", "Traceback\nConnectionRefusedError: refused\n")))
    with pytest.raises(PkgciError, match="zuul01: geard does not answer: ConnectionRefusedError: refused"):
        registered_functions(session)


def test_registration_is_waited_for_and_only_for_a_while() -> None:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    def later() -> dict[str, Function]:
        return {"a": Function("a", 0, 0, 1 if now[0] >= 10 else 0)}

    assert wait_for(["a"], later, clock=lambda: now[0], sleep=sleep)[0] == ()
    assert now[0] == 10
    assert wait_for(["a", "b"], later, clock=lambda: now[0], sleep=sleep)[0] == ("b",)
    assert now[0] == 40


def test_the_reason_is_the_first_thing_that_is_amiss(site: Site) -> None:
    job = next(job for job in all_jobs(site) if job.name == "packaging-hello-build-trixie")
    online = {"build01": Node("build01", True)}
    offline = {"build01": Node("build01", False, "Connection refused")}
    connected = parse_status(STATUS)
    there = {job.name: True}
    assert likely_reason(job, site, connected, online, {}) == "Jenkins has no such job"
    assert "disabled" in likely_reason(job, site, connected, online, {job.name: False})
    assert likely_reason(job, site, connected, {}, there) == "Jenkins has no node with the label slave_build (build01)"
    assert likely_reason(job, site, connected, offline, there) == "build01 is offline: Connection refused"
    silent = {name: replace(function, workers=0) for name, function in connected.items()}
    assert "not connected" in likely_reason(job, site, silent, online, there)
    assert "has not registered" in likely_reason(job, site, connected, online, there)
