"""Jenkins itself, asked over HTTP on this host."""

from __future__ import annotations

import base64
import html
import http.client
import http.cookiejar
import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .settings import ApplyError, Settings

# As long as the unit gives Jenkins to start.
PATIENCE = 300.0
PAUSE = 2.0
_TIMEOUT = 300.0
_LARGEST = 4 << 20
_LONGEST = 500


class DownError(ApplyError):
    """Jenkins runs, but does not answer, or not with sense."""


@dataclass(frozen=True)
class Answer:
    """What Jenkins answered."""

    status: int
    kind: str
    text: str

    @property
    def good(self) -> bool:
        # A form that was taken answers with a redirection to the page that shows what it did.
        return self.status < 400

    @property
    def words(self) -> str:
        return f"{self.status}: {words(self.text)}".rstrip(": ")


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirection: it leads to Jenkins' address in the web."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Jenkins:
    """The Jenkins of this host. ``may_change``: whether there is an account, and Jenkins knows it."""

    def __init__(self, settings: Settings, sleep: Callable[[float], None] = time.sleep) -> None:
        self._settings = settings
        self.url = settings.url
        self._sleep = sleep
        self._account = settings.account
        self._crumb: dict[str, str] | None = None
        # Jenkins is on this host: no proxy is to see a token or a password.
        # Its session's cookie is for TLS only, which the web server before it speaks: here it goes without.
        policy = http.cookiejar.DefaultCookiePolicy(secure_protocols=("http", "https"))
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar(policy)),
            _Stay(),
        )

    def may_change(self) -> bool:
        """Whether this program may change something in Jenkins over its REST API."""
        self._account = self._settings.account
        if self._account is not None and self._ask("me/api/json?tree=id").status in (401, 403):
            # The password is a new one, which Jenkins has not read yet.
            self._account = None
        return self._account is not None

    def data(self, path: str) -> dict[str, Any]:
        """The JSON at ``path``. Raises ``ApplyError``."""
        answer = self._ask(path)
        if answer.status == 401 and self._account is not None:
            self._account = None
            answer = self._ask(path)
        try:
            if answer.status != 200:
                raise ValueError
            found = json.loads(answer.text)
            if not isinstance(found, dict):
                raise ValueError
        except ValueError:
            kind = DownError if answer.status >= 500 else ApplyError
            raise kind(f"Jenkins does not answer {self.url}/{path}: {answer.words}") from None
        return found

    def post(self, path: str, **form: str) -> None:
        """Posts to ``path``. Raises ``ApplyError`` where Jenkins does not take it."""
        answer = self.send(path, urllib.parse.urlencode(form).encode(), "application/x-www-form-urlencoded")
        if not answer.good:
            raise ApplyError(f"Jenkins refuses POST {self.url}/{path}: {answer.words}")

    def send(self, path: str, body: bytes, kind: str) -> Answer:
        """Posts ``body`` with the crumb of this session."""
        if self._crumb is None:
            self._crumb = self._fetched_crumb()
        answer = self._ask(path, body, {"Content-Type": kind, **self._crumb})
        if answer.status == 403 and "crumb" in answer.text:
            # Jenkins was restarted meanwhile: the session that the crumb belonged to is gone.
            self._crumb = self._fetched_crumb()
            answer = self._ask(path, body, {"Content-Type": kind, **self._crumb})
        return answer

    def reload(self) -> str | None:
        """Has Jenkins read its configuration. Why it did not, in Jenkins' words, or None.

        Jenkins answers 200 to what it refuses, too: {"status": "error", "message": …}.
        """
        token = (self._settings.environment.read_text()).strip().partition("=")[2]
        path = f"reload-configuration-as-code/?{urllib.parse.urlencode({'casc-reload-token': token})}"
        answer = self._ask(path, b"", login=False)
        if answer.status != 200:
            return answer.words
        if not answer.text.strip():
            return None
        try:
            said = json.loads(answer.text)
            return None if said["status"] != "error" else str(said["message"])
        except (ValueError, KeyError, TypeError):
            return f"an answer that is none of Jenkins': {words(answer.text)}"

    def check(self, text: str) -> list[str]:
        """What Jenkins finds wrong with ``text``, without taking it. Nothing, too, where this program may not ask."""
        # Jenkins answers "nothing" to anything that is not sent as this.
        answer = self.send("configuration-as-code/check", text.encode(), "application/yaml")
        if answer.status in (401, 403, 404):
            return []
        try:
            found = json.loads(answer.text)
            return [str(fault["message"]) for fault in found]
        except (ValueError, KeyError, TypeError):
            return [answer.words]

    def _fetched_crumb(self) -> dict[str, str]:
        answer = self._ask("crumbIssuer/api/json")
        try:
            found = json.loads(answer.text)
            return {str(found["crumbRequestField"]): str(found["crumb"])}
        except (ValueError, KeyError, TypeError):
            # Jenkins wants none.
            return {}

    def _ask(
        self, path: str, body: bytes | None = None, headers: dict[str, str] | None = None, *, login: bool = True
    ) -> Answer:
        """Asks again while Jenkins starts (503) or does not listen yet. Raises ``ApplyError``."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                answer = self._once(path, body, dict(headers or {}), login=login)
                if answer.status != 503 or time.monotonic() > deadline:
                    return answer
            except (OSError, http.client.HTTPException) as error:
                if time.monotonic() > deadline:
                    plain = path.partition("?")[0]
                    raise DownError(f"Jenkins does not answer at {self.url}/{plain}: {_reason(error)}") from None
            self._sleep(PAUSE)

    def _once(self, path: str, body: bytes | None, headers: dict[str, str], *, login: bool) -> Answer:
        if login and self._account is not None:
            pair = f"{self._account.name}:{self._account.password.read_text().strip()}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        request = urllib.request.Request(f"{self.url}/{path}", data=body, headers=headers)  # noqa: S310 - ours
        try:
            with self._opener.open(request, timeout=_TIMEOUT) as response:
                return _answer(response)
        except urllib.error.HTTPError as error:
            with error:
                return _answer(error)


def _reason(error: Exception) -> object:
    return getattr(error, "reason", None) or error


def _answer(response: Any) -> Answer:
    text = response.read(_LARGEST).decode(errors="replace")
    return Answer(response.status, response.headers.get("Content-Type", ""), text)


def words(page: str) -> str:
    """What a page says, without its markup, in at most 500 characters."""
    text = re.sub(r"(?is)<(head|script|style|header|nav)\b.*?</\1>|<[^>]*>", " ", page)
    return " ".join(html.unescape(text).split())[:_LONGEST]
