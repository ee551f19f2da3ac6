"""What pkgci-job takes from its environment, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

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
    "PKGCI_TARGET": "trixie",
}


def test_what_zuul_sends_is_taken(runner: ModuleType, tmp_path: Path) -> None:
    task = runner.read_task(["build"], {**GOOD, "WORKSPACE": str(tmp_path), "OTHER": "$(reboot)"})
    assert (task.step, task.ref, task.get("PKGCI_TARGET")) == ("build", "refs/zuul/main/Z0123abc", "trixie")
    assert task.get("OTHER") is None


def test_a_build_that_a_clock_started_is_of_what_was_merged(runner: ModuleType, tmp_path: Path) -> None:
    clock = {name: "" if name.startswith(("ZUUL_REF", "ZUUL_C", "ZUUL_B")) else text for name, text in GOOD.items()}
    assert runner.read_task(["build"], {**clock, "WORKSPACE": str(tmp_path)}).ref == "refs/heads/main"


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
    ],
)
def test_a_parameter_that_zuul_would_not_send_is_refused(
    runner: ModuleType, tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(runner.Ended) as ended:
        runner.read_task(["build"], {**GOOD, "WORKSPACE": str(tmp_path), name: value})
    assert ended.value.status is runner.Status.MISUSED
    assert name in ended.value.reason


@pytest.mark.parametrize("arguments", [[], ["nosuch"], ["build", "install"]])
def test_an_unknown_step_is_refused(runner: ModuleType, tmp_path: Path, arguments: list[str]) -> None:
    with pytest.raises(runner.Ended, match="usage: pkgci-job build"):
        runner.read_task(arguments, {**GOOD, "WORKSPACE": str(tmp_path)})


def test_the_log_server_is_reached_with_its_own_key_and_no_other(runner: ModuleType) -> None:
    server = runner.LogServer("2001:db8::5", 2222, "logs", "/etc/key", "/etc/known")
    assert server.target == "logs@[2001:db8::5]:"
    words = server.shell.split()
    assert words[:3] == ["ssh", "-F", "none"]
    assert {"2222", "StrictHostKeyChecking=yes", "UserKnownHostsFile=/etc/known", "HostKeyAlias=log-server"} <= set(
        words
    )
