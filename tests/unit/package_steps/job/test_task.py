"""What pkgci-job takes from its environment, and what it refuses."""

from __future__ import annotations

import shlex
from datetime import datetime
from pathlib import Path

import pytest
from pkgci_steps.job.log_server import LogServer
from pkgci_steps.job.task import ACTIONS, read_task
from pkgci_steps.log import Log
from pkgci_steps.programs import Programs, Stop
from pkgci_steps.status import Ended, Status

from pkgci.jobs.normal import parse
from pkgci.jobs.render import render_jobs
from pkgci.model.site import Site
from pkgci.model.steps import STEPS, all_jobs
from tests.unit.jobs.payload import SENT

GOOD = {
    "ZUUL_URL": "https://zuul01.pkg.example.org/p",
    "ZUUL_PROJECT": "packaging/hello",
    "ZUUL_REF": "refs/zuul/main/Z0123abc",
    "ZUUL_COMMIT": "0123456789abcdef0123456789abcdef01234567",
    "ZUUL_CHANGE": "12",
    "ZUUL_PATCHSET": "3",
    "ZUUL_BRANCH": "main",
    "ZUUL_PIPELINE": "check",
    "LOG_PATH": "12/12/3/check/packaging-hello-build-trixie/0123abc",
    "PKGCI_LOG_TOKEN": "0123456789abcdef" * 4,
    "ZUUL_CHANGE_IDS": "9,2 12,3",
    "PKGCI_GROUP": "",
}
BUILD = ["build", "packaging/hello", "trixie"]


def test_what_zuul_sends_is_taken(tmp_path: Path) -> None:
    task = read_task(BUILD, {**GOOD, "WORKSPACE": str(tmp_path), "OTHER": "$(reboot)"})
    assert (task.step, task.ref, task.get("PKGCI_TARGET")) == ("build", "refs/zuul/main/Z0123abc", "trixie")
    assert task.get("OTHER") is None


