"""Not about Python 3: what the clock starts is started for each branch, and somebody learns where it fails.

Upstream starts each project once, on no branch, and has nobody to report to. With the setting ``timer_branches`` in
zuul.conf's [zuul] section, patterns that are separated by blanks, each branch of the review that matches one is an item
of its own; ``!PATTERN`` takes out again. What failed is an alert (see alerts.py) until the next success.
"""

import fnmatch
import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from zuul_py3.alerts import Alerts
from zuul_py3.asking import UnreachableError
from zuul_py3.hook import mends
from zuul_py3.names import of_branch
from zuul_py3.untested import why_untested
from zuul_py3.upstream import Change, Event, Item, Manager, Pipeline, Project, Scheduler, Source

_HEADS = "refs/heads/"
# Seconds that a mail relay may take, and before each further try.
PATIENCE = 60
PAUSES = (0, 60, 600)


def chosen(names: Iterable[str], patterns: Iterable[str]) -> list[str]:
    """Those of the branches ``names`` that ``patterns`` choose: the last one that matches decides."""

    def is_chosen(name: str) -> bool:
        found = [one for one in patterns if fnmatch.fnmatchcase(name, one.removeprefix("!"))]
        return bool(found) and not found[-1].startswith("!")

    return sorted(filter(is_chosen, names))


def _setting(sched: Scheduler, key: str) -> str:
    return sched.config.get("zuul", key) if sched.config.has_option("zuul", key) else ""


def alerts_of(sched: Scheduler) -> Alerts:
    """What failed that a timer started, by pipeline, project and branch."""
    if not hasattr(sched, "_clock_alerts"):
        folder = Path(os.path.expanduser(_setting(sched, "state_dir") or "/var/lib/zuul"))  # noqa: PTH111
        sched._clock_alerts = Alerts(folder / "alerts-clock.json", sched.log)
    alerts: Alerts = sched._clock_alerts
    return alerts


@mends("zuul.trigger.timer")
def start_each_branch(module: Any) -> None:
    """zuul/trigger/timer.py:35-43: one event for each project."""
    cls = module.TimerTrigger
    start_projects = cls._onTrigger

    def start_branches(self: Any, pipeline_name: str, timespec: Any) -> None:
        patterns = _setting(self.sched, "timer_branches").split()
        if not patterns:
            start_projects(self, pipeline_name, timespec)
            return
        pipeline = self.sched.layout.pipelines[pipeline_name]
        for project in pipeline.getProjects():
            names = branches(self, pipeline, project, patterns)
            if names != [None]:
                # Neither a branch that is gone nor what did not tell its branches fails any more.
                start, alerts = f"{pipeline_name} {project.name}", alerts_of(self.sched)
                alerts.clear(start)
                alerts.keep(f"{start} ", {f"{start} {name}" for name in names})
            for name in names:
                event = module.TriggerEvent()
                event.type, event.timespec, event.forced_pipeline = "timer", timespec, pipeline_name
                event.project_name, event.branch = project.name, name
                self.sched.addEvent(event)

    def branches(self: Any, pipeline: Pipeline, project: Project, patterns: list[str]) -> Sequence[str | None]:
        """The branches to start; [None] where the review does not tell: then the item says that, too."""
        try:
            found = pipeline.source.connection.getInfoRefs(project.name)
        except UnreachableError as error:
            self.log.warning("The branches of %s are not known: %s", project, error)
            return [None]
        names = chosen((name.removeprefix(_HEADS) for name in found if name.startswith(_HEADS)), patterns)
        for name in names:
            if of_branch(name) != name:
                self.log.warning("Not started: no job takes the name of the branch %s of %s", name, project)
        return [name for name in names if of_branch(name) == name]

    cls._onTrigger = start_branches


@mends("zuul.source.gerrit")
def keep_the_branch_of_an_event(module: Any) -> None:
    """zuul/source/gerrit.py:157: what the clock starts has no branch."""
    cls = module.GerritSource
    get_change: Callable[..., Change] = cls.getChange

    def get_with_branch(self: Source, event: Event, project: Project) -> Change:
        change = get_change(self, event, project)
        if isinstance(change, module.NullChange) and event.branch:
            change.branch = event.branch
        return change

    cls.getChange = get_with_branch


@mends("zuul.model")
def tell_branches_without_a_change_apart(module: Any) -> None:
    """zuul/model.py:1019: of two items of one project, the second counts as there already."""
    cls = module.NullChange
    equals = cls.equals

    def equals_with_branch(self: Change, other: Any) -> bool:
        return equals(self, other) and getattr(self, "branch", None) == getattr(other, "branch", None)

    def shown(self: Change) -> str:
        branch = getattr(self, "branch", None)
        return f"{self.project.name}{f' {branch}' if branch else ''}"

    cls.equals = equals_with_branch
    cls.__repr__ = shown


@mends("zuul.scheduler")
def keep_what_failed_for_the_operator(module: Any) -> None:
    """zuul/scheduler.py:1727: without a reporter, a failure is a line in a log."""
    cls = module.BasePipelineManager
    report_item = cls._reportItem

    def report_and_note(self: Manager, item: Item) -> Any:
        result = report_item(self, item)
        if isinstance(item.change, module.NullChange) and self.pipeline.getJobs(item):
            note(self, item)
        return result

    def note(self: Manager, item: Item) -> None:
        key, name = f"{self.pipeline.name} {item.change}", self.pipeline.name
        if self.pipeline.didAllJobsSucceed(item):
            alerts_of(self.sched).clear(key)
        else:
            alerts_of(self.sched).put(key, f"{name} of {item.change} failed: {why(self.pipeline, item)}")

    def why(pipeline: Pipeline, item: Item) -> str:
        fault = why_untested(item)
        if fault:
            return fault
        builds = (item.current_build_set.getBuild(job.name) for job in pipeline.getJobs(item))
        failed = [build for build in builds if build and build.result not in ("SUCCESS", "SKIPPED")]
        return "; ".join(f"{build.job.name}: {getattr(build, 'reason', '') or build.result}" for build in failed)

    cls._reportItem = report_and_note


@mends("zuul.connection.smtp")
def send_mail_without_making_others_wait(module: Any) -> None:
    """zuul/connection/smtp.py:52 sends in the scheduler's thread, without a limit, and tells nobody where it fails."""
    cls = module.SMTPConnection
    smtplib = module.smtplib

    class Smtp:
        @staticmethod
        def SMTP(server: str, port: int) -> Any:  # noqa: N802 - smtplib's name
            return smtplib.SMTP(server, port, timeout=PATIENCE)

    send = cls.sendMail

    def send_later(self: Any, subject: str, *words: Any) -> None:
        threading.Thread(target=try_to_send, args=(self, subject, *words), name="mail", daemon=True).start()

    def try_to_send(self: Any, subject: str, *words: Any) -> None:
        for pause in PAUSES:
            time.sleep(pause)
            problem = send(self, subject, *words)
            if not problem:
                return
            self.log.warning("%s: %s", problem, subject)
        self.log.error("Given up: the mail '%s' could not be sent", subject)

    module.smtplib = Smtp
    cls.sendMailNow = send
    cls.sendMail = send_later
