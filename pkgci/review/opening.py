"""From a site to its Gerrit: where it is, whom its certificate is believed from, and who logs in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pkgci.errors import NothingReachedError, PkgciError, UsageError
from pkgci.model.site import Site
from pkgci.model.urls import gerrit_url
from pkgci.review.connection import Connection, Place, Told, UntrustedError
from pkgci.review.login import PASSWORD_VARIABLE, Way, as_anybody, open_to_anybody, with_password
from pkgci.review.wanted import site_gerrit
from pkgci.secrets.needs import CA
from pkgci.secrets.store import SecretStore

# Asks whoever is at the terminal for a password: of whom, at which Gerrit. None: nobody can be asked.
Ask = Callable[[str, str], str]

_BY_OTHERS = "give the text of `pkgci deploy-review --plan --format text` to the administrators"


class NoLoginError(UsageError):
    """Nobody can log in to the Gerrit as an administrator."""


class OutOfReachError(PkgciError):
    """The Gerrit's web address cannot be used from here, and there is no password that was meant for it."""

    def __init__(self, cause: PkgciError) -> None:
        super().__init__(cause.message, f"{cause.hint}; or {_BY_OTHERS}")
        self.status = cause.status


@dataclass(frozen=True)
class Opened:
    """A Gerrit where an administrator is logged in, and how."""

    connection: Connection
    way: Way


def place(site: Site) -> Place:
    """Where the site's Gerrit is. The name of a host of the site need not resolve on this machine."""
    gerrit = site_gerrit(site)
    host = next((one for one in site.hosts if gerrit.host in (one.fqdn, *one.aliases)), None)
    store = SecretStore(site.directory / "secrets")
    authority = store.public(CA) if CA in store.names() else None
    return Place(gerrit_url(site) or "", host.address if host else None, authority)


@contextmanager
def opened(site: Site, password: str | None, ask: Ask | None, told: Told = lambda _: None) -> Iterator[Opened]:
    """Logs in as the site's administrator of Gerrit: with ``password``, as anybody may, or with what ``ask`` gets.

    Raises ``NoLoginError`` where there is no password, ``OutOfReachError`` where Gerrit cannot even be asked whether it
    needs one, and ``PkgciError`` where it does not answer, or says no.
    """
    user = site_gerrit(site).administrator
    with Connection(place(site), told) as connection:
        if not password and _needs_none(connection):
            as_anybody(connection, user)
            yield Opened(connection, Way.BECOME)
            return
        if not password and ask is not None:
            password = ask(user, connection.url)
        if not password:
            raise NoLoginError(
                f"{connection.url}: cannot log in: no password for '{user}' was given",
                f"put it into {PASSWORD_VARIABLE} (in Gerrit: Settings → HTTP Credentials), or {_BY_OTHERS}",
            )
        with_password(connection, user, password)
        yield Opened(connection, Way.PASSWORD)


def _needs_none(connection: Connection) -> bool:
    """Whether one logs in without a password there."""
    try:
        return open_to_anybody(connection)
    except (NothingReachedError, UntrustedError) as error:
        raise OutOfReachError(error) from None
