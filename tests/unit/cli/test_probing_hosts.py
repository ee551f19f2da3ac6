"""Commands that ask scripted hosts what they reach and what they have: verify-connectivity and render-hiera --diff."""

from __future__ import annotations

import ast
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pkgci.connectivity import run as connectivity
from tests.unit.sshd.network import Network
from tests.unit.sshd.script import Answer, Fault, Heard

BRIEF = {"connect": 2, "command": 2}


# verify-connectivity


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is probed from this machine itself: no network is needed."""

    @contextmanager
    def probing(plan: str) -> Iterator[Callable[[], connectivity.Observations]]:
        yield lambda: connectivity.read_answer(answer_to(plan)).observations

    monkeypatch.setattr(connectivity, "probing_here", probing)


ADDRESSES = {"zuul01.pkg.example.org": "203.0.113.10", "build02.pkg.example.org": "203.0.113.11"}


def answer_to(plan: str, surprise: str = "") -> str:
    """What a probe finds where the network is as declared, but for checks of ``surprise`` (an outcome)."""
    lines = ["from\t127.0.0.1"]
    for line in plan.splitlines():
        kind, *fields = line.split("\t")
        if kind == "tcp":
            number, tries = fields[0], fields[3]
            outcome = "open" if tries == "2" else "refused"
            lines.append(f"{number}\t{'refused' if surprise == outcome else outcome}\tms=1")
        elif kind == "dns":
            lines.append(f"{fields[0]}\tresolved\taddresses={ADDRESSES.get(fields[1], '203.0.113.99')}")
    return "\n".join([*lines, "done", ""])


def probed(surprise: str = "") -> Callable[[Heard], Answer]:
    def answer(heard: Heard) -> Answer:
        plan = ast.literal_eval(heard.stdin.decode().rpartition("main(")[2].rstrip()[:-1])
        return Answer(answer_to(plan, surprise))

    return answer


def test_a_network_as_declared_is_a_good_end(network: Network, here: None) -> None:
    for name in ("zuul01", "build02"):
        network.host(name).on_call("python3 -IS", probed())
    result = network.pkgci("verify-connectivity", "--json")
    assert result.exit_code == 0, result.output
    assert "python3" in network.hosts["zuul01"].texts()[0]


def test_a_port_that_is_closed_and_should_be_open_is_a_surprise(network: Network, here: None, tmp_path: Path) -> None:
    network.host("zuul01").on_call("python3 -IS", probed())
    network.host("build02").on_call("python3 -IS", probed("open"))
    result = network.pkgci("verify-connectivity", "--junit", str(tmp_path / "connectivity.xml"))
    assert result.exit_code == 1
    assert "<failure" in (tmp_path / "connectivity.xml").read_text()


def test_a_host_without_python_is_probed_by_perl(network: Network, here: None) -> None:
    host = network.host("zuul01")
    host.on("perl -", "done\n")
    host.on("python3 -IS", "", "sh: 1: exec: python3: not found\n", 127)
    network.pkgci("verify-connectivity")
    assert any("exec perl" in text for text in host.texts())


def test_hosts_are_probed_from_side_by_side_however_few_are_asked_for(network: Network, here: None) -> None:
    for number in range(6):
        network.host(f"away{number}", fault=Fault.BLACK_HOLE)
    network.write(timeouts={"connect": 8, "command": 60})
    begun = time.monotonic()
    assert network.pkgci("verify-connectivity", "--parallel", "1").exit_code == 3
    assert time.monotonic() - begun < 6 * 4 and set(network.tried.values()) == {1}


# render-hiera --diff


def test_the_data_on_a_host_is_compared_with_the_sites(network: Network) -> None:
    host = network.host("zuul01")
    network.make_secrets()
    host.on("find review", "", "", 3)
    new = network.pkgci("render-hiera", "--diff", "--json")
    assert new.exit_code == 1
    assert any(line.startswith("+") for line in json.loads(new.stdout)["zuul01"])
    host.on("find review", "\001old.yaml\n--- old\n")
    changed = network.pkgci("render-hiera", "--diff")
    assert changed.exit_code == 1 and "-" in changed.stdout


def test_data_that_cannot_be_compared_is_an_error_of_its_host(network: Network) -> None:
    network.host("zuul01", fault=Fault.REFUSES)
    network.make_secrets()
    result = network.pkgci("render-hiera", "--diff")
    assert result.exit_code == 3 and "zuul01" in result.output


@pytest.mark.parametrize("command", [("render-hiera", "--diff"), ("verify-servers",)], ids=" ".join)
def test_a_host_that_cannot_be_looked_at_is_an_error_object_for_machines(
    network: Network, command: tuple[str, ...]
) -> None:
    network.host("zuul01", fault=Fault.REFUSES)
    network.make_secrets()
    result = network.pkgci(*command, "--json")
    told = json.loads(result.stdout)
    error = told.get("errors", told)["zuul01"]
    assert (result.exit_code, error["kind"], error["status"], error["place"]) == (3, "unreachable", 3, "zuul01")
    assert "refuses" in error["message"] and error["hint"]


# Whichever command looks at hosts


@pytest.mark.parametrize("fault", [Fault.REFUSES, Fault.BLACK_HOLE, Fault.NO_EXEC_ANSWER, Fault.FROZEN], ids=str)
@pytest.mark.parametrize("command", ["verify-servers", "status", "verify-connectivity"])
def test_a_host_that_does_not_answer_is_named_and_holds_up_nobody(
    network: Network, here: None, command: str, fault: Fault
) -> None:
    network.host("zuul01", fault=fault)
    network.write(timeouts=BRIEF)
    begun = time.monotonic()
    result = network.pkgci(command)
    # A host that lets in and then does nothing may count as reached.
    statuses = {3} if fault in (Fault.REFUSES, Fault.BLACK_HOLE) else {1, 3}
    assert result.exit_code in statuses, result.output
    assert "zuul01" in result.output and time.monotonic() - begun < 60
