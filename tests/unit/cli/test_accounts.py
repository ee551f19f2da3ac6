"""What the commands say of accounts that do not run commands, and of root that is not reached."""

import os
from pathlib import Path

import pytest

from tests.unit.remote.shells import executable
from tests.unit.sshd.network import Network
from tests.unit.sshd.script import Answer, End, real_shell

CLOUD = Answer('Please login as the user "ubuntu" rather than the user "root".\n\n', status=142)
COMMANDS = ("verify-servers", "bootstrap", "status")


def secrets(network: Network) -> None:
    assert network.pkgci("secrets", "init").exit_code == 0


@pytest.mark.parametrize("command", COMMANDS)
def test_a_root_that_only_reads_a_message_is_told_with_that_message(network: Network, command: str) -> None:
    network.host("zuul01").has_shell = False
    network.hosts["zuul01"].on_call("", CLOUD)
    secrets(network)
    result = network.pkgci(command)
    said = " ".join((result.output + result.stderr).split())
    assert result.exit_code == 1
    assert '"ubuntu" rather than' in said
    for other in ("disk is full", "lock us out", "overloaded", "not begin", "Traceback"):
        assert other not in said


@pytest.mark.parametrize("command", COMMANDS)
def test_a_refusal_of_sudo_is_told_in_its_own_words(network: Network, tmp_path: Path, command: str) -> None:
    network.host("zuul01", ssh={"user": "deploy", "key": "id_ed25519"})
    secrets(network)
    words = "sudo: interactive authentication is required"
    executable(tmp_path / "bin/sudo", f"echo '{words}' >&2; exit 1")
    network.hosts["zuul01"].has_shell = False
    network.hosts["zuul01"].on_call("", real_shell({"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}))
    result = network.pkgci(command)
    said = " ".join((result.output + result.stderr).split())
    assert result.exit_code == 1
    assert "deploy cannot become root" in said and words in said
    assert "disk is full" not in said


def test_an_answer_that_breaks_off_is_not_called_a_full_disk(network: Network) -> None:
    network.host("zuul01").on("room=", "room=1\nroom_inodes=1\nend=yes\n", end=End.KILLED)
    secrets(network)
    result = network.pkgci("bootstrap")
    assert result.exit_code == 1
    assert "cut short" in result.output + result.stderr


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("room=9000000\ntemporary_refusal=mktemp: ‘/tmp/x’: Read-only file system\n", "/tmp is read-only"),
        ("room=9000000\nroom_refusal=mkdir: /var/lib/pkgci: Read-only file system\n", "Read-only file system"),
        ("room=9000000\nroom_inodes=7\n", "7 are free"),
        ("", "how much room"),
    ],
)
def test_a_host_that_cannot_be_written_is_told_as_what_it_is_before_anything_is_sent(
    network: Network, state: str, said: str
) -> None:
    host = network.host("zuul01")
    host.on("room=", f"{state}end=yes\n")
    secrets(network)
    result = network.pkgci("bootstrap")
    shown = " ".join((result.output + result.stderr).split())
    assert result.exit_code == 1
    assert said in shown and "the disk is full" not in shown
    assert not [text for text in host.texts() if "systemd-run" in text]
