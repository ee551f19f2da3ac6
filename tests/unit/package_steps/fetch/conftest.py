"""Upstream's web server, on this machine, and upstream's key."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pkgci_steps.fetch.store import Store
from pkgci_steps.fetch.web import Web
from pkgci_steps.fetch.work import Work


class Upstream(ThreadingHTTPServer):
    """Answers with ``files`` (path → bytes, a status, or an address to go to), and remembers what was ``asked``."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes | int | str] = {}
        self.asked: list[str] = []
        self.cut = 0

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    def url(self, path: str) -> str:
        return f"http://{self.host}{path}"


class _Handler(BaseHTTPRequestHandler):
    server: Upstream

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        found = self.server.files.get(self.path, 404)
        content = found if isinstance(found, bytes) else b""
        self.send_response(found if isinstance(found, int) else 302 if isinstance(found, str) else 200)
        if isinstance(found, str):
            self.send_header("Location", found)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.server.cut:
            self.server.cut -= 1
            content = content[:3]
        self.wfile.write(content)

    def log_message(self, format: str, *words: object) -> None:
        pass


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class Signer:
    """Somebody with a key."""

    def __init__(self, home: Path, name: str) -> None:
        self._gpg = [
            "gpg",
            "--batch",
            "--quiet",
            "--homedir",
            str(home),
            "--passphrase",
            "",
            "--pinentry-mode",
            "loopback",
        ]
        home.chmod(0o700)
        subprocess.run(
            [*self._gpg, "--quick-gen-key", name, "ed25519", "sign", "never"], check=True, capture_output=True
        )
        said = subprocess.run([*self._gpg, "--with-colons", "--list-keys"], check=True, capture_output=True, text=True)
        self.fingerprint = next(line.split(":")[9] for line in said.stdout.splitlines() if line.startswith("fpr:"))
        self.key = subprocess.run([*self._gpg, "--armor", "--export"], check=True, capture_output=True).stdout

    def sign(self, data: bytes, *, armour: bool = True) -> bytes:
        command = [*self._gpg, *(["--armor"] if armour else []), "--detach-sign"]
        return subprocess.run(command, input=data, check=True, capture_output=True).stdout


@pytest.fixture(scope="session")
def signer() -> Iterator[Callable[[str], Signer]]:
    """Makes people with keys, each once."""
    homes: dict[str, Path] = {}
    made: dict[str, Signer] = {}

    def make(name: str) -> Signer:
        if name not in made:
            homes[name] = Path(tempfile.mkdtemp(prefix="gpg-"))  # short: an agent's socket is in it
            made[name] = Signer(homes[name], name)
        return made[name]

    yield make
    for home in homes.values():
        subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False, capture_output=True)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    folder = tmp_path / "store"
    folder.mkdir()
    return Store(folder)


@pytest.fixture
def work(store: Store, tmp_path: Path, upstream: Upstream) -> Callable[[], Work]:
    """The program's work, anew for each request."""

    def make() -> Work:
        web = Web([upstream.host], {}, time.monotonic() + 60, lambda seconds: None)
        return Work(store, tmp_path, web, 1_000_000, lambda line: None)

    return make