def test_a_build_that_a_clock_started_is_of_what_was_merged(tmp_path: Path) -> None:
    clock = {name: "" if name.startswith(("ZUUL_REF", "ZUUL_C", "ZUUL_B")) else text for name, text in GOOD.items()}
    assert read_task(BUILD, {**clock, "WORKSPACE": str(tmp_path)}).ref == "refs/heads/main"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOG_PATH", "../../etc"),
        ("LOG_PATH", "/etc"),
        ("LOG_PATH", "12/../../x"),
        ("LOG_PATH", "12//x"),
        ("LOG_PATH", "12/x y"),
        ("LOG_PATH", "12/-x"),
        ("LOG_PATH", "12/.ssh"),
        ("LOG_PATH", "12/x\n"),
        ("LOG_PATH", ""),
        ("PKGCI_LOG_TOKEN", ""),
        ("PKGCI_LOG_TOKEN", "0123456789ABCDEF" * 4),
        ("ZUUL_PROJECT", "../other"),
        ("ZUUL_PROJECT", "-c"),
        ("ZUUL_PROJECT", ""),
        ("ZUUL_REF", "--upload-pack=x"),
        ("ZUUL_REF", "+refs/heads/a:refs/heads/b"),
        ("ZUUL_COMMIT", "main"),
        ("ZUUL_COMMIT", ""),
        ("ZUUL_URL", "ext::sh -c reboot"),
        ("ZUUL_URL", "file:///etc"),
        ("ZUUL_URL", "http://zuul01.pkg.example.org/p"),
        ("ZUUL_URL", "https://user:secret@zuul01/p"),
        ("ZUUL_CHANGE", "12; reboot"),
        ("PKGCI_GROUP", "a/b"),
        ("ZUUL_CHANGE_IDS", "9,2;12,3"),
        ("PKGCI_AHEAD", "9-Z1 ../12-Z2"),
        ("PKGCI_AHEAD", "Z1"),
        ("PKGCI_AHEAD", "9-Z/1"),
    ],
)
def test_a_parameter_that_zuul_would_not_send_is_refused(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(Ended) as ended:
        read_task(BUILD, {**GOOD, "WORKSPACE": str(tmp_path), name: value})
    assert ended.value.status is Status.MISUSED
    assert name in ended.value.reason


def test_a_change_at_the_end_of_a_long_queue_is_told_all_that_is_ahead(tmp_path: Path) -> None:
    ahead = " ".join(f"{number}-Z{number:032}" for number in range(100_000, 100_400))
    task = read_task(BUILD, {**GOOD, "WORKSPACE": str(tmp_path), "PKGCI_AHEAD": ahead})
    assert len(task.inputs(tmp_path).ahead) == 400


@pytest.mark.parametrize(
    "arguments",
    [[], ["nosuch", "packaging/hello", "trixie"], ["build", "packaging/hello"], [*BUILD, "el9"]],
)
def test_a_call_without_the_jobs_own_words_is_refused(tmp_path: Path, arguments: list[str]) -> None:
    with pytest.raises(Ended, match="usage: pkgci-job build") as ended:
        read_task(arguments, {**GOOD, "WORKSPACE": str(tmp_path)})
    assert ended.value.status is Status.MISUSED


def test_a_step_for_all_targets_takes_none(tmp_path: Path) -> None:
    given = {**GOOD, "WORKSPACE": str(tmp_path)}
    assert read_task(["promote", "packaging/hello"], given).get("PKGCI_TARGET") is None
    with pytest.raises(Ended, match="promote is done for all targets"):
        read_task(["promote", "packaging/hello", "trixie"], given)


def test_a_target_comes_from_the_job_and_from_nowhere_else(tmp_path: Path) -> None:
    task = read_task(BUILD, {**GOOD, "WORKSPACE": str(tmp_path), "PKGCI_TARGET": "el9"})
    assert task.get("PKGCI_TARGET") == "trixie"
    with pytest.raises(Ended, match="PKGCI_TARGET is not acceptable"):
        read_task(["build", "packaging/hello", "$(reboot)"], {**GOOD, "WORKSPACE": str(tmp_path)})


def test_a_job_does_nothing_for_another_project_than_its_own(tmp_path: Path) -> None:
    with pytest.raises(Ended, match=r"this job is for 'packaging/hello': it does nothing for packaging/other") as ended:
        read_task(BUILD, {**GOOD, "WORKSPACE": str(tmp_path), "ZUUL_PROJECT": "packaging/other"})
    assert ended.value.status is Status.MISUSED


def test_a_job_of_an_older_pkgci_says_how_it_is_updated(tmp_path: Path) -> None:
    with pytest.raises(Ended, match="if an older pkgci made this job, `pkgci deploy-jobs` updates it"):
        read_task(["build"], {**GOOD, "WORKSPACE": str(tmp_path), "PKGCI_TARGET": "trixie"})


def test_the_log_server_is_reached_with_its_own_key_and_no_other() -> None:
    server = LogServer("2001:db8::5", 2222, "logs", "/etc/key", "/etc/known")
    words = server.command("append", "12/x")
    assert words[:3] == ["ssh", "-F", "none"] and words[-3:] == ["logs@2001:db8::5", "append", "12/x"]
    assert {"2222", "StrictHostKeyChecking=yes", "UserKnownHostsFile=/etc/known", "HostKeyAlias=log-server"} <= set(
        words
    )


def test_there_is_a_program_for_every_step_that_jenkins_asks_for() -> None:
    assert set(ACTIONS) == set(STEPS)


def test_the_steps_program_is_told_what_zuul_says_in_the_contracts_words(tmp_path: Path) -> None:
    task = read_task(BUILD, {**GOOD, "WORKSPACE": str(tmp_path)})
    told = task.told(tmp_path / "results", tmp_path / "tree", "f" * 40)
    assert told == {
        "PROJECT": "packaging/hello",
        "TARGET": "trixie",
        "CHANGE": "12",
        "PATCHSET": "3",
        "PIPELINE": "check",
        "BRANCH": "main",
        "REF": "refs/zuul/main/Z0123abc",
        "COMMIT": "f" * 40,
        "CHANGES": "9,2 12,3",
        "SOURCE": f"{tmp_path}/tree",
        "RESULTS": f"{tmp_path}/results",
    }
    assert task.inputs(tmp_path).changes_before == (("9", "2"),)


def test_the_command_of_every_job_is_what_pkgci_job_takes_of_the_payload_alone(site: Site, tmp_path: Path) -> None:
    """The Gearman plugin hands a build the parameters of the payload, and no default of those that a job declares."""
    roots = {job.name: parse(job.xml) for job in render_jobs(site)}
    for job in all_jobs(site):
        sent = dict(SENT, ZUUL_PROJECT=job.project)
        root = roots[job.name]
        declared = {item.text for item in root.iterfind("properties/*/parameterDefinitions/*/name")}
        arrives = {name: value for name, value in sent.items() if name in declared}
        words = shlex.split(root.findtext("builders/*/command") or "", comments=True)[1:]
        task = read_task(words[1:], {**arrives, "WORKSPACE": str(tmp_path)})
        assert words[0] == "/usr/local/bin/pkgci-job" and task.step == job.step.name
        told = task.told(tmp_path)
        assert (told["PROJECT"], told.get("TARGET"), told["GROUP"]) == (job.project, job.target, "icehouse")


@pytest.mark.parametrize(("words", "minutes"), [([], None), (["--minutes", "300"], 300)])
def test_the_job_says_how_long_it_may_take(tmp_path: Path, words: list[str], minutes: int | None) -> None:
    task = read_task([*BUILD, *words], {**GOOD, "WORKSPACE": str(tmp_path)})
    assert (task.minutes, task.step) == (minutes, "build")


@pytest.mark.parametrize("minutes", ["", "0", "-1", "1.5", "many", "999999"])
def test_a_time_limit_that_is_none_is_refused(tmp_path: Path, minutes: str) -> None:
    with pytest.raises(Ended, match="usage: pkgci-job build") as ended:
        read_task([*BUILD, "--minutes", minutes], {**GOOD, "WORKSPACE": str(tmp_path)})
    assert ended.value.status is Status.MISUSED


def test_what_takes_too_long_is_ended_and_the_reason_is_the_time(tmp_path: Path) -> None:
    stop = Stop()
    stop.within(0.005)
    with (
        (tmp_path / "log").open("wb") as file,
        pytest.raises(Ended, match=r"^it took longer than 0.005 minutes$") as ended,
    ):
        Programs(Log(file, "test"), stop, tmp_path).run(["sleep", "60"])
    assert ended.value.status is Status.ABORTED


def test_each_line_of_the_job_has_its_time(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as file:
        Log(file, "pkgci-job", clock=lambda: datetime(2026, 3, 1, 9, 5, 7)).say("running ci/build")
    assert (tmp_path / "log").read_text() == "09:05:07 pkgci-job: running ci/build\n"
