"""A plan against the live Jenkins: made from what it has now, and then done, step by step."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase

from pkgci.errors import PkgciError
from pkgci.jobs.connection import PARALLEL
from pkgci.jobs.mark import is_marked
from pkgci.jobs.plan import Action, Change, NoJobError, Plan, make_plan, same
from pkgci.jobs.render import RenderedJob
from pkgci.jobs.server import JenkinsServer, Listed
from pkgci.model.steps import names_a_step

# How far: how many of how many jobs.
Progress = Callable[[int, int], None]


def plan_for(
    site: str, jobs: Sequence[RenderedJob], server: JenkinsServer, only: str = "*", progress: Progress = lambda *_: None
) -> Plan:
    """The plan that makes the jobs of ``site`` in ``server`` like ``jobs``: those whose names match the glob ``only``.

    Reads the list of the jobs and the config.xml of those that matter, a few at a time. Changes nothing.
    """
    wanted = [job for job in jobs if fnmatchcase(job.name, only)]
    names = {job.name for job in wanted}
    matter = [
        job.name
        for job in server.jobs()
        if job.name in names or (fnmatchcase(job.name, only) and _may_be_own(job, site))
    ]
    live = _read(server, matter, progress)
    try:
        return make_plan(site, wanted, live)
    except NoJobError as error:
        raise PkgciError(f"Jenkins: {error}", "look at the job in Jenkins, or run the same command again") from None


def carry_out(
    changes: Iterable[Change], server: JenkinsServer, done: Callable[[Change], None] = lambda _: None
) -> None:
    """Does ``changes``, in their order, one after the other. ``done`` is called after each.

    Each job is looked at again first. Raises ``PkgciError`` at the first that fails, or that somebody has changed since
    the plan was made: what was done is done, and a new plan has the rest.
    """
    for change in changes:
        _check_unchanged(change, server)
        if change.action is Action.ADDED:
            server.create(change.name, change.wanted or "")
        elif change.action is Action.CHANGED:
            server.update(change.name, change.wanted or "")
        else:
            server.delete(change.name)
        done(change)


def _may_be_own(job: Listed, site: str) -> bool:
    """Whether a job that is not wanted may be one that pkgci made for ``site``: then its config.xml is read.

    Somebody may have changed its description: then its name, which says its step, is a reason to look.
    """
    return not job.description or is_marked(job.description, site, job.name) or names_a_step(job.name)


def _check_unchanged(change: Change, server: JenkinsServer) -> None:
    current = server.config(change.name)
    try:
        stale = (
            current is not None
            if change.live is None
            else current is None or not same(change.name, current, change.live)
        )
    except NoJobError:
        stale = True
    if stale:
        raise PkgciError(
            f"somebody changed the job '{change.name}' in Jenkins after the plan was made",
            "run the same command again: it makes a new plan",
        )


def _read(server: JenkinsServer, names: Sequence[str], progress: Progress) -> dict[str, str]:
    """The config.xml of each of ``names``; jobs that have gone meanwhile are left out."""
    todo: queue.SimpleQueue[str] = queue.SimpleQueue()
    for name in names:
        todo.put(name)
    found: queue.SimpleQueue[tuple[str, str | None] | BaseException] = queue.SimpleQueue()
    stopped = threading.Event()

    def work() -> None:
        while not stopped.is_set():
            try:
                name = todo.get_nowait()
            except queue.Empty:
                return
            try:
                found.put((name, server.config(name)))
            except BaseException as error:
                found.put(error)

    # Threads that do not keep the process alive: ^C does not wait for an answer that never comes.
    for _ in range(min(PARALLEL, len(names))):
        threading.Thread(target=work, name="jenkins", daemon=True).start()
    live: dict[str, str] = {}
    try:
        for count, _ in enumerate(names, 1):
            result = found.get()
            if isinstance(result, BaseException):
                raise result
            name, text = result
            if text is not None:
                live[name] = text
            progress(count, len(names))
    finally:
        stopped.set()
    return live
