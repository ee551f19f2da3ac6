"""Not about Python 3: a report says in words why a job failed, not only where its log is.

What Jenkins sends of a build is its result, in one word. A job may leave more beside its log: a JSON object whose
``reason`` says why it ended as it did. The setting ``reason_url`` in zuul.conf's [zuul] section is where that is, with
the job's parameters in braces, as in ``https://logs.example.org/logs/{LOG_PATH}/result.json``. Without it nothing is
asked, as upstream does.
"""

import json
import threading
import urllib.request
from collections.abc import Sequence
from typing import Any

from zuul_py3.hook import mends
from zuul_py3.upstream import Build, Config, Item, Launcher, Pipeline

# Seconds for the whole answer; a report waits for it.
PATIENCE = 10
# Bytes: some hundred files with their checksums, and the reason before them or after.
MOST = 4 * 1024 * 1024
# Characters of a reason in a report.
LONGEST = 300


def one_line(words: object) -> str:
    """``words``, which a stranger may have chosen, as one short line without control characters."""
    printable = "".join(character if character.isprintable() else " " for character in str(words))
    line = " ".join(printable.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + "…"


def fetch(url: str) -> str:
    """The reason in the JSON object at ``url``; '' where it has none. Raises where there is no such object."""
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:  # noqa: S310 - from zuul.conf
        return one_line(json.loads(answer.read(MOST)).get("reason") or "")


def with_reasons(report: str, builds: Sequence[Build | None]) -> str:
    """``report``, which has one line for each of ``builds``, with the reason of each that has one below its line."""
    lines = report.splitlines()
    if len(lines) != len(builds):
        return report
    reasons = [getattr(build, "reason", "") for build in builds]
    told = [f"{line}\n    because: {reason}" if reason else line for line, reason in zip(lines, reasons, strict=True)]
    return "".join(f"{line}\n" for line in told)


@mends("zuul.launcher.gearman")
def ask_why_a_build_failed(module: Any) -> None:
    """zuul/launcher/gearman.py:435: the end of a build is told to the scheduler at once.

    Here that of one that failed waits for its reason, in a thread of its own.
    """
    cls = module.Gearman
    init, completed = cls.__init__, cls.onBuildCompleted

    def with_address(self: Launcher, config: Config, *args: Any, **settings: Any) -> None:
        self.reason_url = config.get("zuul", "reason_url") if config.has_option("zuul", "reason_url") else None
        init(self, config, *args, **settings)

    def completed_with_reason(self: Launcher, job: Any, result: str | None = None) -> None:
        build = self.builds.get(job.unique)
        failed = build is not None and not build.canceled and module.getJobData(job).get("result") == "FAILURE"
        if result is not None or not failed or not self.reason_url:
            completed(self, job, result)
            return
        threading.Thread(target=ask_and_complete, args=(self, job, build, self.reason_url), daemon=True).start()

    def ask_and_complete(self: Launcher, job: Any, build: Build, url: str) -> None:
        try:
            build.reason = fetch(url.format(**build.parameters))
        except Exception as error:
            self.log.warning("Why build %s failed is not known: %s", build, error)
        completed(self, job)

    cls.__init__ = with_address
    cls.onBuildCompleted = completed_with_reason


@mends("zuul.reporter")
def tell_why_a_build_failed(module: Any) -> None:
    """zuul/reporter/__init__.py:111 writes a line for each job: its address and its result."""
    lines_of_jobs = module.BaseReporter._formatItemReportJobs

    def with_their_reasons(self: Any, pipeline: Pipeline, item: Item) -> str:
        builds = [item.current_build_set.getBuild(job.name) for job in pipeline.getJobs(item)]
        return with_reasons(lines_of_jobs(self, pipeline, item), builds)

    module.BaseReporter._formatItemReportJobs = with_their_reasons
