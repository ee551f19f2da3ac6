"""How pkgci becomes an administrator of a Gerrit: with a password, or without where Gerrit asks for none."""

from __future__ import annotations

import base64
from enum import StrEnum
from urllib.parse import quote

from pkgci.errors import PkgciError
from pkgci.review.connection import Connection
from pkgci.review.words import BECOME_ANYBODY

# Where the password of the administrator is taken from, if it is there.
PASSWORD_VARIABLE = "PKGCI_GERRIT_PASSWORD"  # noqa: S105 - the name of a variable


class Way(StrEnum):
    """How somebody was logged in."""

    PASSWORD = "password"  # noqa: S105 - a word
    BECOME = "become"


def open_to_anybody(connection: Connection) -> bool:
    """Whether this Gerrit lets everybody become anybody (its auth.type, which it tells without a login).

    One that asks for a login even here, or redirects to one, does not.
    """
    answer = connection.ask("GET", "/config/server/info")
    if answer.status != 200 or not answer.is_json:
        return False
    info = answer.data(connection.url, "say how one logs in")
    return bool((info.get("auth") or {}).get("auth_type") == BECOME_ANYBODY)


def with_password(connection: Connection, user: str, password: str) -> None:
    """Logs in as ``user``. Raises ``PkgciError`` where Gerrit does not take the password."""
    word = base64.b64encode(f"{user}:{password}".encode()).decode()
    connection.headers = {"Authorization": f"Basic {word}"}
    connection.prefix = "/a"
    _check(connection, user)


def as_anybody(connection: Connection, user: str) -> None:
    """Becomes ``user``, of a Gerrit that asks nobody for a password."""
    answer = connection.ask("GET", f"/login/?user_name={quote(user, safe='')}")
    account = answer.cookie("GerritAccount")
    if not account:
        raise PkgciError(
            f"{connection.url}: there is no account '{user}' to become", "name one: gerrit: {administrator: …}"
        )
    cookie = f"GerritAccount={account}"
    connection.headers = {"Cookie": cookie}
    # What proves that a request is not some page's: Gerrit gives it with its first page to who is logged in.
    token = answer.cookie("XSRF_TOKEN") or connection.ask("GET", "/").cookie("XSRF_TOKEN")
    connection.headers = {"Cookie": f"{cookie}; XSRF_TOKEN={token}", "X-Gerrit-Auth": token}
    _check(connection, user)


def _check(connection: Connection, user: str) -> None:
    """Raises ``PkgciError`` where nobody is logged in, or somebody who may not administrate."""
    found = connection.data("/accounts/self/capabilities?q=administrateServer", "say what we may do", absent={})
    if not (isinstance(found, dict) and found.get("administrateServer")):
        raise PkgciError(
            f"{connection.url}: '{user}' is no administrator of this Gerrit",
            "name one (gerrit: {administrator: …}), or give what is needed to those who are: "
            "pkgci deploy-review --plan --format text",
        )
