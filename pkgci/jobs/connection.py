"""Requests to Jenkins that are patient and polite: time-outs, retries with back-off, and a rate limit.

python-jenkins knows Jenkins' API; how its requests travel, and what becomes of those that fail, is here.
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import jenkins  # type: ignore[import-untyped]
import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectionError as NotConnected
from requests.exceptions import ConnectTimeout, ReadTimeout, RequestException, SSLError
from urllib3.exceptions import NewConnectionError

from pkgci.errors import NothingReachedError, PkgciError
from pkgci.jobs.answers import Door, cut_off, fault, is_page, is_starting, page_error, task
from pkgci.remote.log import logged
from pkgci.retry import SERVER_PAUSES, Attempts

# Seconds: to connect, and between two pieces of an answer.
_TIMEOUT = (5.0, 30.0)
# How long Jenkins may say that it is starting, and how often it is asked meanwhile, in seconds.
_STARTING_PATIENCE = 60.0
_STARTING_PAUSE = 3.0
# Seconds between two requests: at most 1,000 reads and 20 writes a second.
_READ_PAUSE = 1 / 1000
_WRITE_PAUSE = 1 / 20
# How many requests may be under way at once.
PARALLEL = 8

# Tells whoever waits, why.
Told = Callable[[str], None]


@dataclass(frozen=True)
class Access:
    """How Jenkins is reached: its address in the web, the network address to connect to, and who asks.

    ``ca`` is the file of the certificates that are believed; None where ``url`` has no TLS. The machine that pkgci runs
    on need not resolve the name in ``url``: the connection goes to ``address``, the name is what is asked for there.
    """

    url: str
    address: str | None
    user: str
    password: str = field(repr=False)
    ca: str | None = None

    @property
    def door(self) -> Door:
        return Door(self.url, self.user)


class Connection(jenkins.Jenkins):  # type: ignore[misc]
    """python-jenkins with requests that keep time. Raises ``PkgciError`` for whatever goes wrong.

    Safe to use from several threads once one request has been answered (which fetches the crumb).
    """

    def __init__(self, access: Access, told: Told = lambda _: None) -> None:
        super().__init__(access.url, access.user, access.password)
        self.crumb: dict[str, str] | Literal[False] | None = None
        self._access = access
        self._told = told
        self._pace = _Pace()
        # Nothing of the environment: no proxy, no other certificates, no .netrc, no Kerberos.
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = access.ca or True
        self._session.mount("https://", _Adapter(access.address, pool_maxsize=PARALLEL))
        self._session.mount("http://", HTTPAdapter(pool_maxsize=PARALLEL))
        self._session.auth = self.auth = requests.auth.HTTPBasicAuth(access.user.encode(), access.password.encode())
        self._auth_resolved = True

    def close(self) -> None:
        """Ends all connections."""
        self._session.close()

    def maybe_add_crumb(self, req: requests.Request | requests.PreparedRequest) -> None:
        """Adds the crumb, without which Jenkins takes no change. It is fetched once; ``False``: Jenkins wants none."""
        if self.crumb is None:
            self.crumb = self._fetched_crumb()
        if self.crumb:
            req.headers[self.crumb["crumbRequestField"]] = self.crumb["crumb"]

    def _fetched_crumb(self) -> dict[str, str] | Literal[False]:
        # python-jenkins would end in Python's own errors at an answer that is no data.
        what = "give a crumb"
        try:
            text: str = self.jenkins_open(
                requests.Request("GET", f"{self._access.url}{jenkins.CRUMB_URL}"), add_crumb=False
            )
        except (jenkins.NotFoundException, jenkins.EmptyResponseException):
            return False
        if is_page(text):
            raise page_error(text, self._access.door, what)
        try:
            crumb = json.loads(text)
            return {name: str(crumb[name]) for name in ("crumbRequestField", "crumb")}
        except (ValueError, KeyError, TypeError):
            raise cut_off(self._access.door, what) from None

    def _request(self, req: requests.Request, stream: bool | None = None) -> requests.Response:
        """Sends ``req``, again where it is safe and may help, and judges the answer."""
        prepared = self._session.prepare_request(req)
        reads = prepared.method == "GET"
        attempts = Attempts(SERVER_PAUSES)
        begun = time.monotonic()
        crumb_renewed = False
        while True:
            self._pace.wait(_READ_PAUSE if reads else _WRITE_PAUSE)
            try:
                with logged("Jenkins", f"{prepared.method} {prepared.url}") as entry:
                    response = self._session.send(prepared, timeout=_TIMEOUT, allow_redirects=False)
                    sent = len(prepared.body or b"")
                    entry.facts |= {"status": response.status_code, "sent": sent, "received": len(response.content)}
            except RequestException as error:
                if not _may_repeat(error, reads) or not attempts.again(
                    lambda: self._told("Jenkins does not answer: asking again")
                ):
                    raise self._failure(error, prepared) from None
                continue
            # Jenkins seldom says it; a guess is slow, and may be wrong.
            response.encoding = "utf-8"
            if is_starting(response) and time.monotonic() - begun < _STARTING_PATIENCE:
                self._told("Jenkins is starting")
                time.sleep(_STARTING_PAUSE)
                continue
            unavailable = response.status_code == 503 or (reads and response.status_code in (502, 504))
            if unavailable and not is_starting(response) and attempts.again():
                continue
            if response.status_code == 403 and not reads and not crumb_renewed and "crumb" in response.text.lower():
                # Jenkins was restarted, and with it went the session to which the crumb belonged.
                crumb_renewed, self.crumb = True, None
                self.maybe_add_crumb(prepared)
                continue
            error_answer = fault(response, self._access.door)
            if error_answer is not None:
                raise error_answer
            return response

    def _failure(self, error: RequestException, request: requests.PreparedRequest) -> PkgciError:
        url, what = self._access.url, task(request.method or "GET", request.url or "")
        place = f" at {self._access.address}" if self._access.address else ""
        if isinstance(error, SSLError):
            return NothingReachedError(
                f"{url}{place}: the certificate is not valid: {_reason(error)}",
                "`pkgci secrets init` renews certificates, `pkgci bootstrap --role jenkins_master` installs them",
            )
        if isinstance(error, ReadTimeout):
            return NothingReachedError(
                f"{url}: asked to {what}, Jenkins says nothing for {_TIMEOUT[1]:.0f} s",
                "on its host: journalctl -u jenkins",
            )
        if not _sent(error):
            return NothingReachedError(
                f"{url}{place}: nothing answers: {_reason(error)}",
                "`pkgci verify-connectivity` says what is open; on its host: systemctl status jenkins apache2",
            )
        return cut_off(self._access.door, what)


class _Pace:
    """Lets requests begin no faster than asked, whoever makes them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = 0.0

    def wait(self, pause: float) -> None:
        with self._lock:
            now = time.monotonic()
            begin = max(now, self._next)
            self._next = begin + pause
        if begin > now:
            time.sleep(begin - now)


