"""What is believed of what was found."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pkgci.connectivity.judge import Failure, State, Vantages, Verdict, judge
from pkgci.connectivity.matrix import OPERATOR, Expectation, Matrix, PortCheck, Vantage
from pkgci.connectivity.plan import Observation, Outcome
from pkgci.model.flows import Check
from pkgci.model.known_hosts import HostKey
from pkgci.model.load import load_site
from pkgci.model.site import Site
from tests.unit.conftest import ALICE, SITE
from tests.unit.connectivity.test_matrix import check, whole

NOW = datetime(2026, 11, 23, tzinfo=UTC)
KEY = HostKey("ssh-ed25519", ALICE.split()[1])
FACTS = {
    Check.SSH: {"banner": "SSH-2.0-OpenSSH_10.0", "hostkey": KEY.fingerprint},
    Check.HTTP: {"status": "301", "location": "https://x.example.org/"},
    Check.HTTPS: {"tls": "TLSv1.3", "status": "200", "expires": str(int((NOW + timedelta(days=300)).timestamp()))},
    Check.GEARMAN: {"version": "OK 1.1.21"},
}


@pytest.fixture
def outside_site(write_site: Callable[[str], Path]) -> Site:
    return load_site(write_site(SITE + "outside: {address: 198.51.100.200}\n"))


def as_declared(found: Matrix) -> dict[int, Observation]:
    """What a site finds where all is as declared."""
    ports = {
        item.number: Observation(Outcome.OPEN, FACTS[item.port.check])
        if item.expected is Expectation.OPEN
        else Observation(Outcome.FILTERED, {"ms": "3000"})
        for item in found.port_checks
    }
    names = {item.number: Observation(Outcome.RESOLVED, {"addresses": item.declared[0]}) for item in found.name_checks}
    return {**ports, **names}


def verdicts(
    found: Matrix,
    changed: dict[int, Observation | None] | None = None,
    failed: dict[str, Failure] | None = None,
    sessions: dict[str, str | None] | None = None,
) -> dict[int, Verdict]:
    """The verdicts by number, where everything is as declared but ``changed`` (None: no answer)."""
    observations = {**as_declared(found), **(changed or {})}
    told = {number: item for number, item in observations.items() if item is not None}
    vantages = Vantages(by_vantage(found, failed), dict.fromkeys(found.targets) | (sessions or {}))
    keys = dict.fromkeys(found.targets, (KEY,))
    return {verdict.check.number: verdict for verdict in judge(found, told, vantages, keys, NOW)}


def by_vantage(found: Matrix, failed: dict[str, Failure] | None) -> dict[Vantage, Failure]:
    return {vantage: failed[vantage.name] for vantage in found.vantages if failed and vantage.name in failed}


def one(found: Matrix, item: PortCheck, observation: Observation | None) -> Verdict:
    return verdicts(found, {item.number: observation})[item.number]


def test_a_site_that_is_as_declared_has_no_surprise(site: Site) -> None:
    assert {verdict.state for verdict in verdicts(whole(site)).values()} == {State.AS_DECLARED}


def test_an_open_port_that_no_flow_permits_is_a_surprise_that_says_why_it_matters(site: Site) -> None:
    found = whole(site)
    verdict = one(found, check(found, "build01", "zuul01", 4730), Observation(Outcome.OPEN))
    assert verdict.state is State.SURPRISE and verdict.wrong
    assert "fake" in verdict.advice and "pkgci bootstrap --host zuul01" in verdict.advice


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.FILTERED, Outcome.UNREACHABLE])
def test_refused_and_filtered_are_closed_but_not_open(site: Site, outcome: Outcome) -> None:
    found = whole(site)
    closed = one(found, check(found, "build01", "zuul01", 4730), Observation(outcome))
    assert closed.state is State.AS_DECLARED
    assert one(found, check(found, "jenkins01", "zuul01", 4730), Observation(outcome)).state is State.SURPRISE


def test_refused_and_filtered_are_told_apart(site: Site) -> None:
    found = whole(site)
    item = check(found, "jenkins01", "zuul01", 4730)
    refused = one(found, item, Observation(Outcome.REFUSED))
    filtered = one(found, item, Observation(Outcome.FILTERED))
    assert "nothing listens" in refused.advice and "firewall" in filtered.advice
    assert refused.found != filtered.found


def test_closed_is_not_believed_of_a_vantage_that_opened_nothing(site: Site) -> None:
    found = whole(site)
    mute = {item.number: Observation(Outcome.FILTERED) for item in found.port_checks if item.vantage.name == "build01"}
    verdict = verdicts(found, mute)[check(found, "build01", "zuul01", 4730).number]
    assert verdict.state is State.UNPROVEN and "build01 opened no connection" in verdict.found


def test_closed_is_not_believed_of_a_target_that_nobody_opened(site: Site) -> None:
    found = whole(site)
    down = {item.number: Observation(Outcome.FILTERED) for item in found.port_checks if item.target == "install01"}
    verdict = verdicts(found, down, sessions={"install01": "timed out"})[check(found, "pub01", "install01", 443).number]
    assert verdict.state is State.UNPROVEN and "install01" in verdict.found


def test_the_operators_own_session_is_a_positive_control(site: Site) -> None:
    found = whole(site)
    down = {item.number: Observation(Outcome.FILTERED) for item in found.port_checks if item.target == "install01"}
    assert verdicts(found, down)[check(found, "pub01", "install01", 443).number].state is State.AS_DECLARED


def test_a_vantage_that_cannot_be_reached_leaves_its_checks_unproven_and_the_others_go_on(site: Site) -> None:
    found = whole(site)
    lost: dict[int, Observation | None] = {
        item.number: None for item in (*found.port_checks, *found.name_checks) if item.vantage.name == "build01"
    }
    told = verdicts(found, lost, failed={"build01": Failure("no route to host", "look at its cable")})
    assert {told[number].state for number in lost} == {State.UNPROVEN}
    assert all("vantage unreachable: no route to host" in told[number].found for number in lost)
    assert {told[number].advice for number in lost} == {"look at its cable"}
    assert {verdict.state for number, verdict in told.items() if number not in lost} == {State.AS_DECLARED}


def test_a_probe_that_did_not_answer_is_told_from_a_closed_port(site: Site) -> None:
    found = whole(site)
    item = check(found, "build01", "zuul01", 4730)
    assert "probe failed" in one(found, item, None).found
    failed = one(found, item, Observation(Outcome.FAILED, {"said": "Too many open files"}))
    assert failed.state is State.UNPROVEN and "Too many open files" in failed.found


@pytest.mark.parametrize(
    ("target", "port", "facts", "words"),
    [
        ("pub01", 443, {"problem": "certificate not valid: Hostname mismatch"}, "Hostname mismatch"),
        ("pub01", 443, {"status": "502"}, "HTTP 502"),
        ("pub01", 443, {"status": "200", "expires": "1700000000"}, "expired on 2023-11-14"),
        ("zuul01", 4730, {"problem": "no Gearman: no answer"}, "no Gearman"),
        ("build01", 2222, {"banner": "SSH-2.0-x", "hostkey": "SHA256:other"}, "another host key"),
        ("build01", 2222, {"problem": "no SSH banner"}, "no SSH banner"),
    ],
)
def test_a_port_that_opens_but_does_not_answer_as_its_service_is_a_surprise(
    site: Site, target: str, port: int, facts: dict[str, str], words: str
) -> None:
    found = whole(site)
    verdict = one(found, check(found, "jenkins01", target, port), Observation(Outcome.OPEN, facts))
    assert verdict.state is State.SURPRISE and words in verdict.found and verdict.advice


def test_a_certificate_that_ends_within_three_weeks_is_a_warning(site: Site) -> None:
    found = whole(site)
    item = check(found, "build01", "pub01", 443)
    soon = str(int((NOW + timedelta(days=20)).timestamp()))
    verdict = one(found, item, Observation(Outcome.OPEN, {"status": "200", "expires": soon}))
    assert verdict.state is State.WARNING and not verdict.wrong and "2026-12-13" in verdict.found


def test_a_redirect_to_https_is_a_truthful_answer(site: Site) -> None:
    found = whole(site)
    verdict = one(found, check(found, "build01", "pub01", 80), Observation(Outcome.OPEN, FACTS[Check.HTTP]))
    assert verdict.state is State.AS_DECLARED and "HTTP 301 to https://x.example.org/" in verdict.found


def test_what_a_probe_could_not_check_is_said(site: Site) -> None:
    found = whole(site)
    facts = {"unchecked": "certificate"}
    verdict = one(found, check(found, "build01", "pub01", 443), Observation(Outcome.OPEN, facts))
    assert "certificate not checked from here" in verdict.found and not verdict.wrong


def test_the_way_through_a_jump_host_is_judged_by_the_operators_session(site: Site) -> None:
    found = whole(site)
    item = check(found, OPERATOR, "build01", 2222)
    direct = {item.number: Observation(Outcome.UNREACHABLE)}
    assert verdicts(found, direct)[item.number].state is State.AS_DECLARED
    told = verdicts(found, sessions={"build01": "its SSH host key has changed"})[item.number]
    assert told.state is State.SURPRISE and "host key has changed" in told.found


@pytest.mark.parametrize(
    ("addresses", "state"),
    [
        ("203.0.113.11", State.AS_DECLARED),
        ("203.0.113.11,2001:db8:1::11", State.AS_DECLARED),
        ("203.0.113.11,198.51.100.1", State.SURPRISE),
        ("127.0.1.1", State.SURPRISE),
    ],
)
def test_a_name_must_lead_to_declared_addresses_only(site: Site, addresses: str, state: State) -> None:
    found = whole(site)
    item = next(i for i in found.name_checks if (i.vantage.name, i.target) == ("zuul01", "jenkins01"))
    observation = Observation(Outcome.RESOLVED, {"addresses": addresses})
    assert verdicts(found, {item.number: observation})[item.number].state is state


def test_a_hosts_own_name_may_lead_to_its_loopback(site: Site) -> None:
    found = whole(site)
    item = next(i for i in found.name_checks if (i.vantage.name, i.target) == ("zuul01", "zuul01"))
    observation = Observation(Outcome.RESOLVED, {"addresses": "127.0.1.1"})
    assert verdicts(found, {item.number: observation})[item.number].state is State.AS_DECLARED


def test_a_name_that_does_not_resolve_is_a_surprise(outside_site: Site) -> None:
    found = whole(outside_site)
    item = next(i for i in found.name_checks if (i.vantage.name, i.target) == ("outside", "pub01"))
    told = verdicts(found, {item.number: Observation(Outcome.FAILED, {"said": "Name or service not known"})})
    assert told[item.number].state is State.SURPRISE and "order-servers" in told[item.number].advice
