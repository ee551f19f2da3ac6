"""What Gerrit is asked over SSH: a refusal is no outage, half an answer is none, and branches need no web page."""

from __future__ import annotations

import shlex
import socket
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from zuul_py3 import asking, gerrit
from zuul_py3.asking import FaultError, RefusedError, Troubles, UnreachableError, branches

RECORDED = Path(__file__).parents[2] / "recordings"
STATS = '{"type":"stats","rowCount":0,"runTimeMilliseconds":1,"moreChanges":false}\n'


class Connection:
    """GerritConnection as Zuul's is, as far as the mending touches it: ``answer`` is what comes, or goes wrong."""

    server = "review.example.org"
    keyfile: str | None = None
    answer: bytes | Exception = b""

    def __init__(self, connected: bool = True) -> None:
        self.commands: list[str] = []
        self.closed = False
        transport = SimpleNamespace(is_active=lambda: connected)
        self.client: Any = SimpleNamespace(get_transport=lambda: transport, close=self.close)

    def close(self) -> None:
        self.closed = True

    def _ssh(self, command: str, stdin_data: str | None = None) -> tuple[Any, Any]:
        self.commands.append(command)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer, b""

    def query(self, query: str) -> Any:
        return self._ssh(f"gerrit query --format json {query}")

    def getGitUrl(self, project: Any) -> str:  # noqa: N802 - Zuul's name
        return f"ssh://zuul@{self.server}:29418/{project.name}"


@pytest.fixture
def mended() -> type[Connection]:
    cls = type("GerritConnection", (Connection,), {})
    module = SimpleNamespace(GerritConnection=cls)
    asking.tell_a_refusal_from_a_gerrit_that_is_away(module)
    asking.ask_for_changes_by_their_number_only(module)
    asking.read_branches_over_ssh(module)
    gerrit.read_answers_as_text(module)
    return cls


def test_a_query_that_is_answered_has_its_answer(mended: type[Connection]) -> None:
    connection = mended()
    connection.answer = b'{"number":7}\n' + STATS.encode()
    assert connection.query("7") == ('{"number":7}\n' + STATS, "")


def test_a_change_is_asked_for_as_a_change_whatever_commits_begin_with_its_number(mended: type[Connection]) -> None:
    connection = mended()
    connection.answer = STATS.encode()
    connection.query("1234")
    assert connection.commands == ["gerrit query --format json change:1234"]


@pytest.mark.parametrize("trouble", [EOFError(), ConnectionRefusedError(), TimeoutError(), OSError("no route")])
def test_a_gerrit_that_is_away_is_unreachable_and_the_next_question_opens_a_connection(
    mended: type[Connection], trouble: Exception
) -> None:
    connection = mended()
    connection.answer = trouble
    with pytest.raises(UnreachableError, match="Gerrit on review"):
        connection.query("7")
    assert connection.closed and connection.client is None


def test_a_gerrit_that_goes_in_the_middle_of_a_command_is_unreachable(mended: type[Connection]) -> None:
    # Upstream says so of every exit status but 0; -1 is what paramiko gives where the connection broke.
    connection = mended(connected=False)
    connection.answer = Exception("Gerrit error executing gerrit query 7")
    with pytest.raises(UnreachableError):
        connection.query("7")


def test_a_gerrit_that_is_there_and_fails_refuses(mended: type[Connection]) -> None:
    connection = mended()
    connection.answer = Exception("Gerrit error executing gerrit query 7")
    with pytest.raises(RefusedError):
        connection.query("7")


def test_what_gerrit_says_of_other_commands_is_not_reworded(mended: type[Connection]) -> None:
    connection = mended()
    connection.answer = Exception("Gerrit error executing gerrit review")
    with pytest.raises(Exception, match=r"^Gerrit error executing gerrit review$"):
        connection._ssh("gerrit review 7,1")


@pytest.mark.parametrize("answer", [b"", b"\n", b'{"number":7}\n', b'{"number":7}\n{"type":"sta'])
def test_half_an_answer_is_none(mended: type[Connection], answer: bytes) -> None:
    connection = mended()
    connection.answer = answer
    with pytest.raises(UnreachableError, match="broke off"):
        connection.query("7")


def test_an_error_in_an_answer_is_no_empty_list(mended: type[Connection]) -> None:
    connection = mended()
    connection.answer = b'{"type":"error","message":"Unsupported operator bogus:x"}\n'
    with pytest.raises(RefusedError, match="Unsupported operator bogus:x"):
        connection.query("bogus:x")


