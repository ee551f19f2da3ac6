"""Requests to a Gerrit over HTTP: one connection, TLS checked, time-outs, and retries of what only reads."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pkgci.errors import NothingReachedError, PkgciError
from pkgci.remote.log import logged
from pkgci.retry import SERVER_PAUSES, Attempts
from pkgci.review.answers import Answer, is_stand_in, is_starting, refusal

# Seconds: to connect, and until an answer begins.
_CONNECT = 10.0
_ANSWER = 60.0
# How long a Gerrit may say that it is starting, and how often it is asked meanwhile, in seconds.
_STARTING_PATIENCE = 60.0
_STARTING_PAUSE = 2.0
# How long a connection may have been idle and still carry what writes, in seconds: web servers end one that idles,
# and what writes has one attempt.
_FRESH = 1.0

# Tells whoever waits, why.
Told = Callable[[str], None]


@dataclass(frozen=True)
class Place:
    """Where a Gerrit is: its web address, and the network address to connect to where its name need not resolve here.

    ``authority`` is the certificate of the site's own CA (PEM), believed beside the system's.
    """

    url: str
    address: str | None = None
    authority: str | None = None


class UntrustedError(NothingReachedError):
    """The certificate that a Gerrit shows is not one to believe."""


class Connection:
    """A connection to a Gerrit. Raises ``PkgciError`` for whatever goes wrong. A context manager, for one thread."""

    def __init__(self, place: Place, told: Told = lambda _: None) -> None:
        self._place = place
        self._told = told
        self._parts = urlsplit(place.url)
        self._link: http.client.HTTPConnection | None = None
        self._used = 0.0
        # What every request of somebody who is logged in has, and what the paths of REST then begin with.
        self.headers: dict[str, str] = {}
        self.prefix = ""

    @property
    def url(self) -> str:
        """The web address."""
        return self._place.url

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection."""
        if self._link is not None:
            self._link.close()
            self._link = None

    def data(self, path: str, what: str, *, absent: Any = None) -> Any:
        """What REST answers to a GET of ``path``; ``absent`` where there is no such thing.

        ``what`` says, for an error, what Gerrit was asked to do.
        """
        answer = self.ask("GET", self.prefix + path)
        if answer.status == 404 and answer.says_not_found:
            return absent
        self._check(answer, path, what)
        return answer.data(self.url, what)

    def send(self, method: str, path: str, body: Any, what: str) -> Any:
        """Has Gerrit do something; what it answers. ``body`` is JSON, text is sent as text."""
        text = isinstance(body, str)
        kind = "text/plain" if text else "application/json"
        content = body if isinstance(body, str) else json.dumps(body)
        answer = self.ask(method, self.prefix + path, content.encode(), {"Content-Type": f"{kind}; charset=UTF-8"})
        self._check(answer, path, what)
        return answer.data(self.url, what) if answer.is_json else None

    def _check(self, answer: Answer, path: str, what: str) -> None:
        error = refusal(answer, self.url, path, what)
        if error is not None:
            raise error

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """The answer to one request, whatever it is. What only reads is asked again where nothing answers."""
        attempts = Attempts(SERVER_PAUSES if method == "GET" else ())
        begun = time.monotonic()
        while True:
            try:
                with logged("Gerrit", f"{method} {self.url}{path}") as entry:
                    answer = self._once(method, path, body, headers or {})
                    received = len(answer.text.encode())
                    entry.facts |= {"status": answer.status, "sent": len(body or b""), "received": received}
            except ssl.SSLCertVerificationError as error:
                raise self._untrusted(error) from None
            except (OSError, http.client.HTTPException) as error:
                self.close()
                # Silence has taken its whole time already: it is not waited for again.
                if isinstance(error, TimeoutError) or not attempts.again(
                    lambda: self._told("Gerrit does not answer: asking again")
                ):
                    raise self._unanswered(error) from None
                continue
            if is_starting(answer) and time.monotonic() - begun < _STARTING_PATIENCE:
                self._told("Gerrit is starting")
                time.sleep(_STARTING_PAUSE)
                continue
            if is_stand_in(answer):
                raise PkgciError(f"{self.url} is the lab's stand-in for Gerrit, which has no such settings")
            return answer

    def _once(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        if method != "GET" and time.monotonic() - self._used > _FRESH:
            self.close()
        if self._link is None:
            self._link = self._opened()
        self._link.request(
            method,
            self._parts.path.rstrip("/") + path,
            body,
            {"Accept": "application/json", **self.headers, **headers},
        )
        with self._link.getresponse() as response:
            text = response.read().decode(errors="replace")
            cookies = tuple(response.headers.get_all("Set-Cookie") or ())
            answer = Answer(response.status, {k.lower(): v for k, v in response.headers.items()}, cookies, text)
        self._used = time.monotonic()
        if response.will_close:
            self.close()
        return answer

    def _opened(self) -> http.client.HTTPConnection:
        host, secure = self._parts.hostname or "", self._parts.scheme == "https"
        port = self._parts.port or (443 if secure else 80)
        sock = socket.create_connection((self._place.address or host, port), _CONNECT)
        # Head and body are sent in two: the second must not wait until the first is acknowledged.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if secure:
            context = ssl.create_default_context()
            if self._place.authority is not None:
                context.load_verify_locations(cadata=self._place.authority)
            sock = context.wrap_socket(sock, server_hostname=host)
        sock.settimeout(_ANSWER)
        # The connection is there already: name and port are what is written into the requests.
        link = http.client.HTTPConnection(host, port)
        link.default_port = 443 if secure else 80
        link.sock = sock
        return link

    def _untrusted(self, error: ssl.SSLCertVerificationError) -> PkgciError:
        self.close()
        return UntrustedError(
            f"{self.url}: the certificate is not valid: {error.verify_message}",
            "it must be for this name, by an authority that this machine or the site (`pkgci secrets`) trusts",
        )

    def _unanswered(self, error: Exception) -> PkgciError:
        place = f" at {self._place.address}" if self._place.address else ""
        words = "no answer in time" if isinstance(error, TimeoutError) else getattr(error, "strerror", None) or error
        if isinstance(error, ssl.SSLError):
            words = f"TLS: {(error.reason or str(error)).replace('_', ' ').lower()}"
        return NothingReachedError(
            f"{self.url}{place}: Gerrit does not answer: {words or type(error).__name__}",
            "is it up, and is its web address right? `gerrit: {url: …}` of the site names another than https://HOST",
        )
