"""pkgci-signer: the service that holds the keys of the package repositories. systemd starts it, with its socket."""

from __future__ import annotations

import hashlib
import json
import pwd
import socket
import socketserver
import struct
import subprocess
import sys
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from .. import settings
from ..repository import places
from . import policy, wire

HOME = Path("/var/lib/pkgci-signer/gnupg")
_SECONDS = 60.0
# Signatures for one account within an hour: a hundred times what a busy site needs.
_MOST = 20_000
_AT_ONCE = 4
_IDLE = 60.0  # seconds
_FIRST_SOCKET = 3  # sd_listen_fds(3)


def who(connection: socket.socket) -> str:
    """The account at the other end, which the kernel names."""
    _, user, _ = struct.unpack(
        "3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    )
    return pwd.getpwuid(user).pw_name


def gpg(words: tuple[str, ...], keys: tuple[str, ...], data: bytes) -> bytes:
    """What gpg says of ``data`` on its standard input. Raises ``ValueError``."""
    users = [word for key in keys for word in ("--local-user", key)]
    command = ["gpg", "--homedir", str(HOME), "--batch", "--no-tty", "--quiet", *users, *words, "--output", "-"]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ValueError(f"gpg does not sign: {error}") from None
    if done.returncode != 0 or not done.stdout:
        said = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise ValueError(f"gpg does not sign: {said or done.returncode}")
    return done.stdout


@dataclass
class Signer:
    """Answers requests. ``sign`` is gpg; ``file`` names the keys."""

    site: str
    sign: Callable[[tuple[str, ...], tuple[str, ...], bytes], bytes] = gpg
    file: Path = places.SIGNING
    clock: Callable[[], float] = time.monotonic
    say: Callable[[str], None] = lambda text: print(text, flush=True)
    _given: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _places: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(_AT_ONCE))

    def answer(self, account: str, stream: BinaryIO) -> bytes:
        """The answer to the request in ``stream``. What was signed, and what was refused, is said."""
        what = "something"
        try:
            key, kind, size, name = wire.read_request(stream)
            what = f"{key} {kind} {name}"
            if why := policy.refusal(account, key, kind, size) or self._too_many(account):
                raise ValueError(why)
            data = wire.exactly(stream, size, policy.KINDS[kind].limit)
            if why := policy.objection(self.site, key, kind, data):
                raise ValueError(why)
            keys = self._keys(key, kind)
            with self._places:
                signature = self.sign(policy.KINDS[kind].words, keys, data)
        except ValueError as error:
            self.say(f"refused {what} for {account}: {error}")
            return f"no {error}\n".encode()
        digest = hashlib.sha256(data).hexdigest()
        self.say(f"signed {what} for {account}: sha256 {digest}, {size} bytes, by {' '.join(keys)}")
        return f"ok {len(signature)}\n".encode() + signature

    def _keys(self, key: str, kind: str) -> tuple[str, ...]:
        """Puppet may have written others since."""
        try:
            keys = tuple(json.loads(self.file.read_text())[key])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{self.file} names no {key} keys: {error}") from None
        if not keys:
            raise ValueError(f"{self.file} names no {key} keys")
        return keys if policy.KINDS[kind].every_key else keys[:1]

    def _too_many(self, account: str) -> str:
        now = self.clock()
        with self._lock:
            given = self._given[account]
            while given and given[0] < now - 3600:
                given.popleft()
            if len(given) >= _MOST:
                return f"the account {account} has had {_MOST} files signed within an hour: it waits"
            given.append(now)
        return ""


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    timeout = _IDLE

    def __init__(self, signer: Signer, listening: socket.socket) -> None:
        self.signer = signer
        self.idle = False
        self.busy = 0
        super().__init__("", _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening

    def handle_timeout(self) -> None:
        self.idle = self.busy == 0


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        server = cast(_Server, self.server)
        self.request.settimeout(_SECONDS)
        server.busy += 1
        try:
            account = who(self.request)
            with self.request.makefile("rb") as stream:
                self.request.sendall(server.signer.answer(account, cast(BinaryIO, stream)))
        except (OSError, KeyError) as error:
            server.signer.say(f"somebody went away: {error}")
        finally:
            server.busy -= 1


def serve(signer: Signer, listening: socket.socket) -> None:
    """Answers, until nobody has asked for a while: systemd has the socket, and starts it again."""
    with _Server(signer, listening) as server:
        while not server.idle:
            server.handle_request()


def main() -> int:
    """The program."""
    if len(sys.argv) > 1:
        print("pkgci-signer is a service: systemctl status pkgci-signer", file=sys.stderr)
        return 2
    serve(Signer(settings.read().site), socket.socket(fileno=_FIRST_SOCKET))
    return 0
