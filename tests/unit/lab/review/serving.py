"""The review with its doors open on this machine: SSH and HTTPS, for the tests that come in through them."""

from __future__ import annotations

import asyncio
import http.client
import os
import ssl
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from pkgci.lab.stand_ins.review.review import Review
from pkgci.lab.stand_ins.review.ssh import SshSide
from pkgci.lab.stand_ins.review.web import WebServer, serve_in_background


def make_key(path: Path) -> str:
    """An SSH key pair; returns the public one."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", path.name, "-f", str(path)], check=True)
    return path.with_suffix(".pub").read_text().strip()


@dataclass(frozen=True)
class Door:
    """The SSH side, at ``port`` of this machine, and the key that opens it."""

    port: int
    key: Path

    @property
    def ssh(self) -> list[str]:
        """The ssh client: it goes to this machine, whatever name and port follow."""
        options = ("IdentitiesOnly=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR")
        place = ("HostName=127.0.0.1", f"Port={self.port}", "BatchMode=yes")
        words = [word for option in (*options, *place) for word in ("-o", option)]
        return ["ssh", "-F", "none", "-i", str(self.key), *words]

    def run(self, user: str, command: str) -> subprocess.CompletedProcess[str]:
        """Runs a command as ``user``."""
        words = [*self.ssh, f"{user}@review", command]
        return subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, check=False)

    def git(
        self, *words: str, user: str = "alice", email: str = "", where: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs git, with this door for its ssh; its outputs are one, as on a terminal.

        ``email`` is another one than the user's own.
        """
        identity = {
            f"GIT_{role}_{part}": value
            for role in ("AUTHOR", "COMMITTER")
            for part, value in (("NAME", user), ("EMAIL", email or f"{user}@pkg.lab.test"))
        }
        alone = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
        environment = {**os.environ, **identity, **alone, "GIT_SSH_COMMAND": " ".join(self.ssh), "LC_ALL": "C"}
        return subprocess.run(
            ["git", *words], cwd=where, env=environment, stdout=-1, stderr=-2, text=True, timeout=300, check=False
        )


@contextmanager
def ssh_door(review: Review, directory: Path, key: Path) -> Iterator[Door]:
    """Serves ``review`` over SSH."""
    make_key(directory / "host_key")
    loop, listening = asyncio.new_event_loop(), Future[asyncssh.SSHAcceptor]()

    async def serve() -> None:
        try:
            listening.set_result(await SshSide(review, directory / "hook.socket").start(0, directory / "host_key"))
        except Exception as error:
            listening.set_exception(error)

    async def close() -> None:
        acceptor = listening.result()
        acceptor.close()
        await acceptor.wait_closed()
        others = asyncio.all_tasks(loop) - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.create_task(serve())
        loop.run_forever()
        loop.run_until_complete(close())
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        # IPv4 and IPv6 have a free port each.
        ports = {address[0]: address[1] for address in listening.result(30).get_addresses()}
        yield Door(ports["0.0.0.0"], key)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)


@dataclass(frozen=True)
class Answer:
    """What the HTTPS side answered."""

    status: int
    headers: dict[str, str]
    body: bytes


class Web:
    """The HTTPS side."""

    def __init__(self, port: int) -> None:
        self._port = port

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, b"", headers)

    def ask(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection("127.0.0.1", self._port, context=context, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())
        except ssl.SSLError as error:
            # Seen once: bytes that were not TLS. Whose socket it was tells more than OpenSSL does.
            sockets = subprocess.run(
                ["ss", "-tanp", f"sport = :{self._port}"], capture_output=True, text=True, check=False
            )
            error.add_note(sockets.stdout)
            raise
        finally:
            connection.close()


@contextmanager
def web_door(review: Review, directory: Path) -> Iterator[Web]:
    """Serves ``review`` over HTTPS."""
    certificate, key = directory / "tls.crt", directory / "tls.key"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-batch"]
    files = ["-subj", "/CN=review", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*words, *files], check=True, capture_output=True)
    server = WebServer(review, directory, 0, certificate, key)
    serve_in_background(server)
    try:
        yield Web(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
