"""A session with one host: run a command, or follow one, with deadlines."""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
from typing import Any

import paramiko  # type: ignore[import-untyped]

from pkgci.model.site import Host, Site
from pkgci.remote.connection import Connection
from pkgci.remote.errors import CommandTimeoutError, HostError, LostConnectionError
from pkgci.remote.framing import Frame, command_line
from pkgci.remote.log import logged_run, logged_stream
from pkgci.remote.pool import Pool
from pkgci.remote.refusals import incomplete, overdue
from pkgci.remote.trust import Trust
from pkgci.remote.watchdog import Watchdog

_CHUNK = 1 << 15
# The longest wait between two looks at a channel: a lost connection does not always wake its reader.
_PATIENCE = 1.0
# How soon to try again to send where the host's receive window is full.
_WINDOW_PATIENCE = 0.02
# How long a channel's end may take to be sent, to a host that may read nothing any more (seconds).
_CLOSING = 1.0


@dataclass(frozen=True)
class Completed:
    """A command that has ended, with the shell's status: 128 and the signal's number where one killed it."""

    status: int
    stdout: str
    stderr: str


class Session:
    """A host we are logged in to. A context manager; one session is used by one thread."""

    def __init__(self, connection: Connection, pool: Pool, limit: float) -> None:
        self.host: Host = connection.host
        self._connection = connection
        self._pool = pool
        self._limit = limit
        self._closed = False

    @logged_run
    def run(
        self,
        command: str,
        *,
        stdin: bytes = b"",
        timeout: float | None = None,
        at_least: float = 0.0,
        sudo: bool | None = None,
    ) -> Completed:
        """Runs ``command``, a POSIX shell program, and waits for its end.

        ``timeout`` (seconds) is how long at most; None means the site's time-out for commands, or ``at_least`` where
        that is more: for a command that is known to take longer.

        It runs as root where ``sudo`` says so; None means what the site file says for this host. No secret belongs into
        ``command`` (an error may show it): secrets go through ``stdin``. A non-zero exit status is not an error.

        Raises ``CommandTimeoutError``, ``LostConnectionError``, ``LoginShellError`` and ``SudoError``.
        """
        allowed = max(self._limit, at_least) if timeout is None else timeout
        deadline = time.monotonic() + allowed
        frame = Frame(root=self._root(sudo))
        exchange = _Exchange(self.host, self._start(frame, allowed), frame.question(command, stdin))
        with self._ending(frame, exchange):
            heard = exchange.output(lambda: deadline, f"a command did not end within {allowed:g} s")
            stdout = b"".join(map(frame.take, heard))
            frame.exit_status = exchange.status(deadline)
        return Completed(frame.status, stdout.decode(errors="replace"), frame.own_errors(exchange.stderr))

    @logged_stream
    def stream(
        self, command: str, *, stdin: bytes = b"", idle_timeout: float, sudo: bool | None = None
    ) -> Generator[str, None, Completed]:
        """Runs ``command`` as ``run`` does, and yields the lines of its standard output as they arrive.

        Returns (as the generator's value) how it ended, with an empty ``stdout``. Closing the generator ends the
        channel, not necessarily the command.

        Raises ``CommandTimeoutError`` where no output arrives for ``idle_timeout`` seconds, and as ``run``.
        """
        frame = Frame(root=self._root(sudo))
        exchange = _Exchange(self.host, self._start(frame, idle_timeout), frame.question(command, stdin))
        with self._ending(frame, exchange):
            rest = b""
            for data in exchange.output(
                lambda: exchange.last_moved + idle_timeout, f"a command has said nothing for {idle_timeout:g} s"
            ):
                *lines, rest = (rest + frame.take(data)).split(b"\n")
                for line in lines:
                    yield line.decode(errors="replace")
            if rest:
                yield rest.decode(errors="replace")
            frame.exit_status = exchange.status(time.monotonic() + idle_timeout)
        return Completed(frame.status, "", frame.own_errors(exchange.stderr))

    @cached_property
    def client_address(self) -> str:
        """This machine's address as the host sees it (behind a jump host: the jump host's)."""
        return self.run('echo "$SSH_CONNECTION"', sudo=False).stdout.partition(" ")[0].strip()

    def close(self) -> None:
        """Ends the session. The connection stays open while others use it."""
        if not self._closed:
            self._closed = True
            self._pool.release(self._connection)

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self, frame: Frame, timeout: float) -> Any:
        """The channel of a command that waits for its program. sshd has the site's time-out to start it, or less."""
        allowed = min(timeout, self._limit)
        deadline = time.monotonic() + allowed
        try:
            channel = self._connection.transport.open_session(timeout=allowed)
            # paramiko waits for the answer to a request as long as the channel is open.
            with Watchdog(lambda: deadline, channel.close):
                channel.exec_command(command_line(frame.root))
        except (EOFError, OSError, paramiko.SSHException) as error:
            if not self._connection.alive:
                raise _lost(self.host) from None
            if time.monotonic() >= deadline:
                raise CommandTimeoutError(
                    self.host.name,
                    f"sshd lets us in, but starts no command within {allowed:g} s",
                    "is the host frozen, or short of memory or processes? A slow one needs "
                    "`timeouts: {command: SECONDS}` in the site file",
                ) from None
            reason = error.text if isinstance(error, paramiko.ChannelException) else error
            raise HostError(self.host.name, f"sshd does not start a command: {reason}", "see its sshd's log") from None
        return channel

    def _root(self, sudo: bool | None) -> bool:
        return self.host.ssh.sudo if sudo is None else sudo

    @contextmanager
    def _ending(self, frame: Frame, exchange: _Exchange) -> Iterator[None]:
        """Closes ``exchange`` at its end, and raises what it means where the answer is not whole."""
        try:
            yield
        except CommandTimeoutError:
            refusal = overdue(self.host, frame, exchange.stderr)
            if refusal is not None:
                raise refusal from None
            raise
        finally:
            exchange.close()
        incompleteness = incomplete(self.host, frame, exchange.stderr)
        if incompleteness is not None:
            raise incompleteness


