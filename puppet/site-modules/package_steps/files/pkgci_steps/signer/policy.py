"""What the signer signs, and for whom. Pure: it looks for what a file says of itself, and reads nothing else in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ..repository import places

_REPOMD = b'<?xml version="1.0" encoding="UTF-8"?>\n<repomd xmlns="http://linux.duke.edu/metadata/repo"'
_RPM_HEADER = b"\x8e\xad\xe8\x01"
_MEGABYTE = 1_000_000


def _is_release(data: bytes, site: str, key: str) -> bool:
    """Whether it says that it is a Release file of the site's: with the release key, of what is released only.

    Lines are counted, wherever they are: apt would take the last of two.
    """
    said = dict(lines := re.findall(rb"^(Origin|Label): ?([^\n]*)$", data, re.MULTILINE | re.IGNORECASE))
    label = (
        re.escape(site)
        if key == places.RELEASE
        else rf"{re.escape(site)}-({places.REVIEW}|{places.GATE})-[A-Za-z0-9._-]+"
    )
    return (
        len(lines) == 2
        and said.get(b"Origin") == site.encode()
        and re.fullmatch(label.encode(), said.get(b"Label", b"")) is not None
        and re.fullmatch(rb"[A-Z][A-Za-z0-9-]+: [^\n]*", data.partition(b"\n")[0]) is not None
    )


@dataclass(frozen=True)
class Kind:
    """A kind of file: what gpg is told for it, how many bytes it has at most, and what it looks like.

    ``every_key``: it is signed by all keys, not only by the first.
    """

    words: tuple[str, ...]
    limit: int
    fits: Callable[[bytes, str, str], bool]
    every_key: bool = False


_INDEX = ("--armor", "--digest-algo", "SHA512")
KINDS = {
    # InRelease and Release.gpg; then repomd.xml.asc, of which a dnf of EL 10 or Fedora refuses two signatures.
    "clear": Kind((*_INDEX, "--clearsign"), _MEGABYTE, _is_release, every_key=True),
    "detached": Kind((*_INDEX, "--detach-sign"), _MEGABYTE, _is_release, every_key=True),
    "repomd": Kind((*_INDEX, "--detach-sign"), _MEGABYTE, lambda data, site, key: data.startswith(_REPOMD)),
    # The header of an RPM package, which has the checksum of its payload.
    "rpm": Kind(
        ("--no-armor", "--digest-algo", "SHA256", "--detach-sign"),
        256 * _MEGABYTE,
        lambda data, site, key: data.startswith(_RPM_HEADER),
    ),
}


def refusal(account: str, key: str, kind: str, size: int) -> str:
    """Why the signer does not even read what ``account`` wants to have signed; '' where it does."""
    if kind not in KINDS or key not in (places.RELEASE, places.REVIEW):
        return f"there is nothing to sign that is called {key} {kind}"
    if account not in {places.ACCOUNTS[desk] for desk in places.DESKS if places.key_of(desk) == key}:
        return f"the account {account} has nothing signed with the {key} key"
    if not 0 < size <= KINDS[kind].limit:
        return f"{size} bytes are no {kind}"
    return ""


def objection(site: str, key: str, kind: str, data: bytes) -> str:
    """Why ``data`` is not signed; '' where it is."""
    return (
        "" if KINDS[kind].fits(data, site, key) else f"what is to be signed is no {kind} of {site}'s {key} repository"
    )
