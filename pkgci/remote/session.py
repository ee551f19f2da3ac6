"""A session with one host: run a command, or follow one, with deadlines."""

from __future__ import annotations

import re
import select
import shlex
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
from typing import Any

import paramiko  # type: ignore[import-untyped]

from pkgci.model.site import Host, Site
from pkgci.remote.connection import Connection
from pkgci.remote.errors import CommandTimeoutError, HostError, LostConnectionError, SudoError
from pkgci.remote.log import logged_run, logged_stream
from pkgci.remote.pool import POOL
from pkgci.remote.trust import Trust

_CHUNK = 1 << 15
# The longest wait between two looks at a channel: a lost connection does not always wake its reader.
_PATIENCE = 1.0
# How soon to try again to send where the host's receive window is full.
_WINDOW_PATIENCE = 0.02


@dataclass(frozen=True)
class Completed:
    """A command that has ended. ``status`` is -1 where a signal killed it."""

    status: int
    stdout: str
    stderr: str


class Session:
    """A host we are logged in to. A context manager; one session is used by one thread."""

    def __init__(self, connection: Connection) -> None:
        self.host: Host = connection.host
        self._connection = connection
        self._closed = False

    @logged_run
    def run(self, command: str, *, stdin: bytes = b"", timeout: float, sudo: bool | None = None) -> Completed:
        """Runs ``command``, a POSIX shell command line, and waits for its end, at most ``timeout`` seconds.

        It runs as root where ``sudo`` says so; None means what the site file says for this host. No secret belongs into
        ``command`` (`ps` shows it): secrets go through ``stdin``. A status but 0 is no error.

        Raises ``CommandTimeoutError``, ``LostConnectionError`` and ``SudoError``.
        """
        deadline = time.monotonic() + timeout
        exchange = _Exchange(self.host, self._start(command, sudo, timeout), stdin)
        try:
            stdout = b"".join(exchange.output(lambda: deadline, f"a command did not end within {timeout:g} s"))
            status = exchange.status(deadline)
        finally:
            exchange.close()
        completed = Completed(status, stdout.decode(errors="replace"), exchange.stderr.decode(errors="replace"))
        self._check_sudo(completed, sudo)
        return completed

    @logged_stream
    def stream(
        self, command: str, *, stdin: bytes = b"", idle_timeout: float, sudo: bool | None = None
    ) -> Generator[str, None, Completed]:
        """Runs ``command`` as ``run`` does, and yields the lines of its standard output as they arrive.

        Returns (as the generator's value) how it ended, with an empty ``stdout``. Closing the generator ends the
        channel, not necessarily the command.

        Raises ``CommandTimeoutError`` where no output arrives for ``idle_timeout`` seconds, and as ``run``.
        """
        exchange = _Exchange(self.host, self._start(command, sudo, idle_timeout), stdin)
        try:
            rest = b""
            for data in exchange.output(
                lambda: exchange.last_heard + idle_timeout, f"a command has said nothing for {idle_timeout:g} s"
            ):
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    yield line.decode(errors="replace")
            if rest:
                yield rest.decode(errors="replace")
            status = exchange.status(time.monotonic() + idle_timeout)
        finally:
            exchange.close()
        completed = Completed(status, "", exchange.stderr.decode(errors="replace"))
        self._check_sudo(completed, sudo)
        return completed

    @cached_property
    def client_address(self) -> str:
        """This machine's address as the host sees it (behind a jump host: the jump host's)."""
        return self.run('echo "$SSH_CONNECTION"', timeout=15, sudo=False).stdout.partition(" ")[0].strip()

    def close(self) -> None:
        """Ends the session. The connection stays open while others use it."""
        if not self._closed:
            self._closed = True
            POOL.release(self._connection)

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self, command: str, sudo: bool | None, timeout: float) -> Any:
        """The channel of the started ``command``."""
        try:
            channel = self._connection.transport.open_session(timeout=timeout)
            channel.exec_command(shell_line(command, self._root(sudo)))
        except (EOFError, OSError, paramiko.SSHException) as error:
            if not self._connection.alive:
                raise _lost(self.host) from None
            raise HostError(self.host.name, f"sshd does not start a command: {error}") from None
        return channel

    def _root(self, sudo: bool | None) -> bool:
        return self.host.ssh.sudo if sudo is None else sudo

    def _check_sudo(self, completed: Completed, sudo: bool | None) -> None:
        if self._root(sudo):
            reason = sudo_refusal(completed)
            if reason is not None:
                raise SudoError(
                    self.host.name,
                    f"{self.host.ssh.user} cannot become root: {reason}",
                    f"on the host, as root: `echo '{self.host.ssh.user} ALL=(ALL) NOPASSWD: ALL' "
                    "> /etc/sudoers.d/pkgci`, and sudo must be installed",
                )


