"""What is said to a probe and what it answers: checks to text, text to observations. Pure; see ``probe.py``."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.resources import files

from pkgci.connectivity.matrix import Expectation, NameCheck, PortCheck
from pkgci.model import flows
from pkgci.model.known_hosts import HostKey

# How long a connection may take to open, and then to answer, seconds. An expected one that times out is tried a
# second time within it.
CONNECT_LIMIT = 3.0
# Between the connections that several vantages make to one sshd: it refuses some of those that begin at once
# (sshd_config(5), MaxStartups).
SSH_STAGGER = 0.04
# What is asked for where no host key is recorded yet: it may be by the time that the answer is judged.
USUAL_KEY_TYPES = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa")


class Outcome(StrEnum):
    """What became of a connection or a look-up."""

    OPEN = "open"
    REFUSED = "refused"
    FILTERED = "filtered"
    UNREACHABLE = "unreachable"
    RESOLVED = "resolved"
    FAILED = "failed"


@dataclass(frozen=True)
class Observation:
    """What a probe found for one check, with the facts that it wrote down (see ``probe.py``)."""

    outcome: Outcome
    facts: Mapping[str, str] = field(default_factory=dict)


def plan_text(
    port_checks: Sequence[PortCheck],
    name_checks: Sequence[NameCheck],
    keys: Mapping[str, Sequence[HostKey]],
    authority: str | None,
    turns: Mapping[int, int],
) -> str:
    """The plan of one vantage.

    ``keys``: SSH server (``PortCheck.known_as``) → its trusted host keys; ``authority``: the site's CA, PEM;
    ``turns``: check number → how many other vantages go to the same sshd before this one.
    """
    lines = [f"limit\t{CONNECT_LIMIT}"]
    if authority is not None:
        lines.append(f"ca\t{base64.b64encode(authority.encode()).decode()}")
    for check in port_checks:
        expected_open = check.expected is Expectation.OPEN
        kind = check.port.check if expected_open else flows.Check.TCP
        types = ""
        if kind is flows.Check.SSH:
            types = ",".join(dict.fromkeys(key.type for key in keys.get(check.known_as, ())) or USUAL_KEY_TYPES)
        delay = min(turns.get(check.number, 0) * SSH_STAGGER, 1.0)
        fields = (check.number, check.address, check.port_number, 2 if expected_open else 1, f"{delay:.2f}")
        lines.append("\t".join(map(str, ("tcp", *fields, kind.value, check.fqdn, types))))
    lines += [f"dns\t{check.number}\t{check.fqdn}" for check in name_checks]
    return "\n".join(lines) + "\n"


def ssh_turns(port_checks: Iterable[PortCheck]) -> dict[int, int]:
    """For each expected SSH connection of a whole matrix: how many others go to the same host before it."""
    before: dict[str, int] = {}
    turns = {}
    for check in port_checks:
        if check.expected is Expectation.OPEN and check.port.check is flows.Check.SSH:
            turns[check.number] = before[check.target] = before.get(check.target, -1) + 1
    return turns


def python_program(plan: str) -> str:
    """What is fed to ``python3 -``: the probe, and its plan as a literal."""
    return f"{_source('probe.py')}\n\nmain({plan!r})\n"


def perl_program(plan: str) -> str:
    """What is fed to ``perl -``: the probe, and its plan as the data behind it."""
    return f"{_source('probe.pl')}\n__END__\n{plan}"


def _source(name: str) -> str:
    return (files("pkgci.connectivity") / name).read_text(encoding="utf-8")


@dataclass(frozen=True)
class Answer:
    """All that a probe wrote: observations by check number.

    ``client`` is how the host sees whoever logged in, empty where nobody did; ``complete``: it came to its end.
    """

    observations: Mapping[int, Observation]
    client: str
    complete: bool


def read_answer(text: str) -> Answer:
    """The observations in a probe's output. Lines that are none (a login banner, say) are passed over."""
    observations: dict[int, Observation] = {}
    client, complete = "", False
    for line in text.splitlines():
        identifier, *rest = line.split("\t")
        if identifier == "done":
            complete = True
        elif identifier == "from" and rest:
            client = rest[0]
        elif identifier.isdigit() and rest and rest[0] in set(Outcome):
            facts = dict(fact.split("=", 1) for fact in rest[1:] if "=" in fact)
            observations[int(identifier)] = Observation(Outcome(rest[0]), facts)
    return Answer(observations, client, complete)