class _Adapter(HTTPAdapter):
    """Connects to one address, whatever the name in the URL resolves to; the certificate must be the name's."""

    def __init__(self, address: str | None, **settings: Any) -> None:
        self._address = address
        super().__init__(**settings)

    def build_connection_pool_key_attributes(  # type: ignore[override]
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        place, kind = dict(host), dict(pool)
        if self._address is not None:
            kind |= {"server_hostname": place["host"], "assert_hostname": place["host"]}
            place["host"] = self._address
        return place, kind


def _may_repeat(error: RequestException, reads: bool) -> bool:
    """Whether to send a request again: reading may be repeated, writing only where nothing was sent.

    Silence has taken its whole time already: it is not waited for again.
    """
    return not isinstance(error, SSLError | ConnectTimeout) and (reads or not _sent(error))


def _sent(error: RequestException) -> bool:
    """Whether the request may have reached Jenkins."""
    return not isinstance(error, ConnectTimeout) and not (
        isinstance(error, NotConnected) and isinstance(_cause(error), NewConnectionError)
    )


def _cause(error: BaseException) -> BaseException:
    """The innermost error that urllib3 gives as the reason of ``error``."""
    inner = error.args[0] if error.args else None
    reason = getattr(inner, "reason", None) or inner
    return _cause(reason) if isinstance(reason, SSLError) else reason if isinstance(reason, BaseException) else error


def _reason(error: BaseException) -> str:
    cause = _cause(error)
    chain: BaseException | None = cause
    while chain is not None:
        if isinstance(chain, ssl.SSLCertVerificationError):
            return chain.verify_message
        if isinstance(chain, OSError) and chain.strerror:
            return chain.strerror
        chain = chain.__cause__ or chain.__context__ or next((a for a in chain.args if isinstance(a, OSError)), None)
    return "no answer in time" if "timed out" in str(cause) else str(cause)
