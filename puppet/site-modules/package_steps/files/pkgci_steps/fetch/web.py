"""The one way to the network: HTTP and HTTPS, to the hosts that the site allows, within limits."""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, BinaryIO
from urllib.parse import urlsplit

from ..retry import tries
from ..status import Ended, Status

_PORTS = {"http": 80, "https": 443}
_SILENCE = 60.0  # seconds without a byte
_ATTEMPTS = 3
_PIECE = 1 << 16
_PROXY = re.compile(r"(?:https?|no)_proxy", re.IGNORECASE)
_VARIABLE = re.compile(
    r"^\s*(?:export\s+)?((?:https?|no)_proxy)=[\"']?([^\"'\n]+)[\"']?\s*$", re.MULTILINE | re.IGNORECASE
)
_APT_PROXY = re.compile(r'^Acquire::(https?)::Proxy "(http[^"]+)";$', re.MULTILINE)


class Unfetched(Exception):  # noqa: N818 (it is an answer)
    """An address gives nothing. The text says why."""


class Web:
    """Fetches from ``hosts`` (HOST, or HOST:PORT for a port that is not the scheme's) until ``deadline`` (monotonic).

    ``wait`` is called with the seconds between two attempts.
    """

    def __init__(
        self,
        hosts: Collection[str],
        proxies: Mapping[str, str],
        deadline: float,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._hosts = {host.lower() for host in hosts}
        self._deadline = deadline
        self._wait = wait
        # Of the handlers that Python adds by itself, those of other schemes never get an address: see `check`.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler(dict(proxies)), _Redirects(self.check))
        self._opener.addheaders = [("User-Agent", "pkgci"), ("Accept-Encoding", "identity")]

    def check(self, url: str) -> None:
        """Raises ``Ended`` (failed) for an address that the site does not allow."""
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError:
            host, port, parts = "", None, urlsplit("")
        if parts.scheme not in _PORTS or not host or parts.username is not None or re.search(r"[\s\x00-\x1f]", url):
            raise Ended(Status.FAILED, f"{url[:300]!a} is not fetched: it is no address as in https://HOST/FILE")
        named = host if port in (None, _PORTS[parts.scheme]) else f"{host}:{port}"
        if named not in self._hosts:
            raise Ended(
                Status.FAILED,
                f"{url[:300]} is not fetched: the site does not allow this host. If it is to be trusted, the site file "
                f"says `sources: {{hosts: [{named}]}}`",
            )

    def fetch(self, url: str, output: BinaryIO, limit: int) -> None:
        """Writes what is at ``url`` to ``output``. Raises ``Unfetched``; ``Ended`` (failed) for more than ``limit``
        bytes, and as ``check`` does."""
        self.check(url)
        wrong = ""
        for number in tries(_ATTEMPTS, self._wait):
            if number:
                output.seek(0)
                output.truncate()
            try:
                return self._once(url, output, limit)
            except urllib.error.HTTPError as error:
                wrong = f"the answer is {error.code} {error.reason}"
                if error.code < 500 and error.code not in (408, 429):
                    break
            except (OSError, ValueError, http.client.HTTPException) as error:
                wrong = str(getattr(error, "reason", None) or error) or type(error).__name__
        raise Unfetched(f"{url}: {wrong[:300]}")

    def _once(self, url: str, output: BinaryIO, limit: int) -> None:
        size, expected = 0, None
        with self._opener.open(url, timeout=_SILENCE) as answer:
            with suppress(TypeError, ValueError):
                expected = int(answer.headers.get("Content-Length"))
            while piece := answer.read1(_PIECE):  # what there is, so that the deadline is seen
                size += len(piece)
                if size > limit:
                    raise Ended(Status.FAILED, f"{url} has more than {limit // 1_000_000} MB (site file: sources)")
                if time.monotonic() > self._deadline:
                    raise Ended(Status.INFRASTRUCTURE, f"{url}: it took too long")
                output.write(piece)
        if expected is not None and size != expected:
            raise OSError(f"the connection broke after {size} of {expected} bytes")


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows what leads to an allowed address."""

    def __init__(self, check: Callable[[str], None]) -> None:
        self._check = check

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        self._check(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def host_environment(own: Mapping[str, str] = os.environ, file: Path = Path("/etc/environment")) -> dict[str, str]:
    """The proxies that this account or this host has in its environment, and what goes past them (``no_proxy``)."""
    found: dict[str, str] = {}
    with suppress(OSError):
        found = {name.lower(): value for name, value in _VARIABLE.findall(file.read_text(errors="replace"))}
    return found | {name.lower(): value for name, value in own.items() if _PROXY.fullmatch(name) and value}


def proxies(environment: Mapping[str, str]) -> dict[str, str]:
    """Scheme → proxy: as ``environment`` has it, else as this host's apt has it."""
    found = {scheme: environment[f"{scheme}_proxy"] for scheme in _PORTS if f"{scheme}_proxy" in environment}
    if not found:
        with suppress(OSError, subprocess.SubprocessError):
            said = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, timeout=30, check=True)
            found = dict(_APT_PROXY.findall(said.stdout))
    return found