@pytest.mark.parametrize("words", ["Internal server error", "cannot read the index: lock failure", ""])
def test_a_fault_of_gerrits_own_in_an_answer_is_no_refusal(mended: type[Connection], words: str) -> None:
    connection = mended()
    connection.answer = f'{{"type":"error","message":"{words}"}}\n'.encode()
    with pytest.raises(FaultError):
        connection.query("7")
    assert connection.client is not None, "the connection is as good as ever"


def test_outages_are_borne_for_ever_refusals_for_some_times_and_faults_for_an_hour() -> None:
    now = [0.0]
    troubles = Troubles(3, lambda: now[0])
    assert [troubles.are_for_good(RefusedError("no")) for _ in range(3)] == [False, False, True]
    for moment, error, is_the_last in (
        (0, FaultError("lock failure"), False),
        (3599, FaultError("lock failure"), False),
        (3600, UnreachableError("away"), False),
        (9000, FaultError("lock failure"), False),
        (12599, FaultError("lock failure"), False),
        (12600, FaultError("lock failure"), True),
    ):
        now[0] = moment
        assert troubles.are_for_good(error) is is_the_last, moment


def test_every_recorded_answer_of_a_real_gerrit_is_a_whole_one(mended: type[Connection]) -> None:
    connection = mended()
    # The answers are one after the other, each behind a line that says of which change.
    answers = (RECORDED / "gerrit-3.11/query.jsonl").read_text().split("# change ")[1:]
    assert {"13", "999"} < {answer.split("\n", 1)[0] for answer in answers}, "hidden and missing ones are among them"
    for answer in answers:
        number, _, connection.answer = answer.encode().partition(b"\n")
        assert connection.query(number.decode())[0].endswith('"moreChanges":false}\n')


class Paramiko:
    """paramiko, as far as the mending touches it."""

    class SSHClient:
        def __init__(self) -> None:
            self.line = socket.socket()

        def connect(self, *where: Any, **settings: Any) -> None:
            self.settings = settings

        def get_transport(self) -> Any:
            return SimpleNamespace(sock=self.line)

        def exec_command(self, command: str, **settings: Any) -> dict[str, Any]:
            return settings


def test_no_question_to_gerrit_waits_for_ever() -> None:
    Paramiko.__name__ = "paramiko"
    module = SimpleNamespace(paramiko=Paramiko)
    asking.wait_for_an_answer_no_longer_than_it_takes(module)
    client = module.paramiko.SSHClient()
    client.connect("review.example.org", port=29418)
    with client.line as line:
        assert client.settings["timeout"] and client.settings["channel_timeout"]
        assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == asking.UNACKNOWLEDGED * 1000
    assert client.exec_command("gerrit query 7") == {"timeout": asking.ANSWER}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "packaging/hello"
    subprocess.run(["git", "init", "-q", "-b", "main", folder], check=True)
    words = ("-c", "user.name=x", "-c", "user.email=x@y", "commit", "-q", "--allow-empty", "-m", "x")
    subprocess.run(["git", "-C", folder, *words], check=True)
    for reference in ("refs/heads/stable/1", "refs/tags/v1", "refs/changes/07/7/1"):
        subprocess.run(["git", "-C", folder, "update-ref", reference, "HEAD"], check=True)
    return folder


@pytest.fixture
def ssh(tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An `ssh` that is Gerrit's end as well; returns the file with its arguments."""
    noted, program = tmp_path / "arguments", tmp_path / "bin/ssh"
    program.parent.mkdir()
    program.write_text(
        f"""#!/bin/sh
printf '%s\\n' "$@" > {shlex.quote(str(noted))}
exec git upload-pack {shlex.quote(str(repository))}
"""
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return noted


def test_branches_are_read_over_ssh_as_zuul_and_only_from_a_host_whose_key_is_known(
    mended: type[Connection], ssh: Path, repository: Path
) -> None:
    connection = mended()
    connection.keyfile = "/home/zuul/.ssh/gerrit"
    refs = connection.getInfoRefs("packaging/hello")  # type: ignore[attr-defined]
    head = subprocess.run(["git", "-C", repository, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    assert refs == dict.fromkeys(["refs/heads/main", "refs/heads/stable/1", "refs/tags/v1"], head.stdout.strip())
    words = ssh.read_text().splitlines()
    assert {"StrictHostKeyChecking=yes", "BatchMode=yes", "/home/zuul/.ssh/gerrit", "29418"} <= set(words)
    assert "zuul@review.example.org" in words


def test_a_repository_that_cannot_be_read_is_said_with_gits_words(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match="does not appear to be a git repository"):
        branches(str(tmp_path / "nowhere"))
