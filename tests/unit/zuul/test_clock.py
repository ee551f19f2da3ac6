"""What the clock starts: each branch of a project, whose failures somebody learns of."""

from __future__ import annotations

import json
import logging
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from zuul_py3 import clock
from zuul_py3.asking import UnreachableError

LOG = logging.getLogger("test")
PATTERNS = "* !upstream !upstream/* !pristine-tar"


class Config:
    def __init__(self, **settings: str) -> None:
        self.settings = settings

    def has_option(self, section: str, key: str) -> bool:
        return section == "zuul" and key in self.settings

    def get(self, section: str, key: str) -> str:
        return self.settings[key]


def started(patterns: str | None, refs: Any, folder: Path = Path("/nonexistent")) -> list[tuple[str, str | None]]:
    """(Project, branch) of the events that a timer makes where the review has ``refs``; ``folder`` has the alerts."""

    class TimerTrigger:
        log = LOG

        def _onTrigger(self, pipeline: str, timespec: str) -> None:  # noqa: N802 - Zuul's name
            events.append(SimpleNamespace(project_name="upstream's", branch=None))

    def get_info_refs(project: str) -> Any:
        if refs is None:
            raise UnreachableError("away")
        return refs

    events: list[Any] = []
    clock.start_each_branch(SimpleNamespace(TimerTrigger=TimerTrigger, TriggerEvent=SimpleNamespace))
    trigger: Any = TimerTrigger()
    source = SimpleNamespace(connection=SimpleNamespace(getInfoRefs=get_info_refs))
    pipeline = SimpleNamespace(source=source, getProjects=lambda: [SimpleNamespace(name="hello")])
    trigger.sched = SimpleNamespace(
        config=Config(state_dir=str(folder), **({} if patterns is None else {"timer_branches": patterns})),
        log=LOG,
        layout=SimpleNamespace(pipelines={"periodic": pipeline}),
        addEvent=events.append,
    )
    trigger._onTrigger("periodic", "0 2 * * *")
    return [(event.project_name, event.branch) for event in events]


REFS = {
    f"refs/{name}": "abc"
    for name in (
        *("heads/main", "heads/debian/trixie", "heads/upstream", "heads/upstream/latest", "heads/pristine-tar"),
        *("heads/größe", "tags/v1", "meta/config"),
    )
}


def test_every_branch_is_started_but_those_that_are_taken_out_and_those_that_no_job_can_be_told() -> None:
    assert started(PATTERNS, REFS) == [("hello", "debian/trixie"), ("hello", "main")]


@pytest.mark.parametrize(
    ("patterns", "names"), [("main", ["main"]), ("debian/*", ["debian/trixie"]), ("!* main", ["main"]), ("x", [])]
)
def test_a_site_may_name_the_branches(patterns: str, names: list[str]) -> None:
    assert [name for _, name in started(patterns, REFS)] == names


def test_without_the_setting_upstream_starts_what_it_does() -> None:
    assert started(None, REFS) == [("upstream's", None)]


def test_a_review_that_is_away_is_noticed_by_what_is_started() -> None:
    assert started(PATTERNS, None) == [("hello", None)]


class NullChange:
    """Zuul's, as far as the mending touches it."""

    def __init__(self, project: str = "hello") -> None:
        self.project = SimpleNamespace(name=project)

    def equals(self, other: Any) -> bool:
        return bool(self.project.name == other.project.name)


class Source:
    def getChange(self, event: Any, project: Any) -> Any:  # noqa: N802 - Zuul's name
        return NullChange()


clock.tell_branches_without_a_change_apart(SimpleNamespace(NullChange=NullChange))
clock.keep_the_branch_of_an_event(SimpleNamespace(GerritSource=Source, NullChange=NullChange))


def on(branch: str | None) -> Any:
    return Source().getChange(SimpleNamespace(branch=branch), None)


def test_the_branches_of_a_project_are_items_of_their_own() -> None:
    assert on("main").equals(on("main")) and not on("main").equals(on("old")) and on(None).equals(on(None))
    assert repr(on("main")) == "hello main" and repr(on(None)) == "hello"
    # A job's own rule about branches looks at this, and fails on one that is none.
    assert not hasattr(on(None), "branch")


def reported(folder: Path, result: str, branch: str | None = "main") -> dict[str, Any]:
    """The alerts after a build of a branch has ended with ``result``."""
    module = SimpleNamespace(
        BasePipelineManager=type("Manager", (), {"_reportItem": lambda self, item: False}), NullChange=NullChange
    )
    clock.keep_what_failed_for_the_operator(module)
    manager = module.BasePipelineManager()
    job = SimpleNamespace(name="hello-build-trixie")
    build = SimpleNamespace(job=job, result=result, reason="the compiler is new")
    build_set = SimpleNamespace(getBuild=lambda name: build, fault=None)
    manager.pipeline = SimpleNamespace(
        name="periodic", getJobs=lambda item: [job], didAllJobsSucceed=lambda item: result == "SUCCESS"
    )
    manager.sched = SimpleNamespace(config=Config(state_dir=str(folder)), log=LOG)
    item = SimpleNamespace(change=on(branch), current_build_set=build_set, dequeued_needing_change=False)
    manager._reportItem(item)
    file = folder / "alerts-clock.json"
    return dict(json.loads(file.read_text())) if file.exists() else {}


def test_a_branch_that_fails_is_an_alert_until_it_passes_again(tmp_path: Path) -> None:
    assert reported(tmp_path, "SUCCESS") == {}
    alerts = reported(tmp_path, "FAILURE")
    expected = "periodic of hello main failed: hello-build-trixie: the compiler is new"
    assert [one["what"] for one in alerts.values()] == [expected]
    assert len(reported(tmp_path, "FAILURE", "old")) == 2
    assert list(reported(tmp_path, "SUCCESS")) == ["periodic hello old"]


def test_a_branch_that_is_gone_is_no_alert_any_more(tmp_path: Path) -> None:
    for branch in ("main", "old", None):
        reported(tmp_path, "FAILURE", branch)
    started(PATTERNS, None, tmp_path)
    assert len(json.loads((tmp_path / "alerts-clock.json").read_text())) == 3
    started(PATTERNS, REFS, tmp_path)
    assert list(json.loads((tmp_path / "alerts-clock.json").read_text())) == ["periodic hello main"]


def test_a_mail_is_tried_again_and_nobody_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "PAUSES", (0, 0, 0))
    luck, sent, gate = ["Could not send", None], threading.Event(), threading.Event()

    class SMTPConnection:
        log = LOG

        def sendMail(self, *words: str) -> str | None:  # noqa: N802 - Zuul's name
            gate.wait(10)
            problem = luck.pop(0)
            if problem is None:
                sent.set()
            return problem

    clock.send_mail_without_making_others_wait(SimpleNamespace(SMTPConnection=SMTPConnection, smtplib=None))
    SMTPConnection().sendMail("subject", "message")
    assert not sent.is_set()
    gate.set()
    assert sent.wait(10) and luck == []
