"""``pkgci-repository`` on the publisher, run over SSH as the account that the repositories belong to."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from typing import Any, TypeVar

from pkgci.errors import PkgciError, UsageError
from pkgci.model.roles import Role
from pkgci.model.site import Host, Site
from pkgci.publish import data
from pkgci.publish.data import Overview, Plan
from pkgci.remote.errors import HostError
from pkgci.remote.session import Session

ACCOUNT = "publisher"
_PROGRAM = "/usr/local/bin/pkgci-repository"
# Signing and indexing ten thousand packages takes seconds; another publication may be waited for.
_SECONDS = 600.0
# The program's exit statuses that are not the host's fault (pkgci_steps/status.py).
_CHANGED, _MISUSED = 1, 2

T = TypeVar("T")


def publisher(site: Site) -> Host:
    """The host of the repositories. Raises ``UsageError`` where the site has none."""
    hosts = site.with_role(Role.PUBLISHER)
    if not hosts:
        raise UsageError(f"no host of {site.path} has the role {Role.PUBLISHER}", "give it to one, then pkgci deploy")
    return hosts[0]


def look(session: Session) -> Overview:
    """What is published. Raises ``PkgciError``, as everything here."""
    return _read(session, data.overview, "list")


def plan_removal(session: Session, package: str, target: str | None, version: str | None) -> Plan:
    """What would be gone without ``package``."""
    return _read(session, data.plan, *_removal(package, target, version))


def remove(session: Session, plan: Plan, package: str, target: str | None, version: str | None) -> int:
    """Carries out just that plan; returns the new generation's number."""
    answer = _ask(session, *_removal(package, target, version, f"--generation={plan.generation}"))
    return int(answer["generation"])


def plan_rollback(session: Session, generation: int | None) -> Plan:
    """What would be gone and what back in an earlier state; None is the last other one."""
    return _read(session, data.plan, "rollback", *([str(generation)] if generation is not None else []))


def roll_back(session: Session, plan: Plan) -> int:
    """Carries out just that plan; returns the new generation's number."""
    answer = _ask(session, "rollback", f"--generation={plan.generation}", str(plan.to))
    return int(answer["generation"])


def _removal(package: str, target: str | None, version: str | None, *options: str) -> list[str]:
    chosen = {"target": target, "version": version}
    words = [f"--{name}={value}" for name, value in chosen.items() if value]
    return ["remove", *words, *options, "--", package]


def _read(session: Session, read: Callable[[Any], T], *words: str) -> T:
    answer = _ask(session, *words)
    try:
        return read(answer)
    except (KeyError, TypeError, ValueError) as error:
        raise HostError(
            session.host.name, f"pkgci-repository answered something else: {error!r}", _again(session)
        ) from None


def _ask(session: Session, *words: str) -> dict[str, Any]:
    """The program's answer. Raises ``UsageError``, ``PkgciError`` and ``HostError`` with its own words."""
    command, *rest = words
    line = shlex.join(["runuser", "-u", ACCOUNT, "--", _PROGRAM, command, "--json", *rest])
    done = session.run(f"cd / && {line}", at_least=_SECONDS)
    said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
    if done.status == 0:
        try:
            answer: dict[str, Any] = json.loads(done.stdout)
        except ValueError:
            raise HostError(session.host.name, "pkgci-repository answered no JSON", _again(session)) from None
        return answer
    reason = said.removeprefix("pkgci-repository: ")
    if reason == said:
        # Not the program's own words: it is not there, or its account is not.
        raise HostError(session.host.name, f"pkgci-repository does not run there: {said}", _again(session))
    if done.status == _MISUSED:
        raise UsageError(reason, "pkgci publish list")
    if done.status == _CHANGED:
        raise PkgciError(reason, "nothing was done; run the same command again for a new plan")
    raise HostError(session.host.name, reason, f"its log: journalctl on {session.host.name}; then the same again")


def _again(session: Session) -> str:
    return f"pkgci bootstrap --host {session.host.name}"
