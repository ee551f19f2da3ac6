"""What pkgci-job takes from its environment, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from pkgci_steps.job.log_server import LogServer
from pkgci_steps.job.task import ACTIONS, read_task
from pkgci_steps.status import Ended, Status

from pkgci.model.steps import STEPS

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
    "ZUUL_CHANGE_IDS": "9,2 12,3",
    "PKGCI_TARGET": "trixie",
    "PKGCI_GROUP": "",
}


def test_what_zuul_sends_is_taken(tmp_path: Path) -> None:
    task = read_task(["build"], {**GOOD, "WORKSPACE": str(tmp_path), "OTHER": "$(reboot)"})
    assert (task.step, task.ref, task.get("PKGCI_TARGET")) == ("build", "refs/zuul/main/Z0123abc", "trixie")
    assert task.get("OTHER") is None


def test_a_build_that_a_clock_started_is_of_what_was_merged(tmp_path: Path) -> None:
    clock = {name: "" if name.startswith(("ZUUL_REF", "ZUUL_C", "ZUUL_B")) else text for name, text in GOOD.items()}
    assert read_task(["build"], {**clock, "WORKSPACE": str(tmp_path)}).ref == "refs/heads/main"


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
        ("PKGCI_TARGET", "$(reboot)"),
        ("PKGCI_GROUP", "a/b"),
        ("ZUUL_CHANGE_IDS", "9,2;12,3"),
    ],
)
def test_a_parameter_that_zuul_would_not_send_is_refused(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(Ended) as ended:
        read_task(["build"], {**GOOD, "WORKSPACE": str(tmp_path), name: value})
    assert ended.value.status is Status.MISUSED
    assert name in ended.value.reason


@pytest.mark.parametrize("arguments", [[], ["nosuch"], ["build", "install"]])
def test_an_unknown_step_is_refused(tmp_path: Path, arguments: list[str]) -> None:
    with pytest.raises(Ended, match="usage: pkgci-job build"):
        read_task(arguments, {**GOOD, "WORKSPACE": str(tmp_path)})


def test_the_log_server_is_reached_with_its_own_key_and_no_other() -> None:
    server = LogServer("2001:db8::5", 2222, "logs", "/etc/key", "/etc/known")
    assert server.target("12/x") == "logs@[2001:db8::5]:12/x/"
    words = server.append("12/x")
    assert words[:3] == ["ssh", "-F", "none"] and words[-3:] == ["logs@2001:db8::5", "append", "12/x"]
    assert {"2222", "StrictHostKeyChecking=yes", "UserKnownHostsFile=/etc/known", "HostKeyAlias=log-server"} <= set(
        words
    )


def test_there_is_a_program_for_every_step_that_jenkins_asks_for() -> None:
    assert set(ACTIONS) == set(STEPS)


def test_the_steps_program_is_told_what_zuul_says_in_the_contracts_words(tmp_path: Path) -> None:
    task = read_task(["build"], {**GOOD, "WORKSPACE": str(tmp_path)})
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
    assert task.inputs(tmp_path).before == ("9",)
