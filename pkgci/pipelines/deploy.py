"""From the layout to the Zuul that runs with it: the look at the host, the plan, and its execution.

Everything that touches the host is in ``on_host``, which runs there. Two operators at once: a lock on the host names
the one who is deploying, and a layout that has changed since the plan was made is not replaced.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Generator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import yaml

from pkgci.errors import PkgciError
from pkgci.model.flows import GEARMAN, ZUUL_WEBAPP
from pkgci.model.plural import counted
from pkgci.model.roles import Role
from pkgci.model.site import Host, Site
from pkgci.model.urls import web_url
from pkgci.pipelines.contents import Jobs, Loss, all_names, jobs_of, losses
from pkgci.pipelines.layout import LAYOUT, Layout
from pkgci.pipelines.words import missing_jobs, refusal
from pkgci.remote.errors import HostError, HostLockedError
from pkgci.remote.session import Completed, Session
from pkgci.render.diff import differences
from pkgci.whoami import operator

# Where the profile of the role zuul puts it (puppet: modules zuul and geard).
_PLACES = {
    "folder": "/etc/zuul",
    "venv": "/opt/zuul",
    "user": "zuul",
    "unit": "zuul-server",
    "lock": "/run/lock/pkgci-pipelines",
    "gearman": GEARMAN.number,
    "webapp": ZUUL_WEBAPP.number,
}
# How long Zuul may take to read a new layout: it first does what it is at, as asking Gerrit about a change.
_PATIENCE = 120  # seconds
# The longest silence of the host's side: Zuul's test of a large layout.
_SILENCE = 180.0  # seconds


@dataclass(frozen=True)
class Live:
    """What is on Zuul's host. ``layout`` is None where there is none yet.

    ``python`` are the files that the live layout includes; ``status`` is Zuul's status.json, None where Zuul does not
    run; ``offered`` are the jobs that a worker offers in Gearman now, ``known`` those that Jenkins has, offered or not;
    ``problem`` is why Jenkins could not tell, where it was asked.
    """

    layout: str | None
    python: dict[str, str]
    written: float
    running: bool
    status: dict[str, Any] | None
    offered: frozenset[str]
    known: frozenset[str]
    problem: str = ""

    @property
    def pending(self) -> bool:
        """Whether Zuul has not read the layout that is there: a deployment was interrupted."""
        read = (self.status or {}).get("last_reconfigured") or 0
        return self.running and self.layout is not None and bool(read) and int(self.written) > read // 1000


@dataclass(frozen=True)
class Plan:
    """What a deployment would do: ``diff`` of the files, and ``losses`` in the live queues."""

    live: Live
    diff: tuple[str, ...]
    losses: tuple[Loss, ...]
    missing: tuple[str, ...]
    idle: tuple[str, ...]

    @property
    def changes(self) -> bool:
        """Whether there is something to do."""
        return bool(self.diff) or self.live.pending or not self.live.running


def zuul_host(site: Site) -> Host:
    """The host that Zuul runs on."""
    return site.with_role(Role.ZUUL)[0]


def look(session: Session, site: Site, layout: Layout) -> Live:
    """What is on the host, and what of the jobs that ``layout`` needs. Changes nothing. Raises ``HostError``."""
    needs = all_names(jobs_of(layout.data))
    jenkins = f"{web_url(site, Role.JENKINS_MASTER)}api/json?tree=jobs%5Bname%5D"
    end = _ask(session, {"do": "look", "needs": needs, "jenkins": jenkins})
    if not end["installed"]:
        raise HostError(session.host.name, "Zuul is not installed there", f"pkgci bootstrap --host {session.host.name}")
    return live(end)


def live(told: dict[str, Any]) -> Live:
    """What the host has told of itself. Pure."""
    functions = told["functions"]
    offered = frozenset(name.split(":")[1] for name in functions or () if name.startswith("build:"))
    return Live(
        layout=told["layout"],
        python=told["python"],
        written=told["written"],
        running=told["running"],
        status=told["status"],
        offered=offered,
        known=offered | frozenset(told["jenkins"] or ()),
        problem=told["jenkins_problem"],
    )


def plan(layout: Layout, live: Live) -> Plan:
    """What deploying ``layout`` over what is ``live`` would do. Pure."""
    jobs = jobs_of(layout.data)
    needs = all_names(jobs)
    old = {**({LAYOUT: live.layout} if live.layout is not None else {}), **live.python}
    diff = differences(_unhashed(old), _unhashed(layout.files), old_name="live", new_name="new")
    return Plan(
        live=live,
        diff=tuple(diff),
        losses=losses(live.status, jobs),
        missing=tuple(job for job in needs if job not in live.known),
        idle=tuple(job for job in needs if job in live.known and job not in live.offered),
    )


def live_jobs(live: Live) -> Jobs:
    """The jobs of the layout that is live; none where there is no layout, or none that can be read. Pure."""
    try:
        return jobs_of(yaml.load(live.layout or "", Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))  # noqa: S506
    except yaml.YAMLError:
        return {}


def test(session: Session, layout: Layout, plan: Plan) -> None:
    """Lets the Zuul on the host test ``layout``, with the list of deployed jobs. Changes nothing.

    Raises ``PkgciError`` with Zuul's own words and the line, and ``HostError``.
    """
    _judge(session.host, layout, plan, _ask(session, _request("test", layout, plan)))


def replace(session: Session, layout: Layout, plan: Plan, watch: Callable[[str], None]) -> None:
    """Tests ``layout``, puts it in place of the live one, and makes Zuul read it; ``watch`` hears what is being done.

    Where Zuul does not take it, the old layout is back before this raises ``PkgciError`` with the log's words.
    """
    _judge(session.host, layout, plan, _ask(session, _request("replace", layout, plan), watch))


def check_jobs(plan: Plan) -> None:
    """Raises ``PkgciError`` where a job that the layout starts is not deployed: its changes would all fail."""
    if not plan.missing:
        return
    shown = "\n".join(f"  {job}" for job in plan.missing)
    count = counted(len(plan.missing), "job")
    if plan.live.problem:
        raise PkgciError(
            f"pkgci: no slave offers {count} of the layout, and Jenkins does not answer: {plan.live.problem}\n{shown}",
            "is Jenkins up? Then: pkgci deploy-jobs",
        )
    raise PkgciError(f"pkgci: Jenkins does not have {count} of the layout:\n{shown}", _DEPLOY_JOBS)


_DEPLOY_JOBS = "first: pkgci deploy-jobs"


def _request(do: str, layout: Layout, plan: Plan) -> dict[str, Any]:
    old = plan.live.layout
    return {
        "do": do,
        "operator": operator(),
        "expected": None if old is None else hashlib.sha256(old.encode()).hexdigest(),
        "files": layout.files,
        "jobs": sorted(plan.live.known),
        "patience": _PATIENCE,
    }


def _ask(session: Session, request: dict[str, Any], watch: Callable[[str], None] | None = None) -> dict[str, Any]:
    """The last thing that the program on the host tells."""
    program = (files(__package__) / "on_host.py").read_text(encoding="utf-8")
    line = f"\n\nmain(json.loads({json.dumps({**_PLACES, **request})!r}))\n"
    lines = session.stream("python3 -I -", stdin=(program + line).encode(), idle_timeout=_SILENCE)
    told, completed = _read(lines, watch)
    if told is None:
        said = completed.stderr.strip().splitlines()[-1:] or [f"exit {completed.status}"]
        raise HostError(session.host.name, f"pkgci's program on it failed: {said[0]}")
    return told


def _read(
    lines: Generator[str, None, Completed], watch: Callable[[str], None] | None
) -> tuple[dict[str, Any] | None, Completed]:
    end: dict[str, Any] | None = None
    while True:
        try:
            line = next(lines)
        except StopIteration as stop:
            completed: Completed = stop.value
            return end, completed
        try:
            fact = json.loads(line)
        except ValueError:
            continue
        if "end" in fact:
            end = fact
        elif watch is not None and fact["doing"] != "wait":
            watch(fact["doing"])


def _judge(host: Host, layout: Layout, plan: Plan, end: dict[str, Any]) -> None:
    """Raises what the end of a test or of a replacement means."""
    how = end["end"]
    if how == "locked":
        holder = end["holder"] or "somebody"
        raise HostLockedError(host.name, f"{holder} is deploying pipelines to it", "run it again when that has ended")
    if how == "changed":
        raise HostError(
            host.name, "somebody has deployed another layout since this plan was made", "make a new plan: run it again"
        )
    if how == "refused":
        missing = missing_jobs(end["out"])
        if missing:
            raise PkgciError(f"Zuul does not find the jobs {', '.join(missing)}", _DEPLOY_JOBS)
        found = refusal(layout, end["err"])
        where = f"{found.where}: " if found.where else ""
        raise PkgciError(
            f"{where}Zuul refuses the layout: {found.words}", "the live layout stays. See `pkgci render-pipelines`"
        )
    if how == "rolled back":
        log = "\n".join(f"  {line}" for line in end["log"])
        state = f"the old one could not be brought back: {end['again']}" if end["again"] else "the old one is back"
        raise HostError(host.name, f"{end['problem']}; {state}. Its log:\n{log}", "journalctl -u zuul-server, there")


def _unhashed(contents: dict[str, str]) -> dict[str, str]:
    """The files by names that say nothing of their contents, so that two versions are seen as one file."""
    return {re.sub(r"-[0-9a-f]{12}(?=\.py$)", "", name): text for name, text in contents.items()}
