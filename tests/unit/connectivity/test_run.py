"""The effects around the verdicts, with sessions that are made up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from pkgci.connectivity import run
from pkgci.connectivity.judge import State
from pkgci.connectivity.matrix import OPERATOR, PortCheck
from pkgci.connectivity.plan import read_answer
from pkgci.errors import PkgciError
from pkgci.model.site import Host, Site
from pkgci.remote.errors import HostError, LoginShellError, UnreachableError
from pkgci.remote.pool import Pool
from pkgci.remote.session import Completed
from pkgci.remote.trust import Trust


class MadeUpSession:
    """A host whose ``python3`` and ``perl`` answer what the test says."""

    def __init__(self, host: Host, answers: dict[str, Completed]) -> None:
        self.host = host
        self.answers = answers
        self.commands: list[str] = []

    def run(self, command: str, *, stdin: bytes, timeout: float, sudo: bool) -> Completed:
        assert sudo is False
        self.commands.append(command)
        return self.answers[command.split()[1]]


def done(*lines: str) -> Completed:
    return Completed(0, "\n".join([*lines, f"done\t{len(lines)}"]), "")


def plan_numbers(plan: str) -> list[tuple[str, str]]:
    """Kind and number of each line of a plan."""
    fields = [line.split("\t") for line in plan.splitlines()]
    return [(field[0], field[1]) for field in fields if field[0] in ("tcp", "dns")]


def test_a_host_without_python_is_probed_with_perl(site: Site) -> None:
    missing = Completed(127, "", "sh: 1: exec: python3: not found")
    session: Any = MadeUpSession(site.hosts[0], {"python3": missing, "perl": done("3\topen\tms=1")})
    assert 3 in run.probe(session, "").observations
    assert [command.split()[1] for command in session.commands] == ["python3", "perl"]


def test_a_host_with_python_is_not_asked_twice(site: Site) -> None:
    session: Any = MadeUpSession(site.hosts[0], {"python3": done()})
    assert run.probe(session, "").complete
    assert len(session.commands) == 1


def test_a_host_with_neither_says_why_nothing_was_probed(site: Site) -> None:
    missing = Completed(127, "", "sh: 1: exec: python3: not found\n")
    session: Any = MadeUpSession(site.hosts[0], {"python3": missing, "perl": Completed(127, "", "no perl")})
    with pytest.raises(run.ProbeError, match="python3: not found"):
        run.probe(session, "")


Sessions = Callable[[set[str]], None]


@pytest.fixture
def sessions(monkeypatch: pytest.MonkeyPatch) -> Sessions:
    """Makes up a session for every host but the ``unreachable`` ones; every probe finds every port open."""

    def everything_open(plan: str) -> Completed:
        return done(
            "from\t192.0.2.7", *(f"{number}\topen\tms=1" for kind, number in plan_numbers(plan) if kind == "tcp")
        )

    def install(unreachable: set[str]) -> None:
        @contextmanager
        def open_session(site: Site, host: Host, trust: Trust, pool: Pool, *, timeout: float) -> Iterator[Any]:
            if host.name in unreachable:
                raise UnreachableError(host.name, "no route to host")
            yield MadeUpSession(host, {})

        @contextmanager
        def here(plan: str) -> Iterator[Any]:
            yield lambda: read_answer(everything_open(plan).stdout).observations

        monkeypatch.setattr(run, "open_session", open_session)
        monkeypatch.setattr(run, "probing_here", here)
        monkeypatch.setattr(run, "probe", lambda session, plan: read_answer(everything_open(plan).stdout))

    return install


def test_one_unreachable_host_stops_no_other(site: Site, sessions: Sessions, tmp_path: Path) -> None:
    sessions({"pub01"})
    found = run.verify(site, Trust(tmp_path / "known_hosts"), None, parallel=5)
    reasons = {vantage.name: failure.reason for vantage, failure in found.vantages.failed.items()}
    assert found.reached == 6 and reasons == {"pub01": "no route to host"}
    states = {v.state for v in found.verdicts if v.check.vantage.name == "pub01"}
    assert states == {State.UNPROVEN}
    assert any(v.state is State.AS_DECLARED for v in found.verdicts if v.check.vantage.name == "zuul01")


def test_how_the_hosts_see_this_machine_decides_what_it_may_reach(
    site: Site, sessions: Sessions, tmp_path: Path
) -> None:
    sessions(set())
    found = run.verify(site, Trust(tmp_path / "known_hosts"), None, parallel=5)
    operator = next(vantage for vantage in found.matrix.vantages if vantage.name == OPERATOR)
    assert operator.addresses == (ip_address("192.0.2.7"),)
    ssh = next(
        v
        for v in found.verdicts
        if isinstance(v.check, PortCheck) and v.check.vantage == operator and v.check.port_number == 22
    )
    assert ssh.state is State.AS_DECLARED


def test_nothing_reached_is_known(site: Site, sessions: Sessions, tmp_path: Path) -> None:
    sessions({host.name for host in site.hosts})
    assert run.verify(site, Trust(tmp_path / "known_hosts"), None, parallel=5).reached == 0


def test_this_machine_is_probed_from_in_a_process_of_its_own() -> None:
    with run.probing_here("dns\t4\tlocalhost\n") as found:
        assert "127.0.0.1" in found()[4].facts["addresses"]


def test_an_interrupted_run_leaves_no_probe_behind() -> None:
    with pytest.raises(PkgciError), run.probing_here("limit\t60\n") as found:
        assert found is not None
        raise PkgciError("stopped")


@pytest.mark.parametrize("error", [run.ProbeError("zuul01", "no python"), LoginShellError("zuul01", "no shell")])
def test_what_goes_wrong_after_the_login_says_nothing_of_the_way_to_a_host(error: HostError) -> None:
    assert run._session_problem(error) is None
    assert run._session_problem(UnreachableError("zuul01", "is away")) == "is away"
