"""Who asks, and what they may."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping

from .messages import Refused, Request
from .permissions import headers

ANONYMOUS = "anonymous"
CRUMB_HEADER = "Jenkins-Crumb"
SESSION = "JSESSIONID.pkgci"
AUTHENTICATION_REQUIRED = "Authentication required"
_ADMINISTER = "Overall/Administer"
_COST = {"n": 1 << 14, "r": 8, "p": 1}
_REMEMBERED = 64


class Gate:
    """The users and the permissions of one configuration. ``key`` makes the crumbs, and outlives a reload."""

    def __init__(self, passwords: Mapping[str, str], permissions: Mapping[str, frozenset[str]], key: bytes) -> None:
        self._salt = secrets.token_bytes(16)
        self._hashes = {user: self._slow(password) for user, password in passwords.items()}
        self._nobody = self._slow(secrets.token_hex())
        self._permissions = permissions
        self._key = key
        # Passwords that were right, as a keyed hash: a client sends its own with each of its many requests.
        self._right: set[bytes] = set()
        # API tokens by user. They end with the process, or with the configuration.
        self._tokens: dict[str, list[str]] = {}

    def user(self, request: Request) -> str:
        """Who asks. Raises ``Refused`` (401) where the password is wrong."""
        header = request.headers.get("authorization", "")
        if not header:
            return ANONYMOUS
        name, password = _login(request)
        if not self._has_token(name, password) and not self._is_right(name, password):
            raise Refused(
                401, f"Invalid password/token for user: {name}", ("WWW-Authenticate", 'Basic realm="Jenkins"')
            )
        return name

    def may(self, user: str, permission: str) -> bool:
        """Whether ``user`` has ``permission``, by name, as somebody who is logged in, or as anybody."""
        names = (ANONYMOUS,) if user == ANONYMOUS else (user, "authenticated", ANONYMOUS)
        granted = frozenset[str]().union(*(self._permissions.get(name, frozenset()) for name in names))
        return permission in granted or _ADMINISTER in granted

    def require(self, user: str, *permissions: str) -> None:
        """Raises ``Refused`` (403) where ``user`` has none of ``permissions``."""
        if any(self.may(user, permission) for permission in permissions):
            return
        if user == ANONYMOUS:
            # Nobody yet: the real one says nothing of what is missing, and shows the way to log in.
            raise Refused(403, AUTHENTICATION_REQUIRED)
        raise Refused(403, f"{user} is missing the {permissions[0]} permission", *headers(user, permissions[0]))

    def new_token(self, user: str) -> str:
        """An API token: it takes the password's place, and needs no crumb."""
        token = secrets.token_hex(17)
        self._tokens.setdefault(user, []).append(token)
        return token

    def inherit(self, other: Gate) -> None:
        """Takes the API tokens of the configuration before."""
        self._tokens = other._tokens

    def crumb(self, user: str, session: str) -> str:
        """The crumb of a user's session."""
        return hmac.new(self._key, f"{user}\0{session}".encode(), "sha256").hexdigest()

    def check_crumb(self, request: Request, user: str) -> None:
        """Raises ``Refused`` (403) where ``request`` has no crumb that was given to its own session."""
        if self._has_token(*_login(request)):
            return
        given = request.headers.get(CRUMB_HEADER.lower()) or request.query.get(CRUMB_HEADER, "")
        if not hmac.compare_digest(given.encode(), self.crumb(user, request.cookies.get(SESSION, "")).encode()):
            raise Refused(403, "No valid crumb was included in the request")

    def _has_token(self, name: str, password: str) -> bool:
        return any(hmac.compare_digest(token.encode(), password.encode()) for token in self._tokens.get(name, ()))

    def _is_right(self, name: str, password: str) -> bool:
        seen = hmac.new(self._key, f"{name}\0{password}".encode(), "sha256").digest()
        if seen in self._right:
            return True
        # A name that is not there takes as long as one that is.
        expected = self._hashes.get(name, self._nobody)
        right = hmac.compare_digest(self._slow(password), expected) and name in self._hashes
        if right:
            if len(self._right) >= _REMEMBERED:
                self._right.clear()
            self._right.add(seen)
        return right

    def _slow(self, password: str) -> bytes:
        return hashlib.scrypt(password.encode(), salt=self._salt, n=_COST["n"], r=_COST["r"], p=_COST["p"])


def _login(request: Request) -> tuple[str, str]:
    """Name and password of a request; empty where there are none that can be read."""
    kind, _, text = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return "", ""
    try:
        name, _, password = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return name, password
