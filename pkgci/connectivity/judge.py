"""From checks and observations to verdicts. Pure: what was found, what was declared, and whether to believe it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address

from pkgci.connectivity.advice import advice
from pkgci.connectivity.matrix import Expectation, Kind, Matrix, NameCheck, PortCheck, Vantage
from pkgci.connectivity.plan import Observation, Outcome
from pkgci.model import flows
from pkgci.model.known_hosts import HostKey

# A certificate that ends sooner is worth a warning.
EXPIRY_WARNING = timedelta(days=21)

_CLOSED = frozenset({Outcome.REFUSED, Outcome.FILTERED, Outcome.UNREACHABLE})


class State(StrEnum):
    """What a verdict comes to. ``WARNING`` is as declared, but not for long or not proven in full."""

    AS_DECLARED = "as declared"
    WARNING = "warning"
    SURPRISE = "surprise"
    UNPROVEN = "unproven"


@dataclass(frozen=True)
class Verdict:
    """One check, judged. ``found`` says what was found, ``advice`` why it matters and what to type next."""

    check: PortCheck | NameCheck
    state: State
    outcome: Outcome | None
    found: str
    advice: str = ""
    milliseconds: int | None = None

    @property
    def wrong(self) -> bool:
        """Whether this verdict makes the command end with status 1."""
        return self.state in (State.SURPRISE, State.UNPROVEN)


@dataclass(frozen=True)
class Failure:
    """Why nothing was probed from a vantage, and what to type next where that is known."""

    reason: str
    hint: str | None = None


@dataclass(frozen=True)
class Vantages:
    """What became of the vantages themselves.

    ``failed``: why nothing was probed from there. ``sessions``: name of a host → why the operator's own session to this
    host failed, None where it came about with a host key that the operator trusts.
    """

    failed: Mapping[Vantage, Failure]
    sessions: Mapping[str, str | None]


@dataclass(frozen=True)
class Result:
    """One whole run: what was checked, and the verdict of each check. ``reached``: hosts whose session came about."""

    matrix: Matrix
    verdicts: tuple[Verdict, ...]
    vantages: Vantages
    reached: int
    seconds: float


def judge(
    matrix: Matrix,
    observations: Mapping[int, Observation],
    vantages: Vantages,
    keys: Mapping[str, Sequence[HostKey]],
    now: datetime,
) -> tuple[Verdict, ...]:
    """The verdict of every check of ``matrix``, in its order. ``keys``: SSH server → its trusted host keys."""
    controls = _Controls.of(matrix, observations, vantages)
    ports = [
        _port(check, observations.get(check.number), vantages, controls, keys, now) for check in matrix.port_checks
    ]
    names = [_name(check, observations.get(check.number), vantages) for check in matrix.name_checks]
    return (*ports, *names)


@dataclass(frozen=True)
class _Controls:
    """The positive controls of a run: which vantages opened anything, and which addresses anybody opened."""

    vantages: frozenset[Vantage]
    addresses: frozenset[str]

    @classmethod
    def of(cls, matrix: Matrix, observations: Mapping[int, Observation], vantages: Vantages) -> _Controls:
        opened = [
            check
            for check in matrix.port_checks
            if check.number in observations and observations[check.number].outcome is Outcome.OPEN
        ]
        # A session of the operator's that came about is an opened connection too.
        reached = {name for name, problem in vantages.sessions.items() if problem is None}
        addresses = {check.address for check in opened}
        addresses |= {matrix.targets[name] for name in reached if name in matrix.targets}
        return cls(frozenset(check.vantage for check in opened), frozenset(addresses))


def _port(
    check: PortCheck,
    observation: Observation | None,
    vantages: Vantages,
    controls: _Controls,
    keys: Mapping[str, Sequence[HostKey]],
    now: datetime,
) -> Verdict:
    if check.jump is not None:
        return _through_jump(check, vantages)
    if observation is None or observation.outcome is Outcome.FAILED:
        return _unprobed(check, observation, vantages)
    milliseconds = int(observation.facts["ms"]) if observation.facts.get("ms", "").isdigit() else None
    state, found = State.AS_DECLARED, _describe(observation)
    if check.expected is Expectation.CLOSED:
        doubt = _doubt(check, observation.outcome, controls)
        if observation.outcome is Outcome.OPEN:
            state = State.SURPRISE
        elif doubt:
            state, found = State.UNPROVEN, f"{found}, but {doubt}"
    elif observation.outcome is not Outcome.OPEN:
        state = State.SURPRISE
    else:
        state, found = _answered(check, observation.facts, keys.get(check.known_as, ()), now)
    return _verdict(check, state, observation.outcome, found, milliseconds)


def _verdict(
    check: PortCheck | NameCheck, state: State, outcome: Outcome | None, found: str, milliseconds: int | None = None
) -> Verdict:
    """The verdict, with advice where it is not as declared."""
    if state is State.AS_DECLARED:
        return Verdict(check, state, outcome, found, "", milliseconds)
    words = advice(check, outcome, believed=state is not State.UNPROVEN)
    return Verdict(check, state, outcome, found, words, milliseconds)


def _describe(observation: Observation) -> str:
    return {
        Outcome.OPEN: "open",
        Outcome.REFUSED: "refused",
        Outcome.FILTERED: "timed out (filtered)",
        Outcome.UNREACHABLE: f"unreachable ({observation.facts.get('said', 'no route')})",
    }.get(observation.outcome, str(observation.outcome))


def _doubt(check: PortCheck, outcome: Outcome, controls: _Controls) -> str | None:
    """Why a connection that did not open proves nothing, or None where the positive controls are there."""
    if outcome not in _CLOSED:
        return None
    if check.vantage not in controls.vantages:
        return f"{check.vantage.name} opened no connection at all in this run"
    if check.address not in controls.addresses:
        return f"nobody opened any port of {check.target} ({check.address}) in this run"
    return None


def _unprobed(check: PortCheck | NameCheck, observation: Observation | None, vantages: Vantages) -> Verdict:
    """The verdict of a check that the probe did not come to, or could not make."""
    failure = vantages.failed.get(check.vantage)
    if failure is not None:
        words = failure.hint or advice(check, None, believed=False)
        return Verdict(check, State.UNPROVEN, None, f"vantage unreachable: {failure.reason}", words)
    if observation is None:
        found = "probe failed: no answer to this check"
    else:
        found = f"probe failed: {observation.facts.get('said', 'no reason given')}"
    outcome = None if observation is None else observation.outcome
    return _verdict(check, State.UNPROVEN, outcome, found)


def _through_jump(check: PortCheck, vantages: Vantages) -> Verdict:
    """The operator's way through a jump host: what his own session came to."""
    problem = vantages.sessions.get(check.target, "no session was tried")
    if problem is None:
        return _verdict(check, State.AS_DECLARED, Outcome.OPEN, f"open through {check.jump}, host key as recorded")
    return _verdict(check, State.SURPRISE, None, f"through {check.jump}: {problem}")


