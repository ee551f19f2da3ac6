"""A Gearman server that is gone: the client finds out at once, and so does whoever waits for an answer."""

from __future__ import annotations

import importlib.util
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from types import ModuleType
from typing import Any

import pytest
from zuul_py3 import hook

# Seconds, and how long who waits in vain would wait.
SOON, PATIENCE = 10, 30


@pytest.fixture
def gear(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """gear as Zuul imports it; the one that other tests have imported stays as it is."""
    hook.install()
    monkeypatch.delitem(sys.modules, "gear", raising=False)
    spec = importlib.util.find_spec("gear")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        listening.settimeout(SOON)
        yield listening


@pytest.fixture
def client(gear: ModuleType, server: socket.socket) -> Iterator[Any]:
    connected = gear.Client("alice")
    connected.addServer(*server.getsockname())
    yield connected
    connected.shutdown()


def accepted(server: socket.socket) -> socket.socket:
    connection, _ = server.accept()
    connection.settimeout(SOON)
    return connection


def leave(server: socket.socket, connection: socket.socket) -> None:
    server.close()
    connection.close()


def read_until(connection: socket.socket, words: bytes) -> None:
    read = b""
    while words not in read:
        new = connection.recv(4096)
        assert new, f"{words!r} did not come, but {read!r}"
        read += new


def test_a_client_says_its_name_as_soon_as_it_is_connected(server: socket.socket, client: Any) -> None:
    with accepted(server) as connection:
        read_until(connection, b"alice")


def test_a_job_whose_server_goes_before_it_answers_is_given_up_at_once(
    gear: ModuleType, server: socket.socket, client: Any
) -> None:
    with accepted(server) as connection, ThreadPoolExecutor() as pool:
        client.waitForServer()
        submission = pool.submit(client.submitJob, gear.TextJob("merger:merge", "{}"), timeout=PATIENCE)
        read_until(connection, b"merger:merge")
        leave(server, connection)
        with pytest.raises(gear.NoConnectedServersError):
            submission.result(SOON)


@pytest.mark.parametrize("answer", [b"", b"build:hello\t0\t0\t"])
def test_a_question_whose_server_goes_before_its_whole_answer_is_given_up_at_once(
    gear: ModuleType, server: socket.socket, client: Any, answer: bytes
) -> None:
    with accepted(server) as connection, ThreadPoolExecutor() as pool:
        client.waitForServer()
        (link,) = client.active_connections
        question = pool.submit(link.sendAdminRequest, gear.StatusAdminRequest(), timeout=PATIENCE)
        read_until(connection, b"status\n")
        connection.sendall(answer)
        leave(server, connection)
        with pytest.raises(gear.ConnectionError, match="was lost before it answered"):
            question.result(SOON)


def test_a_question_that_is_answered_has_its_answer(gear: ModuleType, server: socket.socket, client: Any) -> None:
    with accepted(server) as connection, ThreadPoolExecutor() as pool:
        client.waitForServer()
        (link,) = client.active_connections
        request = gear.StatusAdminRequest()
        question = pool.submit(link.sendAdminRequest, request, timeout=PATIENCE)
        read_until(connection, b"status\n")
        connection.sendall(b"build:hello\t0\t0\t1\n.\n")
        question.result(SOON)
        assert request.response == b"build:hello\t0\t0\t1\n.\n"
