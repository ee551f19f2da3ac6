"""What a Gerrit answers over HTTP, and what its refusals mean. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pkgci.errors import PkgciError

# What every JSON of Gerrit begins with, so that no page can read it as a script.
_MAGIC = ")]}'"


@dataclass(frozen=True)
class Answer:
    """An answer: names of headers are in small letters, cookies apart."""

    status: int
    headers: Mapping[str, str]
    cookies: tuple[str, ...]
    text: str

    @property
    def is_json(self) -> bool:
        """Whether it is Gerrit's JSON."""
        return self.text.startswith(_MAGIC)

    @property
    def is_page(self) -> bool:
        """Whether it is a page for people: a web server's, most likely."""
        return "html" in self.headers.get("content-type", "")

    @property
    def says_not_found(self) -> bool:
        """Whether Gerrit itself says that there is no such thing."""
        return not self.is_page

    def data(self, url: str, what: str) -> Any:
        """What the JSON says. Raises ``PkgciError`` where there is none."""
        if self.is_json:
            try:
                return json.loads(self.text.removeprefix(_MAGIC))
            except ValueError:
                raise PkgciError(f"{url}: asked to {what}: the answer is truncated", "run it again") from None
        raise PkgciError(
            f"{url}: asked to {what}: the answer is not Gerrit's JSON",
            "`gerrit: {url: …}` of the site must be Gerrit's base URL",
        )

    def cookie(self, name: str) -> str:
        """The value of the cookie ``name``; '' where it has not been set."""
        for line in self.cookies:
            key, _, value = line.partition(";")[0].partition("=")
            if key.strip() == name and value:
                return value
        return ""


def is_starting(answer: Answer) -> bool:
    """Whether a web server says that Gerrit is not up yet, or Gerrit itself."""
    return answer.status == 503


def is_stand_in(answer: Answer) -> bool:
    """Whether it is the lab's stand-in for Gerrit that answers."""
    return "x-pkgci-stand-in" in answer.headers


def refusal(answer: Answer, url: str, path: str, what: str) -> PkgciError | None:
    """The error that an answer means to whoever asked Gerrit to do ``what``; None where it was done."""
    status = answer.status
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        target = answer.headers.get("location", "elsewhere")
        return PkgciError(
            f"{url}: it redirects to {target}",
            "write that address: gerrit: {url: …}; if it is a login page, exempt /a/ from it",
        )
    words = _words(answer)
    if status == 401:
        return PkgciError(
            f"{url}: Gerrit refuses the login: {words or 'Unauthorized'}",
            "the password is the one of Settings → HTTP Credentials (Access Tokens since 3.12) in Gerrit; with "
            "auth.gitBasicAuthPolicy LDAP, the directory's",
        )
    if status == 404 and answer.is_page and "%2F" in path:
        return PkgciError(
            f"{url}: asked to {what}, the web server before Gerrit finds nothing: it does not pass on '%2F'",
            "Apache needs `AllowEncodedSlashes NoDecode` and `ProxyPass … nocanon` there",
        )
    if status == 403:
        return PkgciError(
            f"{url}: Gerrit does not {what}: {words}", "the account must be an administrator's (`Administrators`)"
        )
    hint = "a setting of Gerrit forbids it" if status == 405 else None
    return PkgciError(f"{url}: Gerrit does not {what}: {words or f'HTTP status {status}'}", hint)


def _words(answer: Answer) -> str:
    """What Gerrit says, in one line."""
    text = re.sub(r"<[^>]*>", " ", answer.text) if answer.is_page else answer.text
    return " ".join(text.split())[:300]