def _answered(check: PortCheck, facts: Mapping[str, str], keys: Sequence[HostKey], now: datetime) -> tuple[State, str]:
    """What an open port proved of itself."""
    if "problem" in facts:
        return State.SURPRISE, facts["problem"]
    state, words = State.AS_DECLARED, ["open"]
    if "banner" in facts:
        words.append(facts["banner"])
    if "hostkey" in facts and not keys:
        words.append(f"host key {facts['hostkey']}, none is recorded")
    elif "hostkey" in facts:
        if facts["hostkey"] not in {key.fingerprint for key in keys}:
            recorded = ", ".join(key.fingerprint for key in keys)
            return State.SURPRISE, f"another host key: {facts['hostkey']} answers, {recorded} is recorded"
        words.append("host key as recorded")
    if "version" in facts:
        words.append(f"Gearman answers {facts['version']}")
    if "functions" in facts:
        words.append(f"Gearman answers, {facts['functions']} functions")
    if "status" in facts:
        words.append(f"HTTP {facts['status']}" + (f" to {facts['location']}" if "location" in facts else ""))
        if facts["status"].startswith("5"):
            return State.SURPRISE, f"the web server answers, what is behind it does not (HTTP {facts['status']})"
    if facts.get("expires", "").isdigit():
        ends = datetime.fromtimestamp(int(facts["expires"]), UTC)
        words.append(f"certificate valid until {ends.date().isoformat()}")
        if ends <= now:
            return State.SURPRISE, f"certificate expired on {ends.date().isoformat()}"
        if ends - now < EXPIRY_WARNING:
            state = State.WARNING
    if "unchecked" in facts:
        words.append(f"{facts['unchecked']} not checked from here")
        state = State.WARNING if check.port.check is flows.Check.SSH and keys else state
    return state, ", ".join(words)


def _name(check: NameCheck, observation: Observation | None, vantages: Vantages) -> Verdict:
    if observation is None:
        return _unprobed(check, None, vantages)
    if observation.outcome is not Outcome.RESOLVED:
        said = observation.facts.get("said", "no reason given")
        return _verdict(check, State.SURPRISE, observation.outcome, f"does not resolve: {said}")
    found = [address for address in observation.facts.get("addresses", "").split(",") if address]
    wrong = [address for address in found if not _declared(address, check)]
    if found and not wrong:
        return _verdict(check, State.AS_DECLARED, observation.outcome, ", ".join(found))
    text = f"resolves to {', '.join(wrong) or 'nothing'}, declared is {', '.join(check.declared)}"
    return _verdict(check, State.SURPRISE, observation.outcome, text)


def _declared(address: str, check: NameCheck) -> bool:
    """Whether the name may resolve to ``address``. A host's own name may lead to its loopback, as Debian sets it."""
    if address in check.declared:
        return True
    own = check.vantage.kind is Kind.HOST and check.vantage.name == check.target
    return own and ip_address(address.partition("%")[0]).is_loopback
