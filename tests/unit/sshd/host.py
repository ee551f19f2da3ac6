"""One scripted host: listens on a port of its own, lets in whom its script says, and answers."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import threading
from collections.abc import Mapping
from typing import Any

import asyncssh

from tests.unit.sshd.frames import unframed
from tests.unit.sshd.script import Answer, Answerer, End, Fault, Heard, Rule

Process = asyncssh.SSHServerProcess[bytes]

_UNKNOWN = Answer(stderr="the scripted host has no answer to this\n", status=127)


class ScriptedHost:
    """A host of a ``Network``. What it does may be changed at any time; new connections and commands follow it."""

    def __init__(self, name: str, address: str, host_key: asyncssh.SSHKey, loop: asyncio.AbstractEventLoop) -> None:
        self.name = name
        self.address = address
        self.host_key = host_key
        self.fault = Fault.NONE
        self.users: dict[str, list[str]] = {}
        self.forwards: Mapping[str, ScriptedHost] = {}
        self.forwarding = True
        self.login_delay = 0.0
        self.drops = 0
        self.banner = ""
        # Without one, the command line itself is answered, as by an account that runs something else.
        self.has_shell = True
        self.heard: list[Heard] = []
        self.logins: list[str] = []
        self.tries = 0
        self.open = 0
        self._rules: list[Rule] = []
        self._window = 1 << 21
        self._connections: set[asyncssh.SSHServerConnection] = set()
        self._streams: list[socket.socket] = []
        self._welcomes: set[asyncio.Future[None]] = set()
        self._changed = threading.Condition()
        self._loop = loop
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._hole: list[socket.socket] = []
        self._serving: asyncio.Future[None] | None = None

    # What a test writes down.

    def on(
        self,
        pattern: str,
        stdout: str | bytes | tuple[str | bytes | float, ...] = "",
        stderr: str = "",
        status: int = 0,
        end: End = End.EXIT,
    ) -> None:
        """Commands with ``pattern`` in them are answered so; what was written down last is looked at first."""
        self.on_call(pattern, Answer(stdout, stderr, status, end))

    def on_call(self, pattern: str, answer: Answer | Answerer) -> None:
        """The same, with an answer that may be worked out."""
        self._rules.insert(0, Rule(re.compile(pattern), answer))

    def narrow(self) -> None:
        """From now on whoever connects meets a host that takes a little at a time: what it does not read is stuck."""
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._window = 1 << 28

    # What a test asks.

    def texts(self) -> list[str]:
        """The text of each command that arrived."""
        return [heard.text for heard in self.heard]

    def wait_for(self, pattern: str, timeout: float = 60.0) -> Heard:
        """The first command with ``pattern`` in it, as soon as it has arrived."""
        with self._changed:
            found: list[Heard] = []

            def arrived() -> bool:
                found[:] = [heard for heard in self.heard if re.search(pattern, heard.text)]
                return bool(found)

            assert self._changed.wait_for(arrived, timeout), f"{self.name} was not told {pattern}"
            return found[0]

    def wait_closed(self, timeout: float = 60.0) -> None:
        """Returns once nobody is connected any more."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.open == 0, timeout), f"{self.open} connections stayed open"

    def wait_tried(self, timeout: float = 60.0) -> None:
        """Returns once somebody has connected."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.tries > 0, timeout), f"nobody connected to {self.name}"

    # The server. Everything below runs on the network's loop.

    @property
    def endpoint(self) -> tuple[str, int]:
        """Where it really listens."""
        address, port = self._listener.getsockname()
        return address, port

    async def start(self) -> None:
        """Listens from now on."""
        if self.fault is Fault.REFUSES:
            return
        if self.fault is Fault.BLACK_HOLE:
            self._dig()
            return
        self._listener.listen(128)
        self._listener.setblocking(False)
        self._serving = asyncio.ensure_future(self._serve())

    async def _serve(self) -> None:
        while True:
            stream, _ = await self._loop.sock_accept(self._listener)
            self._count(tries=1)
            task = asyncio.ensure_future(self._welcome(stream))
            self._welcomes.add(task)
            task.add_done_callback(self._welcomes.discard)

    def _dig(self) -> None:
        """A full queue of connections that nobody accepts: the kernel drops what else comes."""
        self._listener.listen(0)
        for _ in range(2):
            filler = socket.socket()
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(self.endpoint)
            self._hole.append(filler)

    async def _welcome(self, stream: socket.socket) -> None:
        self._streams.append(stream)
        if self.fault is Fault.HANGS_UP or self.drops > 0:
            self.drops -= 1
            stream.close()
        elif self.fault is not Fault.MUTE:
            with contextlib.suppress(OSError, asyncssh.Error):
                await asyncssh.run_server(
                    stream,
                    server_factory=lambda: _Server(self),
                    server_host_keys=[self.host_key],
                    encoding=None,
                    window=self._window,
                    password_auth=False,
                    kbdint_auth=False,
                    agent_forwarding=False,
                    login_timeout=0,
                )

    async def answer(self, process: Process) -> None:
        """Takes a command and answers it."""
        try:
            stdin = await process.stdin.read()
            user = str(process.get_extra_info("username"))
            peer, port = process.get_extra_info("peername")[:2]
            arrived = Heard(user, process.command or "", stdin, f"{peer} {port} {self.address} 22")
            framed = unframed(arrived) if self.has_shell else None
            heard = arrived if framed is None else framed.heard
            with self._changed:
                self.heard.append(heard)
                self._changed.notify_all()
            answer = await asyncio.to_thread(self._choose, heard)
            await _give(process, answer if framed is None else framed.around(answer))
        except (OSError, asyncssh.Error, asyncssh.SignalReceived, asyncssh.BreakReceived):
            process.close()

    def _choose(self, heard: Heard) -> Answer:
        for rule in self._rules:
            answer = rule.to(heard)
            if answer is not None:
                return answer
        return _UNKNOWN

    def _count(self, tries: int = 0, opened: int = 0) -> None:
        with self._changed:
            self.tries += tries
            self.open += opened
            self._changed.notify_all()

    def connected(self, connection: asyncssh.SSHServerConnection) -> None:
        self._connections.add(connection)
        self._count(opened=1)

    def disconnected(self, connection: asyncssh.SSHServerConnection) -> None:
        self._connections.discard(connection)
        self._count(opened=-1)

    def shut(self) -> None:
        """Ends it, and every connection."""
        for connection in tuple(self._connections):
            connection.abort()
        for stream in (self._listener, *self._hole, *self._streams):
            stream.close()


async def _give(process: Process, answer: Answer) -> None:
    for part in answer.parts:
        if isinstance(part, bytes):
            process.stdout.write(part)
        else:
            await asyncio.sleep(part)
    process.stderr.write(answer.stderr.encode())
    match answer.end:
        case End.EXIT:
            process.exit(answer.status)
        case End.KILLED:
            process.channel.exit_with_signal("KILL")
        case End.CLOSED_OUTPUT:
            process.stdout.write_eof()
            await asyncio.Event().wait()
        case End.HANG:
            await asyncio.Event().wait()
        case End.DROP:
            await process.stdout.drain()
            connection: Any = process.channel.get_connection()
            # What was written arrives; nothing says goodbye.
            connection._transport.close()


class _Server(asyncssh.SSHServer):
    """One connection's login and sessions."""

    def __init__(self, host: ScriptedHost) -> None:
        self._host = host
        self._connection: Any = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._host.connected(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        self._host.disconnected(self._connection)

    async def begin_auth(self, username: str) -> bool:  # type: ignore[override]
        await asyncio.sleep(self._host.login_delay)
        if self._host.banner:
            self._connection.send_auth_banner(self._host.banner)
        keys = self._host.users.get(username, [])
        if keys:
            self._connection.set_authorized_keys(asyncssh.import_authorized_keys("\n".join(keys)))
        return True

    def auth_completed(self) -> None:
        self._host.logins.append(str(self._connection.get_extra_info("username")))
        if self._host.fault is Fault.FROZEN:
            # What is under way of the login is still sent; from then on nothing is read.
            self._connection._transport.pause_reading()

    def session_requested(self) -> Any:
        return _Session(self._host)

    async def _forward(self, host: ScriptedHost) -> Any:
        return await self._connection.forward_connection(*host.endpoint)

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> Any:
        if not self._host.forwarding:
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED, "forbidden")
        found = self._host.forwards.get(dest_host)
        if found is None:
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_CONNECT_FAILED, "no route")
        return self._forward(found)


class _Session(asyncssh.SSHServerProcess[bytes]):
    """One session, whose request for a command is answered as the host's fault says."""

    def __init__(self, host: ScriptedHost) -> None:
        super().__init__(host.answer, None, 3, False)
        self._host = host

    def exec_requested(self, command: str) -> bool:
        if self._host.fault is Fault.STOPS_READING:
            self._chan.get_connection()._transport.pause_reading()
        if self._host.fault is Fault.NO_EXEC_ANSWER:
            return None  # type: ignore[return-value]
        return self._host.fault is not Fault.REFUSES_EXEC and super().exec_requested(command)