def open_session(
    site: Site, host: Host, trust: Trust, pool: Pool | None = None, *, timeout: float | None = None
) -> Session:
    """Logs in to ``host``, through its jump host where the site declares one.

    ``pool`` has the connections that sessions share; without one, the session has a connection of its own.
    ``timeout`` (seconds) bounds each step: connecting, the key exchange, logging in; None means the site's. Raises
    ``UnreachableError``, ``AuthenticationError``, ``UnknownHostKeyError``, ``ChangedHostKeyError``.
    """
    pool = pool or Pool()
    allowed = site.timeouts.connect if timeout is None else timeout
    return Session(pool.acquire(site, host, trust, allowed), pool, site.timeouts.command)


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
        self._sending = False
        self.stderr = b""
        # When the last byte was sent or received.
        self.last_moved = time.monotonic()
        channel.setblocking(False)
        if not stdin:
            channel.shutdown_write()

    def output(self, deadline: Callable[[], float], overdue: str) -> Generator[bytes, None, None]:
        """Standard output, as it arrives, until its end. ``deadline()`` is when to give up, which ``overdue`` tells."""
        late = CommandTimeoutError(self._host.name, overdue, "it may still run on the host")

        def stuck() -> float:
            return (deadline() if self._sending else time.monotonic()) + _CLOSING

        # A host that reads nothing any more holds up, for ever, whoever sends to it.
        with Watchdog(stuck, self._channel.get_transport().close) if self._unsent else nullcontext() as watchdog:
            try:
                yield from self._exchanged(deadline, late)
            except EOFError:
                raise late if watchdog is not None and watchdog.fired else _lost(self._host) from None

    def _exchanged(self, deadline: Callable[[], float], late: CommandTimeoutError) -> Generator[bytes, None, None]:
        descriptor = self._channel.fileno()
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        while True:
            sent = self._send()
            data = self._receive()
            if data:
                yield data
            left = deadline() - time.monotonic()
            if left <= 0:
                raise late
            if data or sent:
                continue
            if self._channel.eof_received or self._channel.closed:
                # What arrived between the last look and the end of the stream.
                data = self._receive()
                if not data:
                    return
                yield data
                continue
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
        deadline = time.monotonic() + _CLOSING
        with Watchdog(lambda: deadline, self._channel.get_transport().close), suppress(EOFError, OSError):
            self._channel.close()

    def _send(self) -> bool:
        """Sends as much of standard input as the host takes now; whether that was anything."""
        sent = 0
        while self._unsent and self._channel.send_ready():
            try:
                self._sending = True
                count = self._channel.send(self._unsent[:_CHUNK].tobytes())
            except OSError:
                # The command has ended, or does not want more.
                self._unsent = memoryview(b"")
                return False
            finally:
                self._sending = False
            self._unsent = self._unsent[count:]
            self.last_moved = time.monotonic()
            sent += count
            if not self._unsent:
                self._channel.shutdown_write()
        return sent > 0

    def _receive(self) -> bytes:
        """What has arrived: standard output is returned, standard error is kept."""
        heard = b""
        while self._channel.recv_stderr_ready():
            self.stderr += self._channel.recv_stderr(_CHUNK)
            self.last_moved = time.monotonic()
        while self._channel.recv_ready():
            heard += self._channel.recv(_CHUNK)
            self.last_moved = time.monotonic()
            if len(heard) > 1 << 20:
                break
        return heard
