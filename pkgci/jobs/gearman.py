"""What is registered in Gearman, asked of geard on Zuul's host, and why something is not.

Gearman has no authentication and listens on the host only, so it is asked there, over the session.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pkgci.errors import PkgciError
from pkgci.model.flows import GEARMAN

if TYPE_CHECKING:
    from pkgci.jobs.server import Node
    from pkgci.model.site import Site
    from pkgci.model.steps import Job
    from pkgci.remote.session import Session

# Asks geard's administration protocol: lines, ended by one that is a dot.
_ASK = f"""\
import socket, sys
with socket.create_connection(("127.0.0.1", {GEARMAN.number}), 5) as link:
    link.sendall(b"status\\n")
    with link.makefile("rb") as answer:
        for line in answer:
            if line.strip() == b".":
                sys.exit()
            sys.stdout.buffer.write(line)
sys.exit("geard ended its answer early")
"""


@dataclass(frozen=True)
class Function:
    """A function that Gearman knows: jobs that wait for it, jobs that run, and workers that offer it."""

    name: str
    waiting: int
    running: int
    workers: int


def parse_status(text: str) -> dict[str, Function]:
    """The functions in an answer to geard's command `status`, by name; what is no function's line is passed over."""
    functions = {}
    for line in text.splitlines():
        words = line.rsplit(maxsplit=3)
        if len(words) == 4 and all(word.isdecimal() for word in words[1:]):
            total, running, workers = map(int, words[1:])
            functions[words[0]] = Function(words[0], max(0, total - running), running, workers)
    return functions


def registered_functions(session: Session) -> dict[str, Function]:
    """The functions that the geard of the session's host knows. Raises ``PkgciError`` where geard does not answer."""
    answer = session.run("python3 -I -", stdin=_ASK.encode(), sudo=False)
    if answer.status != 0:
        last = answer.stderr.strip().rpartition("\n")[2]
        raise PkgciError(f"{session.host.name}: geard does not answer: {last}", "on the host: systemctl status geard")
    return parse_status(answer.stdout)


def needed_functions(jobs: Iterable[Job]) -> dict[str, Job]:
    """The functions that Zuul's layout needs for ``jobs``, by name."""
    return {f"build:{job.name}:{job.step.role}": job for job in jobs}


def wait_for(
    needed: Iterable[str],
    ask: Callable[[], Mapping[str, Function]],
    *,
    timeout: float = 30.0,
    pause: float = 2.0,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[tuple[str, ...], Mapping[str, Function]]:
    """Those of ``needed`` that still have no worker after ``timeout`` seconds, and what ``ask`` said last."""
    wanted = tuple(needed)
    deadline = clock() + timeout
    while True:
        functions = ask()
        missing = tuple(name for name in wanted if name not in functions or not functions[name].workers)
        if not missing or clock() >= deadline:
            return missing, functions
        sleep(pause)


def likely_reason(
    job: Job,
    site: Site,
    functions: Mapping[str, Function],
    nodes: Mapping[str, Node],
    buildable: Mapping[str, bool | None],
) -> str:
    """Why the function of ``job`` is probably not registered.

    ``functions`` are those in Gearman, ``nodes`` Jenkins' nodes, ``buildable`` says of Jenkins' jobs whether they are
    enabled.
    """
    role = job.step.role
    if job.name not in buildable:
        return "Jenkins has no such job"
    if buildable[job.name] is False:
        return "the job is disabled in Jenkins"
    hosts = [host.name for host in site.with_role(role)]
    known = [nodes[name] for name in hosts if name in nodes]
    if not known:
        return f"Jenkins has no node with the label {role} ({', '.join(hosts) or 'no host has the role'})"
    if not any(node.online for node in known):
        said = "; ".join(f"{node.name} is offline{f': {node.reason}' if node.reason else ''}" for node in known)
        return " ".join(said.split())
    if not any(function.workers for function in functions.values()):
        return "Jenkins' Gearman plugin is not connected to Zuul's host"
    return "its node is online, but the Gearman plugin has not registered it"
