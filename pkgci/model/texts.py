"""The kinds of text and numbers in a site file: each a type with its own rule, and its own words when it is broken."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(MB|GB|TB)\s*", re.IGNORECASE)
_MEGABYTES = {"MB": 1, "GB": 1000, "TB": 1_000_000}


def _matching(pattern: str, otherwise: str) -> AfterValidator:
    """Text that ``pattern`` matches as a whole; any other is refused with the words ``otherwise``."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(otherwise)
        return value

    return AfterValidator(check)


def _without_password(value: str) -> str:
    if re.match(r"\w+://[^/@\s]*:[^/@\s]*@", value):
        raise ValueError("has a password in it: leave it to git's credential helper (gitcredentials(7))")
    return value


def _with_port(value: str) -> str:
    """Raises ``ValueError`` for an address whose host or port can be none."""
    try:
        _ = urlsplit(value).port
    except ValueError as error:
        raise ValueError(f"is not a web address: {str(error)[0].lower()}{str(error)[1:]}") from None
    return value


def _megabytes(value: Any) -> Any:
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("is no size: write a number and a unit, as in '512 MB', '4 GB' or '1.5 TB'")
    return round(float(match[1]) * _MEGABYTES[match[2].upper()])


# RFC 1123, section 2.1: a label is letters, digits and hyphens, at most 63, and does not begin or end with a hyphen.
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NOT_HOST = "is no host name (lower-case letters, digits and hyphens, at most 63; RFC 1123)"
_NOT_DOMAIN = "is no DNS name (lower-case letters, digits, hyphens, dots; RFC 1123)"
_PROJECT = r"[A-Za-z0-9][A-Za-z0-9._+-]*"
_NOT_PROJECT = "is no project name (letters, digits, '.', '_', '+', '-', parts separated by '/')"
_NOT_INNER = "leads out of the tree: write a path that is relative to it, without '..'"
# The scp-like form is git's own (git-clone(1), "GIT URLS"); what begins with '-' would be read as an option.
_GIT_URL = r"(?:https|ssh|file)://[^\s]+|(?:[\w.+]+@)?[\w.][\w.-]*:(?!//)[^\s:-][^\s:]*"
_NOT_GIT_URL = "is no git URL: write https://HOST/PATH, ssh://USER@HOST/PATH, USER@HOST:PATH or file:///PATH"
_NOT_SUFFIX = (
    "is not a valid version suffix (letters, digits, '.', '+', '~', no digit first, at most 100 characters), as in "
    "'+site1~deb13'"
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
DomainName = Annotated[str, _matching(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*", _NOT_DOMAIN)]
HostName = Annotated[str, _matching(_LABEL, _NOT_HOST)]
UserName = Annotated[str, _matching(r"[a-z_][a-z0-9_-]{0,31}", "is no user name")]
PathText = Annotated[str, _matching(r"[^\0]*[^\0\s][^\0]*", "is no path")]
AccountName = Annotated[
    str,
    _matching(r"[A-Za-z0-9](?:[A-Za-z0-9._@+-]*[A-Za-z0-9])?", "is not a valid Gerrit user name"),
]
InnerPath = Annotated[str, _matching(r"(?!/)(?!(?:.*/)?\.\.(?:/|$))[^\0]*[^\0\s][^\0]*", _NOT_INNER)]
ProjectName = Annotated[str, _matching(rf"{_PROJECT}(?:/{_PROJECT})*", _NOT_PROJECT)]
PackageName = Annotated[
    str,
    _matching(
        r"[A-Za-z0-9/][A-Za-z0-9._+/-]{0,199}",
        "is not a valid name of a package (letters, digits, '.', '_', '+', '-') or of a file that one provides",
    ),
]
GroupName = Annotated[
    str,
    _matching(
        r"(?=.{1,100}\Z)[A-Za-z0-9]+(?:[._+-][A-Za-z0-9]+)*",
        "is not a valid group name (letters and digits, with single '.', '_', '+' or '-' between them, at most 100)",
    ),
]
TargetName = Annotated[
    str, _matching(r"[a-z0-9][a-z0-9.-]*", "is no target name (lower-case letters, digits, '.', '-')")
]
WebUrl = Annotated[
    str,
    _matching(r"https?://[^\s/@]+/\S*", "is not a web address: write https://HOST/PATH, without a password"),
    AfterValidator(_with_port),
]
SourceHost = Annotated[
    str,
    _matching(
        r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?",
        "is not a valid host: write HOST, or HOST:PORT for an unusual port, without https://",
    ),
]
Sha256 = Annotated[str, _matching(r"[0-9a-f]{64}", "is not a SHA-256 checksum: 64 hexadecimal digits, in lower case")]
GitUrl = Annotated[str, _matching(_GIT_URL, _NOT_GIT_URL), AfterValidator(_without_password)]
GitRef = Annotated[str, _matching(r"(?!.*\.\.)[A-Za-z0-9_][\w./+-]*", "is no branch, tag or commit")]
# deb-version(7): a hyphen would begin another revision, a digit would go on with the number before it. What check
# builds add (~c5.2) would pass for one of them.
VersionSuffix = Annotated[
    str,
    _matching(r"(?:[A-Za-z.+~^_][A-Za-z0-9.+~^_]{0,99})?", _NOT_SUFFIX),
    _matching(r"(?!.*~c[0-9]+\.[0-9]+(?:\.\w+)?$).*", "ends like the version of a check build (~c5.2)"),
]
FactName = Annotated[str, _matching(r"[a-z][a-z0-9_]*", "is no fact name (lower-case letters, digits, '_')")]
PortNumber = Annotated[int, Field(ge=1, le=65535, strict=True)]
Megabytes = Annotated[
    int, BeforeValidator(_megabytes, json_schema_input_type=Annotated[str, Field(examples=["512 MB", "4 GB"])])
]
