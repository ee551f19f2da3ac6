"""The reports' own connection to Gerrit: no answer is told apart from a refusal, and the message is one argument."""

from __future__ import annotations

import logging
import shlex
from types import SimpleNamespace
from typing import Any

import pytest
from zuul_py3 import asking, gerrit, line, refusals


class Channel:
    def __init__(self, status: int) -> None:
        self.status = status

    def recv_exit_status(self) -> int:
        return self.status


class Client:
    """paramiko's, as far as it is used: one answer for every command."""

    def __init__(self, out: bytes = b"", err: bytes = b"", status: int = 0, fault: Exception | None = None) -> None:
        self.out, self.err, self.status, self.fault = out, err, status, fault
        self.commands: list[str] = []
        self.closed = False
        self.active = True

    def exec_command(self, command: str, timeout: float) -> tuple[Any, Any, Any]:
        self.commands.append(command)
        if self.fault:
            raise self.fault
        stdout = SimpleNamespace(read=lambda: self.out, channel=Channel(self.status))
        return None, stdout, SimpleNamespace(read=lambda: self.err)

    def get_transport(self) -> Any:
        return SimpleNamespace(is_active=lambda: self.active)

    def close(self) -> None:
        self.closed = True


def connected(client: Client) -> Any:
    """A line over ``client``, of a connection as Zuul's is, as far as the mending touches it."""

    class GerritConnection:
        log = logging.getLogger("tests.line")

        def __init__(self, name: str, config: dict[str, str]) -> None:
            self.connection_name, self.connection_config, self.user, self.client = name, config, "zuul", None

        def _open(self) -> None:
            if isinstance(client.fault, ConnectionError):
                raise client.fault
            self.client = client  # type: ignore[assignment]

        def review(self, project: str, change: str, message: str, action: dict[str, Any]) -> None:
            # zuul/connection/gerrit.py:284
            words = f'gerrit review --project {project} --message "{message}"'
            for key, value in action.items():
                words += f" --{key}" if value is True else f" --label {key}={value}"
            self._ssh(f"{words} {change}")  # type: ignore[attr-defined]

    module = SimpleNamespace(GerritConnection=GerritConnection)
    gerrit.quote_messages(module)
    line.report_on_a_line_of_its_own(module)
    return GerritConnection("gerrit", {}).reportingLine()  # type: ignore[attr-defined]


def review(client: Client) -> None:
    connected(client).review("demo/b", "33,1", 'It says "no"\n', {"Verified": 2, "submit": True})


def test_a_report_is_one_command_whose_message_cannot_end_it() -> None:
    client = Client()
    review(client)
    words = shlex.split(client.commands[0])
    assert words == [
        *("gerrit", "review", "--project", "demo/b", "--message", 'It says "no"\n'),
        *("--label", "Verified=2", "--submit", "33,1"),
    ]


def test_what_gerrit_refuses_is_told_in_its_words() -> None:
    with pytest.raises(asking.RefusedError, match="submit not permitted"):
        review(Client(err=b"error: fatal: submit not permitted\n", status=1))


@pytest.mark.parametrize(
    "client",
    [
        Client(fault=ConnectionRefusedError("port 29418 is closed")),
        Client(fault=OSError("the connection broke")),
        Client(fault=TimeoutError()),
        Client(status=-1),
    ],
    ids=["no connection", "a broken one", "no answer", "an end before the answer's"],
)
def test_a_gerrit_that_does_not_answer_is_away_and_is_connected_to_again(client: Client) -> None:
    one = connected(client)
    with pytest.raises(asking.UnreachableError):
        one.review("demo/b", "33,1", "Build succeeded.", {})
    assert one.client is None


def test_a_connection_that_gerrit_has_ended_meanwhile_is_opened_again_and_costs_nothing() -> None:
    client = Client(out=b'{"number":33}\n{"type":"stats","rowCount":1}\n')
    one = connected(client)
    assert one.look("33")
    client.active = False
    assert one.look("33")
    assert client.closed


def test_a_change_is_looked_at_by_its_number_as_text() -> None:
    client = Client(out=b'{"number":33,"status":"NEW"}\n{"type":"stats","rowCount":1}\n')
    assert connected(client).look("33") == {"number": "33", "status": "NEW"}
    assert client.commands[0].endswith(" change:33")


def test_a_change_that_there_is_not_is_none_and_an_error_is_another_thing() -> None:
    assert connected(Client(out=b'{"type":"stats","rowCount":0}\n')).look("999") is None
    for client in (
        Client(out=b'{"type":"error","message":"index is closed"}\n'),
        Client(out=b'{"type":"error","message":"Internal server error"}\n'),
        Client(err=b"fatal: error", status=1),
    ):
        with pytest.raises(refusals.LaterError):
            connected(client).look("33")


@pytest.mark.parametrize("answer", [b"", b'{"number":7}\n', b'{"number":33,"status":"NEW"}\n'])
def test_an_answer_that_broke_off_says_nothing_of_a_change(answer: bytes) -> None:
    with pytest.raises(asking.UnreachableError, match="broke off"):
        connected(Client(out=answer)).look("33")
