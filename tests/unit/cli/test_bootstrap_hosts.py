"""``pkgci bootstrap`` on scripted hosts: what it sends, whom it follows, and how it ends."""

from __future__ import annotations

import json
import re
import time

import pytest

from pkgci.errors import ExitStatus
from pkgci.puppetrun import follow
from tests.unit.sshd import puppet
from tests.unit.sshd.network import Network
from tests.unit.sshd.puppet import Run, applies, holder, holder_of, report
from tests.unit.sshd.script import Answer, End, Fault, Heard

OURS = {"started": "10:00:00 UTC", "noop": "no", "purge": "no"}


@pytest.fixture
def network(network: Network, monkeypatch: pytest.MonkeyPatch) -> Network:
    monkeypatch.setattr(follow, "_BETWEEN_ATTEMPTS", 0.05)
    return network


def made(network: Network, *names: str) -> None:
    """Hosts of these names, on which all goes well, and the site's secrets."""
    for name in names:
        applies(network.host(name))
    network.make_secrets()


def test_a_host_that_is_as_declared_is_a_good_end(network: Network) -> None:
    made(network, "zuul01")
    result = network.pkgci("bootstrap")
    assert result.exit_code == 0, result.output
    assert re.search(r"^zuul01 +0 +0 +0 +0 .* as declared$", result.stdout, re.MULTILINE)
    network.hosts["zuul01"].wait_closed()


def test_a_site_without_its_secrets_asks_no_host_for_anything(network: Network) -> None:
    for name in ("zuul01", "build02"):
        applies(network.host(name, known=False))
    result = network.pkgci("bootstrap", "--accept-new-host-keys")
    assert result.exit_code == ExitStatus.WRONG_USE and "pkgci secrets init" in result.output
    assert not any(host.tries for host in network.hosts.values())


def test_what_a_host_needs_is_sent_once_and_whole(network: Network) -> None:
    made(network, "zuul01")
    host = network.hosts["zuul01"]
    network.pkgci("bootstrap")
    (sent,) = [heard for heard in host.heard if puppet.DELIVER in heard.text]
    assert len(re.findall(rb"release ([0-9a-f]{64}) \d+\n", sent.stdin)) == 2, "the code, and the data"
    assert holder_of(sent)["noop"] == "no"
    releases = re.findall(rb"release ([0-9a-f]{64})", sent.stdin)
    host.on(puppet.STATE, puppet.state(*(name.decode() for name in releases)))
    network.pkgci("bootstrap")
    (_, again) = [heard for heard in host.heard if puppet.DELIVER in heard.text]
    assert b"release " not in again.stdin[:200] and len(again.stdin) < len(sent.stdin)


@pytest.mark.parametrize(
    ("run", "status", "words"),
    [
        (Run(report=report(changed=2)), 0, "changed"),
        (Run(report=report(failed=1), exit="success exited 4"), 1, "failed"),
        (Run(report="", exit="success exited 1", log=("Error: no such class",)), 1, "Error: no such class"),
        (Run(exit="timeout killed TERM", report=""), 1, "deadline"),
        (Run(exit="success exited 65", report="", log=("E: Unable to locate package",)), 1, "Unable to locate"),
        (Run(exit="success exited 67", report="", log=("pkgci: puppet is version 5",)), 1, "too old"),
        (Run(exit="success exited 68", report=""), 1, "current"),
        (Run(exit="signal killed KILL", report=""), 1, "killed"),
        (Run(exit="", report="", room=10), 1, "disk is full"),
        (Run(exit="", report=""), 1, "nobody wrote down how"),
        (Run(report="not a report"), 1, "cannot be read"),
    ],
)
def test_how_a_run_ended_is_told_in_words_and_in_the_status(
    network: Network, run: Run, status: int, words: str
) -> None:
    made(network, "zuul01")
    applies(network.hosts["zuul01"], run)
    result = network.pkgci("bootstrap")
    assert result.exit_code == status, result.output
    assert words in result.output


def test_a_noop_run_says_so_to_the_host_and_is_not_remembered(network: Network) -> None:
    made(network, "zuul01")
    applies(network.hosts["zuul01"], Run(report=report(noop=True, out_of_sync=1)))
    result = network.pkgci("bootstrap", "--noop")
    (sent,) = [heard for heard in network.hosts["zuul01"].heard if puppet.DELIVER in heard.text]
    assert holder_of(sent)["noop"] == "yes"
    assert "pending" in result.stdout
    assert not (network.folder / ".pkgci/bootstrap.json").exists()


