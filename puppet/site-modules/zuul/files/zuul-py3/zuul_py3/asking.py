"""Not about Python 3: what Gerrit is asked, it is asked over SSH, as Zuul's account, and not for ever.

Whoever asks learns which it is: Gerrit could not be asked, which passes, or it said no, which asking again does not
change. Upstream has one kind of exception for both, and takes an answer that broke off for a short one.
"""

import json
import os
import shlex
import socket
import subprocess
import time
import types
from collections.abc import Callable
from typing import Any

from zuul_py3.faults import LATEST, passes
from zuul_py3.hook import mends
from zuul_py3.tools import Facade, text
from zuul_py3.upstream import Connection

# Seconds that Gerrit may take to let Zuul in, and to answer. Upstream waits for ever, with all its queues.
PATIENCE = 30
ANSWER = 60
# Seconds after which a connection on which nothing is acknowledged counts as lost.
UNACKNOWLEDGED = 60


class UnreachableError(Exception):
    """Gerrit could not be asked, or nobody knows what came of it."""


class FaultError(UnreachableError):
    """Gerrit was asked, and has a fault of its own, which may be over in a moment. Its words are ``words``."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class RefusedError(Exception):
    """Gerrit was asked, and said no. Its words are ``words``."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class Troubles:
    """What came of asking Gerrit about one thing, until that is given up.

    An outage lasts as long as it lasts; ``most`` refusals are an answer, and so are faults of Gerrit's own that go on.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._refusals = 0
        self._faulty_since: float | None = None

    def are_for_good(self, error: Exception) -> bool:
        """Notes the next one, and says whether it is to be the last."""
        if isinstance(error, RefusedError):
            self._refusals += 1
            return self._refusals >= self._most
        if not isinstance(error, FaultError):
            self._faulty_since = None
            return False
        now = self._clock()
        self._faulty_since = now if self._faulty_since is None else self._faulty_since
        return now - self._faulty_since >= LATEST


@mends("zuul.connection.gerrit")
def wait_for_an_answer_no_longer_than_it_takes(module: Any) -> None:
    """zuul/connection/gerrit.py:175 and 371: paramiko waits for an hour for a channel, and for ever for an answer."""
    paramiko = module.paramiko

    class Client(paramiko.SSHClient):  # type: ignore[misc,name-defined]  # Zuul's own paramiko
        def connect(self, *args: Any, **settings: Any) -> None:
            limits = {"timeout": PATIENCE, "banner_timeout": PATIENCE, "auth_timeout": PATIENCE}
            super().connect(*args, **{**limits, "channel_timeout": PATIENCE, **settings})
            line = self.get_transport().sock
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED * 1000)

        def exec_command(self, command: str, **settings: Any) -> Any:
            return super().exec_command(command, **{"timeout": ANSWER, **settings})

    module.paramiko = Facade(paramiko, SSHClient=Client)


@mends("zuul.connection.gerrit")
def tell_a_refusal_from_a_gerrit_that_is_away(module: Any) -> None:
    """zuul/connection/gerrit.py:376-397: an exception says nothing of its reason, and half an answer is taken for one.

    A query ends with its statistics, or with an error, at an exit status of 0: simpleQuery() takes both for the end of
    a list, and finds no change that another one depends on.
    """
    cls = module.GerritConnection
    ssh = cls._ssh

    def ask(self: Connection, command: str, stdin_data: Any = None) -> tuple[Any, Any]:
        is_query = command.startswith("gerrit query ")
        try:
            out, err = ssh(self, command, stdin_data)
        except Exception as error:
            if not (str(error).startswith("Gerrit error") and _is_connected(self.client)):
                # The next question opens a connection of its own.
                client, self.client = self.client, None
                if client:
                    client.close()
                raise UnreachableError(f"Gerrit on {self.server} cannot be asked: {error!r}") from error
            if is_query:
                raise RefusedError(str(error)) from error
            raise
        if is_query:
            check_end(text(out))
        return out, err

    cls._ssh = ask


def _is_connected(client: Any) -> bool:
    transport = client.get_transport() if client else None
    return transport is not None and transport.is_active()


def check_end(answer: str) -> None:
    """Raises where the answer to a query is not whole, or none."""
    lines = [line for line in answer.split("\n") if line.strip()]
    try:
        last = json.loads(lines[-1])
    except (IndexError, ValueError):
        raise UnreachableError("Gerrit's answer broke off") from None
    if last.get("type") == "error":
        words = str(last.get("message") or "")
        raise (FaultError if passes(words) else RefusedError)(f"Gerrit does not answer the query: {words}")
    if last.get("type") != "stats":
        raise UnreachableError("Gerrit's answer broke off")


@mends("zuul.connection.gerrit")
def ask_for_changes_by_their_number_only(module: Any) -> None:
    """zuul/connection/gerrit.py:300: `gerrit query 1234` finds a commit 1234… as well, and takes the first line."""
    cls = module.GerritConnection
    query = cls.query

    def query_change(self: Connection, number: str) -> Any:
        return query(self, f"change:{number}")

    cls.query = query_change


@mends("zuul.connection.gerrit")
def read_branches_over_ssh(module: Any) -> None:
    """zuul/connection/gerrit.py:410 asks over HTTP, without a login.

    Where anonymous users may not read, that page has no branches, or is an error; and Gerrit 3 has no /p/ any more.
    """

    def get_info_refs(self: Connection, project: str) -> dict[str, str]:
        return branches(self.getGitUrl(types.SimpleNamespace(name=project)), self.keyfile)

    module.GerritConnection.getInfoRefs = get_info_refs


def branches(url: str, keyfile: str | None = None) -> dict[str, str]:
    """The branches and tags at ``url``: full name → commit. Only a host whose key is known is asked."""
    ssh = ["ssh", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", f"ConnectTimeout={PATIENCE}"]
    if keyfile:
        ssh += ["-i", os.path.expanduser(keyfile)]  # noqa: PTH111 - Zuul's are strings
    settings = {"GIT_SSH_COMMAND": shlex.join(ssh), "GIT_TERMINAL_PROMPT": "0"}
    command = ["git", "ls-remote", "--quiet", "--heads", "--tags", url]
    try:
        done = subprocess.run(
            command, env={**os.environ, **settings}, capture_output=True, timeout=PATIENCE, check=True, encoding="utf-8"
        )
    except subprocess.TimeoutExpired:
        raise UnreachableError(f"{url} did not show its branches within {PATIENCE} s") from None
    except subprocess.CalledProcessError as error:
        raise UnreachableError(f"cannot read the branches of {url}: {error.stderr.strip()}") from None
    pairs = (line.split("\t", 1) for line in done.stdout.splitlines())
    return {name: commit for commit, name in pairs}