def open_session(site: Site, host: Host, trust: Trust, *, timeout: float = 10.0) -> Session:
    """Logs in to ``host``, through its jump host where the site declares one.

    ``timeout`` (seconds) bounds each step: connecting, the key exchange, logging in. Raises ``UnreachableError``,
    ``AuthenticationError``, ``UnknownHostKeyError``, ``ChangedHostKeyError``.
    """
    return Session(POOL.acquire(site, host, trust, timeout))


def shell_line(command: str, root: bool) -> str:
    """``command`` for any login shell: run by a POSIX shell, as root where asked, with English messages in UTF-8."""
    sudo = "sudo -n " if root else ""
    return f"exec env LC_ALL=C.UTF-8 {sudo}sh -c {shlex.quote(command)}"


def sudo_refusal(completed: Completed) -> str | None:
    """Why sudo did not run the command at all; None where it did."""
    if completed.stdout or completed.status not in (1, 127):
        return None
    last = completed.stderr.strip().splitlines()[-1:] or [""]
    if completed.status == 127:
        return "sudo is not installed" if re.match(r"env: .?sudo.?: No such file", last[0]) else None
    refused = r"sudo: .*(password is required|terminal is required|must have a tty)|.* is not (allowed|in the sudoers)"
    return last[0].removeprefix("sudo: ") if re.match(refused, last[0]) or _not_allowed(last[0]) else None


def _not_allowed(line: str) -> bool:
    return line.startswith("Sorry, user ") and "not allowed to execute" in line


def _lost(host: Host) -> LostConnectionError:
    return LostConnectionError(
        host.name, "the connection was lost", "what was started there may go on: run the same command again"
    )


class _Exchange:
    """One command's channel: feeds standard input and takes what comes, neither waiting for the other."""

    def __init__(self, host: Host, channel: Any, stdin: bytes) -> None:
        self._host = host
        self._channel = channel
        self._unsent = memoryview(stdin)
        self.stderr = b""
        self.last_heard = time.monotonic()
        channel.setblocking(False)
        if not stdin:
            channel.shutdown_write()

    def output(self, deadline: Callable[[], float], overdue: str) -> Generator[bytes, None, None]:
        """Standard output, as it arrives, until its end. ``deadline()`` is when to give up, which ``overdue`` tells."""
        descriptor = self._channel.fileno()
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        while True:
            sent = self._send()
            data = self._receive()
            if data:
                yield data
            if data or sent:
                continue
            if self._channel.eof_received or self._channel.closed:
                # What arrived between the last look and the end of the stream.
                data = self._receive()
                if not data:
                    return
                yield data
                continue
            left = deadline() - time.monotonic()
            if left <= 0:
                raise CommandTimeoutError(self._host.name, overdue, "it may still run on the host")
            poll.poll(1000 * min(left, _WINDOW_PATIENCE if self._unsent else _PATIENCE))
            if not self._channel.get_transport().is_active():
                raise _lost(self._host)

    def status(self, deadline: float) -> int:
        """The command's exit status, which comes after its output."""
        while not self._channel.status_event.wait(min(_PATIENCE, max(0.0, deadline - time.monotonic()))):
            if not self._channel.get_transport().is_active():
                raise _lost(self._host)
            if time.monotonic() >= deadline:
                raise CommandTimeoutError(self._host.name, "a command closed its output, but did not end in time")
        status = int(self._channel.exit_status)
        if status == -1 and not self._channel.get_transport().is_active():
            raise _lost(self._host)
        return status

    def close(self) -> None:
        self._channel.close()

    def _send(self) -> bool:
        """Sends as much of standard input as the host takes now; whether that was anything."""
        sent = 0
        while self._unsent and self._channel.send_ready():
            try:
                count = self._channel.send(self._unsent[:_CHUNK].tobytes())
            except OSError:
                # The command has ended, or does not want more.
                self._unsent = memoryview(b"")
                return False
            self._unsent = self._unsent[count:]
            sent += count
            if not self._unsent:
                self._channel.shutdown_write()
        return sent > 0

    def _receive(self) -> bytes:
        """What has arrived: standard output is returned, standard error is kept."""
        heard = b""
        while self._channel.recv_stderr_ready():
            self.stderr += self._channel.recv_stderr(_CHUNK)
            self.last_heard = time.monotonic()
        while self._channel.recv_ready():
            heard += self._channel.recv(_CHUNK)
            self.last_heard = time.monotonic()
            if len(heard) > 1 << 20:
                break
        return heard
