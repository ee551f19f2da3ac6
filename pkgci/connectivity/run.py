"""The effects: a probe on every vantage at once, and everything that is needed to judge what they found."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from ipaddress import IPv6Address, ip_address

from pkgci.connectivity.judge import Failure, Result, Vantages, judge
from pkgci.connectivity.matrix import Matrix, Vantage, assumed_operator, host_vantages, matrix, operator_vantage
from pkgci.connectivity.plan import (
    Answer,
    Observation,
    perl_program,
    plan_text,
    python_program,
    read_answer,
    ssh_turns,
)
from pkgci.model.flows import GERRIT_SSH
from pkgci.model.known_hosts import HostKey, name_at
from pkgci.model.site import Host, Site
from pkgci.model.texts import Address
from pkgci.remote.errors import HostError, LoginShellError
from pkgci.remote.fanout import each_host
from pkgci.remote.pool import Pool
from pkgci.remote.session import Session, open_session
from pkgci.remote.trust import Trust

Observations = Mapping[int, Observation]

# Probes wait far more than they work: this many of them run side by side.
_PROBES = 100
# A probe ends by itself: its latest start, the time to connect, the time to answer, and a slow host's Python.
_PROBE_LIMIT = 20.0
# -I and -S keep the user's and the host's own Python packages, and the time to look for them, out of it.
_PYTHON = "exec python3 -IS -"
_PERL = "exec perl -"
# discard (RFC 863): a UDP socket that is only connected sends nothing, whatever the port.
_NO_PORT = 9


class ProbeError(HostError):
    """The probe did not run on a host that we reached."""


# What goes wrong once we are logged in says nothing of the way to a host.
_AFTER_LOGIN = (ProbeError, LoginShellError)


def verify(
    site: Site, trust: Trust, authority: str | None, *, parallel: int, done: Callable[[str], None] = lambda name: None
) -> Result:
    """Probes from every vantage of ``site`` and judges what was found. Never raises for what one host does.

    ``authority`` is the certificate of the site's CA (PEM), ``parallel`` how many hosts are worked on side by side
    where that is more than the usual. ``done`` is called with the name of each vantage that is done. Raises
    ``UsageError`` where the known host keys cannot be read.
    """
    begin = time.monotonic()
    families = frozenset(address.version for address in _own_addresses(site))
    here, there = assumed_operator(site, families), host_vantages(site)
    asked = matrix(site, [*there, here])
    hosts = (*site.hosts, *(() if site.outside is None else (site.outside,)))
    vantage_of = {host.name: vantage for host, vantage in zip(hosts, there, strict=True)}
    plans = _plans(asked, _keys(site, trust), authority)
    seen: dict[str, Address] = {}
    pool = Pool()

    def look(host: Host) -> Observations:
        with open_session(site, host, trust, pool, timeout=site.timeouts.brief) as session:
            answer = probe(session, plans[vantage_of[host.name]])
        if host.ssh.jump is None and answer.client:
            seen[host.name] = _plain(answer.client)
        return answer.observations

    with probing_here(plans[here]) as local:
        answers = each_host(hosts, look, pool, parallel=max(parallel, _PROBES), done=lambda host, _: done(host.name))
        observations = dict(local())
    failed: dict[Vantage, Failure] = {}
    for name, answer in answers.items():
        if isinstance(answer, HostError):
            failed[vantage_of[name]] = Failure(answer.reason, answer.hint)
        else:
            observations.update(answer)
    sessions = {host.name: _session_problem(answers[host.name]) for host in site.hosts}
    judged = matrix(site, [*there, operator_vantage(_distinct(seen, site), families)])
    vantages = Vantages(failed, sessions)
    verdicts = judge(judged, observations, vantages, _keys(site, trust), datetime.now(UTC))
    reached = sum(problem is None for problem in sessions.values())
    return Result(judged, verdicts, vantages, reached, time.monotonic() - begin)


def probe(session: Session, plan: str) -> Answer:
    """What the probe finds from the host of ``session``: with Python where there is one, else with perl.

    Raises ``ProbeError`` where neither works, and what ``Session.run`` raises.
    """
    said = ""
    for command, program in ((_PYTHON, python_program), (_PERL, perl_program)):
        completed = session.run(command, stdin=program(plan).encode(), timeout=_PROBE_LIMIT, sudo=False)
        answer = read_answer(completed.stdout)
        if answer.complete or answer.observations:
            return answer
        said = said or completed.stderr
    words = (said.strip().splitlines() or ["it said nothing"])[-1]
    raise ProbeError(session.host.name, f"the probe does not run there: {words[:200]}")


@contextmanager
def probing_here(plan: str) -> Iterator[Callable[[], Observations]]:
    """Probes from this machine meanwhile. Yields what waits for the end and tells what was found."""
    # Files, not pipes: nobody reads along, and a probe that waits for a reader would see time-outs.
    with tempfile.TemporaryFile() as program, tempfile.TemporaryFile() as output:
        program.write(python_program(plan).encode())
        program.seek(0)
        process = subprocess.Popen(
            [sys.executable, "-IS", "-"], stdin=program, stdout=output, stderr=subprocess.DEVNULL
        )

        def found() -> Observations:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_PROBE_LIMIT)
            output.seek(0)
            return read_answer(output.read().decode(errors="replace")).observations

        try:
            yield found
        finally:
            process.kill()
            process.wait()


def _plans(asked: Matrix, keys: Mapping[str, Sequence[HostKey]], authority: str | None) -> dict[Vantage, str]:
    """The plan of each vantage."""
    turns = ssh_turns(asked.port_checks)
    return {
        vantage: plan_text(
            [check for check in asked.port_checks if check.vantage is vantage],
            [check for check in asked.name_checks if check.vantage is vantage],
            keys,
            authority,
            turns,
        )
        for vantage in asked.vantages
    }


def _keys(site: Site, trust: Trust) -> dict[str, tuple[HostKey, ...]]:
    """The trusted host keys of every SSH server of the site, by ``PortCheck.known_as``."""
    found = {host.name: trust.known(host) for host in site.hosts}
    if site.own_review is not None and site.gerrit is not None:
        name = name_at(site.gerrit.host, site.gerrit.port)
        found[f"{site.own_review.name} {GERRIT_SSH.name}"] = trust.known_as(name)
    return found


def _session_problem(answer: Observations | HostError) -> str | None:
    """Why the operator's session to a host failed; None where it came about, whatever the probe then did."""
    return answer.reason if isinstance(answer, HostError) and not isinstance(answer, _AFTER_LOGIN) else None


def _plain(text: str) -> Address:
    """An address as sshd shows it: an IPv4 address may be written inside an IPv6 one."""
    address = ip_address(text.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _distinct(seen: Mapping[str, Address], site: Site) -> tuple[Address, ...]:
    """How the hosts see this machine; where none of them told, the addresses it would connect from."""
    return tuple(dict.fromkeys(seen.values())) or _own_addresses(site)


def _own_addresses(site: Site) -> tuple[Address, ...]:
    """The addresses from which this machine would connect to the hosts. Sends nothing."""
    found: dict[Address, None] = {}
    for host in site.hosts:
        for address in host.addresses:
            family = socket.AF_INET if address.version == 4 else socket.AF_INET6
            with socket.socket(family, socket.SOCK_DGRAM) as sock:
                try:
                    sock.connect((str(address), _NO_PORT))
                except OSError:
                    continue
                found[_plain(sock.getsockname()[0])] = None
    return tuple(found)
