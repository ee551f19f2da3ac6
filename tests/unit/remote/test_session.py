"""What is sent to a host's shell, and what its answer means."""

import pytest

from pkgci.remote.session import Completed, shell_line, sudo_refusal


def test_a_command_is_run_by_a_posix_shell_whatever_the_login_shell_is() -> None:
    assert shell_line("echo 'a b' | cat", root=False) == (
        """exec env LC_ALL=C.UTF-8 sh -c 'echo '"'"'a b'"'"' | cat'"""
    )


def test_root_is_reached_by_sudo_that_never_asks() -> None:
    assert shell_line("id", root=True) == "exec env LC_ALL=C.UTF-8 sudo -n sh -c id"


@pytest.mark.parametrize(
    ("status", "stderr", "reason"),
    [
        (1, "sudo: a password is required\n", "a password is required"),
        (1, "sudo: sorry, you must have a tty to run sudo\n", "sorry, you must have a tty to run sudo"),
        (1, "deploy is not in the sudoers file.\n", "deploy is not in the sudoers file."),
        (127, "env: 'sudo': No such file or directory\n", "sudo is not installed"),
    ],
)
def test_sudo_that_refuses_is_told_from_a_command_that_fails(status: int, stderr: str, reason: str) -> None:
    assert sudo_refusal(Completed(status, "", stderr)) == reason


@pytest.mark.parametrize(
    "completed",
    [
        Completed(0, "", ""),
        Completed(1, "", "grep: no such file\n"),
        Completed(127, "", "sh: 1: puppet: not found\n"),
        Completed(1, "output", "sudo: a password is required\n"),
    ],
)
def test_a_command_that_fails_is_no_refusal_of_sudo(completed: Completed) -> None:
    assert sudo_refusal(completed) is None