def test_machines_get_the_whole_of_it(network: Network) -> None:
    made(network, "zuul01", "build02")
    network.hosts["build02"].users.clear()
    result = network.pkgci("bootstrap", "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (found["zuul01"]["ok"], found["build02"]["ok"], found["build02"]["reached"]) == (True, False, False)


def test_one_hosts_failure_stops_no_other_and_only_it_is_run_again(network: Network) -> None:
    made(network, "zuul01", "build02")
    broken = network.hosts["build02"]
    applies(broken, Run(report=report(failed=1)))
    assert network.pkgci("bootstrap").exit_code == 1
    applies(broken)
    heard = len(network.hosts["zuul01"].heard)
    assert network.pkgci("bootstrap", "--rerun", "failed").exit_code == 0
    assert len(network.hosts["zuul01"].heard) == heard
    assert network.pkgci("bootstrap", "--rerun", "failed").exit_code == 2, "none is left"


def test_nothing_is_applied_that_would_lock_the_operator_out(network: Network) -> None:
    made(network, "zuul01")
    access = {"management": ["192.0.2.0/24"], "administrators": {"alice": "keys/alice.pub"}}
    network.write(access=access)
    result = network.pkgci("bootstrap")
    assert result.exit_code == 1
    assert "lock us out" in result.output and "192.0.2.0/24, 127.0.0.1/32" in result.output
    assert not any(puppet.DELIVER in text for text in network.hosts["zuul01"].texts())


def test_nothing_is_applied_where_it_is_not_known_from_where_we_come(network: Network) -> None:
    made(network, "zuul01")
    network.hosts["zuul01"].on("SSH_CONNECTION", "\n")
    assert network.pkgci("bootstrap").exit_code == 1
    assert not any(puppet.DELIVER in text for text in network.hosts["zuul01"].texts())


def test_nothing_is_sent_to_a_host_without_room(network: Network) -> None:
    made(network, "zuul01")
    network.hosts["zuul01"].on(puppet.STATE, puppet.state(free_kb=1024))
    result = network.pkgci("bootstrap")
    assert result.exit_code == 1 and re.search(r"zuul01: .*\b1 MB", result.output)
    assert not any(puppet.DELIVER in text for text in network.hosts["zuul01"].texts())


def test_two_operators_do_not_apply_to_one_host_at_once(network: Network) -> None:
    made(network, "zuul01")
    state = holder("20260101T000000-aaaaaaaa", {**OURS, "operator": "bob@elsewhere", "data": "0" * 64})
    network.hosts["zuul01"].on(puppet.STATE, state)
    result = network.pkgci("bootstrap")
    assert result.exit_code == ExitStatus.LOCKED and "bob@elsewhere is applying to it since 10:00:00" in result.output
    assert not any(puppet.DELIVER in text for text in network.hosts["zuul01"].texts())


class Interrupted:
    """A host on which the operator's own run of before takes the lock while the next one is sent."""

    def __init__(self, network: Network, **other: str) -> None:
        self.host = network.hosts["zuul01"]
        self.other = other
        self.facts: dict[str, str] = {}
        self.host.on_call(puppet.STATE, self.state)
        self.host.on_call(puppet.DELIVER, self.deliver)

    def state(self, heard: Heard) -> Answer:
        # Nobody has the lock when it is looked at first.
        return Answer(holder("20260101T000000-aaaaaaaa", self.facts) if self.facts else puppet.ROOM)

    def deliver(self, heard: Heard) -> Answer:
        self.facts = {**holder_of(heard), **self.other}
        return Run(exit="success exited 66", report="").told(heard)


def test_a_run_of_ones_own_that_took_the_lock_meanwhile_is_followed(network: Network) -> None:
    made(network, "zuul01")
    Interrupted(network)
    result = network.pkgci("bootstrap")
    assert result.exit_code == 0, result.output
    followed = [text for text in network.hosts["zuul01"].texts() if puppet.FOLLOW in text]
    assert "20260101T000000-aaaaaaaa" in followed[-1] and puppet.DELIVER not in followed[-1]


@pytest.mark.parametrize(
    "other", [{"operator": "bob@elsewhere"}, {"data": "0" * 64}, {"noop": "yes"}, {"purge": "yes"}]
)
def test_another_run_that_took_the_lock_meanwhile_is_not(network: Network, other: dict[str, str]) -> None:
    made(network, "zuul01")
    Interrupted(network, **other)
    result = network.pkgci("bootstrap")
    assert result.exit_code == ExitStatus.LOCKED and "is applying to it" in result.output


def test_a_run_that_is_under_way_is_followed_and_none_is_started(network: Network) -> None:
    made(network, "zuul01")
    host = network.hosts["zuul01"]
    network.pkgci("bootstrap")
    facts = holder_of(next(heard for heard in host.heard if puppet.DELIVER in heard.text))
    host.heard.clear()
    host.on(puppet.STATE, holder("20260101T000000-bbbbbbbb", facts))
    result = network.pkgci("bootstrap", "--json")
    assert json.loads(result.stdout)["zuul01"]["attached"] is True
    assert not any(puppet.DELIVER in text for text in host.texts())


def test_a_lock_that_others_keep_taking_is_told_of_in_the_end(network: Network) -> None:
    made(network, "zuul01")
    applies(network.hosts["zuul01"], Run(exit="success exited 66", report=""))
    result = network.pkgci("bootstrap")
    assert result.exit_code == ExitStatus.LOCKED and "is applying to it" in result.output
    assert sum(puppet.DELIVER in text for text in network.hosts["zuul01"].texts()) == 3


def test_a_lost_connection_is_opened_again_and_the_run_goes_on(network: Network) -> None:
    made(network, "zuul01")
    host = network.hosts["zuul01"]
    host.on_call(puppet.DELIVER, Run(end=End.DROP, log=(puppet.RESOURCE,)).told)
    assert network.pkgci("bootstrap").exit_code == 0
    assert host.tries == 2
    assert [puppet.DELIVER in text for text in host.texts() if puppet.FOLLOW in text] == [True, False]


def test_a_host_that_answers_nothing_any_more_is_given_up(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "PATIENCE", 1.0)
    monkeypatch.setattr(follow, "_SILENCE", 1.0)
    made(network, "zuul01")
    host = network.hosts["zuul01"]
    silent = Run(end=End.HANG, log=(puppet.RESOURCE,)).told
    host.on_call(puppet.FOLLOW, Answer(end=End.HANG))
    host.on_call(puppet.DELIVER, silent)
    begun = time.monotonic()
    result = network.pkgci("bootstrap")
    assert result.exit_code == 1 and "zuul01" in result.output and "did not come back" in result.output
    assert time.monotonic() - begun < 60


@pytest.mark.parametrize("fault", [Fault.NO_EXEC_ANSWER, Fault.FROZEN], ids=str)
def test_a_frozen_host_ends_in_time_beside_one_that_is_well(network: Network, fault: Fault) -> None:
    made(network, "zuul01", "build02")
    network.hosts["build02"].fault = fault
    network.write(timeouts={"connect": 30, "command": 1})
    result = network.pkgci("bootstrap")
    assert result.exit_code == 1
    assert re.search(r"build02: .*1 s", result.output)
    assert re.search(r"^zuul01 .* as declared$", result.stdout, re.MULTILINE)


def test_hosts_that_are_away_are_tried_once_and_side_by_side(network: Network) -> None:
    for number in range(7):
        network.host(f"away{number}", fault=Fault.BLACK_HOLE, known=number % 2 == 0)
    network.make_secrets()
    network.write(timeouts={"connect": 4, "command": 60})
    begun = time.monotonic()
    result = network.pkgci("bootstrap", "--parallel", "1")
    assert result.exit_code == 3
    assert set(network.tried.values()) == {1} and len(network.tried) == 7
    assert time.monotonic() - begun < 7 * 4
    for number in range(7):
        assert f"away{number}: 203.0.113.{10 + number} port 22 does not answer within 4 s" in result.output


def test_one_host_at_a_time_is_worked_on_where_that_is_asked_for(network: Network) -> None:
    made(network, "zuul01", "build02", "build03")
    busy, most = [0], [0]

    def told(heard: Heard) -> Answer:
        busy[0] += 1
        most[0] = max(most[0], busy[0])
        time.sleep(0.2)
        busy[0] -= 1
        return Run().told(heard)

    for host in network.hosts.values():
        host.on_call(puppet.DELIVER, told)
    assert network.pkgci("bootstrap", "--parallel", "1").exit_code == 0
    assert most == [1]
    assert network.pkgci("bootstrap", "--parallel", "3").exit_code == 0
