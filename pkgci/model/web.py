"""The kinds of addresses in a site file that lead to servers: of the web, of directories, of downloads."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pkgci.model.worded import Worded

# A number between 1 and 65535.
_PORT = r"(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_HOST = r"(?:[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]+\])"
_SERVER = rf"{_HOST}(?::{_PORT})?"
# Printable, and nothing that a shell, an apt source or a web server's configuration would take for its own.
_REST = r"[^\s\x00-\x1f\x7f'\x22\x5c`]*"


def _parsed(text: str) -> None:
    """Raises ``ValueError`` for an address that Python's own parser refuses: an IPv6 address that is none."""
    try:
        _ = urlsplit(text).port
    except ValueError as error:
        raise ValueError(f"is not a web address: {str(error)[0].lower()}{str(error)[1:]}") from None


def _url(schemes: str, otherwise: str, rest: str = _REST) -> Worded:
    return Worded(rf"(?=.{{1,2000}}$)(?:{schemes})://(?:[^\s/@]+@)?{_SERVER}(?:[/?#]{rest})?", otherwise, _parsed)


WebUrl = Annotated[
    str,
    Worded(
        rf"(?=.{{1,2000}}$)https?://{_SERVER}/{_REST}",
        "is not a web address: write https://HOST/PATH, without a password",
        _parsed,
    ),
]
WebAddress = Annotated[str, _url("https?", "is not a web address: write https://HOST or https://HOST/PATH")]
SecureAddress = Annotated[str, _url("https", "is not a web address that begins with https://, as in https://HOST/PATH")]
DirectoryUrl = Annotated[str, _url("ldaps?", "is not the address of a directory, as in ldaps://ldap.example.org")]
FileOrWebUrl = Annotated[
    str,
    Worded(
        rf"(?=.{{1,2000}}$)(?:https?://(?:[^\s/@'\x22\x5c$`]+@)?{_SERVER}(?:[/?#][^\s\x00-\x1f\x7f'\x22\x5c$`]*)?"
        r"|file:///[^\s\x00-\x1f\x7f'\x22\x5c$`]+)",
        "is not an address to download from: write https://HOST/PATH, or file:///PATH for a file that is on the host",
        _parsed,
    ),
]
SourceHost = Annotated[
    str,
    Worded(
        rf"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::{_PORT})?",
        "is not a valid host: write HOST, or HOST:PORT for an unusual port, without https://",
    ),
]
