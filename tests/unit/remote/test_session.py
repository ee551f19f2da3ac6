"""What a session makes of accounts and hosts that do not run what they are told."""

import os
import shutil
from pathlib import Path

import pytest

from pkgci.remote.errors import CutShortError, HostError, LoginShellError, SudoError
from pkgci.remote.session import Session, open_session
from pkgci.remote.trust import Trust
from tests.unit.remote.shells import executable
from tests.unit.sshd.network import Network
from tests.unit.sshd.script import Answer, End, Heard, real_shell


def session(network: Network, **ssh: object) -> Session:
    network.host("zuul01", ssh={"key": "id_ed25519", **ssh})
    site = network.site()
    return open_session(site, site.host("zuul01"), Trust.of(site), timeout=30)


def test_a_command_runs_as_it_is_written_and_reads_its_own_input(network: Network) -> None:
    with session(network) as opened:
        network.hosts["zuul01"].has_shell = False
        network.hosts["zuul01"].on_call("", real_shell())
        done = opened.run("cat; echo 'it''s' >&2; exit 3", stdin=b"input", timeout=60)
        assert (done.status, done.stdout, done.stderr) == (3, "input", "its\n")
        assert list(opened.stream("printf 'a\\nb'", idle_timeout=60)) == ["a", "b"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer('Please login as the user "ubuntu" rather than the user "root".\n\n', status=142), '"ubuntu"'),
        (Answer(stderr="This account is currently not available.\n", status=1), "currently not available"),
        (Answer(status=1), "exit status 1"),
        (Answer(end=End.KILLED), "killed"),
    ],
)
def test_an_account_without_a_shell_is_told_in_its_own_words(network: Network, answer: Answer, said: str) -> None:
    with session(network) as opened:
        network.hosts["zuul01"].has_shell = False
        network.hosts["zuul01"].on_call("", answer)
        for ask in (lambda: opened.run("id", timeout=60), lambda: list(opened.stream("id", idle_timeout=60))):
            with pytest.raises(LoginShellError, match=said) as error:
                ask()
            assert "root" in error.value.reason
            assert "user: NAME" in str(error.value.hint)


def test_an_account_that_sleeps_after_its_words_is_not_called_slow(network: Network) -> None:
    """Cloud images let root read a message for ten seconds."""
    with session(network) as opened:
        network.hosts["zuul01"].has_shell = False
        network.hosts["zuul01"].on("", "Please login as somebody else\n", end=End.HANG)
        with pytest.raises(LoginShellError, match="somebody else"):
            opened.run("id", timeout=3)


@pytest.mark.parametrize(
    "words",
    ["sudo: a password is required", "sudo: interactive authentication is required", "doas: Authorization required"],
)
def test_a_refusal_of_sudo_is_no_fault_of_the_disk(network: Network, tmp_path: Path, words: str) -> None:
    executable(tmp_path / "bin/sudo", f"echo '{words}' >&2; exit 1")
    with session(network, user="deploy", sudo=True) as opened:
        network.hosts["zuul01"].has_shell = False
        network.hosts["zuul01"].on_call("", real_shell({"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}))
        with pytest.raises(SudoError, match=f"deploy cannot become root: .*{words}") as error:
            opened.run("df", timeout=60)
        assert "NOPASSWD" in str(error.value.hint)
        assert opened.run("echo me", timeout=60, sudo=False).stdout == "me\n"


def only_logged_in(heard: Heard) -> Answer:
    return Answer(f"{heard.stdin.split()[0].decode()} login\n", end=End.HANG)


def test_sudo_that_waits_for_somebody_is_not_called_a_slow_command(network: Network) -> None:
    """A touch of a security key, or a directory server that does not answer."""
    with session(network, user="deploy", sudo=True) as opened:
        network.hosts["zuul01"].has_shell = False
        network.hosts["zuul01"].on_call("", only_logged_in)
        with pytest.raises(SudoError, match="said nothing"):
            opened.run("df", timeout=3)


def test_sudo_that_is_missing_is_called_so(network: Network, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    for name in ("sh", "env"):
        (tmp_path / "bin" / name).symlink_to(str(shutil.which(name)))
    with session(network, user="deploy", sudo=True) as opened:
        network.hosts["zuul01"].has_shell = False
        network.hosts["zuul01"].on_call("", real_shell({"PATH": f"{tmp_path}/bin"}))
        with pytest.raises(SudoError, match="sudo is not installed"):
            opened.run("df", timeout=60)


@pytest.mark.parametrize("end", [End.KILLED, End.DROP])
def test_an_answer_that_breaks_off_is_never_read(network: Network, end: End) -> None:
    with session(network) as opened:
        network.hosts["zuul01"].on("df", "free 1", end=end)
        with pytest.raises(HostError):
            opened.run("df", timeout=60)


def test_a_command_that_is_killed_on_the_host_is_not_called_a_refusal(network: Network) -> None:
    with session(network) as opened:
        network.hosts["zuul01"].on("df", "free 1", end=End.KILLED)
        with pytest.raises(CutShortError, match="cut short"):
            list(opened.stream("df", idle_timeout=60))
