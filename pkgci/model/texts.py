"""The kinds of text in a site file: each a type with its own rule, and its own words when it is broken."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Annotated

from pkgci.model.timer import zuul_time
from pkgci.model.worded import Because, Read, Worded


def _address(text: str) -> IPv4Address | IPv6Address:
    address = ip_address(text)
    if isinstance(address, IPv6Address) and address.scope_id:
        raise Because("is an address with a zone (%), which means something on one machine only")
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        raise Because(f"is an IPv4 address in disguise: write {address.ipv4_mapped}")
    return address


def _network(text: str) -> IPv4Network | IPv6Network:
    network = ip_network(text, strict=False)
    if isinstance(network, IPv6Network) and "%" in text:
        raise ValueError
    if network.network_address != ip_address(text.partition("/")[0]):
        one = f"{text.partition('/')[0]}/{network.max_prefixlen}"
        raise Because(f"is an address in a network: write {network} for the network, or {one} for that address alone")
    return network


Address = Annotated[
    IPv4Address | IPv6Address,
    Read(
        _address,
        "is not an IP address, as in 192.0.2.10 or '2001:db8::10'",
        {"anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]},
        (IPv4Address, IPv6Address),
    ),
]
Network = Annotated[
    IPv4Network | IPv6Network,
    Read(
        _network,
        "is not a network, as in 192.0.2.0/24",
        {"pattern": r"^[0-9A-Fa-f:.]+(?:/[0-9.]+)?$"},
        (IPv4Network, IPv6Network),
    ),
]

# RFC 1123, section 2.1: a label is letters, digits and hyphens, at most 63, and does not begin or end with a hyphen.
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
DomainName = Annotated[
    str,
    Worded(
        rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*",
        "is not a valid DNS name (lower-case letters, digits and hyphens, at most 63 characters between dots, 253 in "
        "all)",
    ),
]
HostName = Annotated[
    str,
    Worded(
        _LABEL,
        "is not a valid host name (lower-case letters, digits and hyphens, at most 63 characters, no hyphen at either "
        "end)",
    ),
]
UserName = Annotated[
    str,
    Worded(
        r"[a-z_][a-z0-9_-]{0,31}",
        "is not a valid user name (lower-case letters, digits, '_' and '-', at most 32 characters, no digit or hyphen "
        "first)",
    ),
]


def _of_a_path(text: str) -> None:
    if len(text.encode()) > 4000 or any(len(part.encode()) > 255 for part in text.split("/")):
        raise ValueError("is too long for a path (at most 255 bytes between slashes, 4000 in all)")


PathText = Annotated[
    str,
    Worded(r"[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*", "is not a valid path: it is empty", _of_a_path),
]
InnerPath = Annotated[
    str,
    Worded(
        r"(?!/)(?!(?:.*/)?\.\.(?:/|$))[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*",
        "leads out of the tree: write a path that is relative to it, without '..'",
        _of_a_path,
    ),
]
# What is written into other programs' configuration: one line, and nothing that a terminal or a parser acts on.
Line = Annotated[
    str,
    Worded(r"(?=.*\S)[^\x00-\x1f\x7f\x85\u2028\u2029]{1,1000}", "must be one line of text, at most 1000 characters"),
]
LineOrNothing = Annotated[
    str,
    Worded(r"[^\x00-\x1f\x7f\x85\u2028\u2029]{0,1000}", "must be one line of text, at most 1000 characters"),
]

_PROJECT = r"[A-Za-z0-9][A-Za-z0-9._+-]*"
ProjectName = Annotated[
    str,
    Worded(
        rf"(?=.{{1,150}}$)(?!.*\.git(?:/|$)){_PROJECT}(?:/{_PROJECT})*",
        "is not a valid project name (letters, digits, '.', '_', '+' and '-', in parts separated by '/', none of which "
        "begins with a sign or ends in '.git'; at most 150 characters)",
    ),
]
PackageName = Annotated[
    str,
    Worded(
        r"[A-Za-z0-9/][A-Za-z0-9._+/-]{0,199}",
        "is not a valid name of a package (letters, digits, '.', '_', '+', '-') or of a file that one provides",
    ),
]
# Debian policy, section 5.6.7; with the architecture, as apt takes it.
DebianPackage = Annotated[
    str,
    Worded(
        r"[a-z0-9][a-z0-9+.-]{1,99}(?::[a-z0-9-]{1,30})?",
        "is not a valid name of a Debian package (lower-case letters, digits, '+', '-' and '.')",
    ),
]
GroupName = Annotated[
    str,
    Worded(
        r"(?=.{1,100}$)[A-Za-z0-9]+(?:[._+-][A-Za-z0-9]+)*",
        "is not a valid group name (letters and digits, with single '.', '_', '+' or '-' between them, at most 100)",
    ),
]
TargetName = Annotated[
    str,
    Worded(
        r"[a-z0-9][a-z0-9.-]{0,62}",
        "is not a valid target name (lower-case letters, digits, '.' and '-', at most 63 characters)",
    ),
]
SuiteName = Annotated[
    str,
    Worded(
        r"[a-z][a-z0-9.-]{0,62}",
        "is not a valid name of a suite (lower-case letters, digits, '.' and '-', at most 63 characters)",
    ),
]
MockRoot = Annotated[
    str,
    Worded(
        r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,99}",
        "is not a valid name of a mock root (letters, digits, '_', '.', '+' and '-', at most 100 characters)",
    ),
]
Component = Annotated[
    str,
    Worded(
        r"[A-Za-z0-9][A-Za-z0-9_.+/-]{0,62}",
        "is not a valid component of a suite (letters, digits, '-', '.', '/', as in 'non-free-firmware')",
    ),
]
AccountName = Annotated[
    str,
    Worded(
        r"(?=.{1,100}$)[A-Za-z0-9](?:[A-Za-z0-9._@+-]*[A-Za-z0-9])?",
        "is not a valid Gerrit user name (letters and digits, with '.', '_', '@', '+' or '-' between them)",
    ),
]
Mailbox = Annotated[
    str,
    Worded(r"[^@\s\x00-\x1f\x7f]{1,100}@[^@\s\x00-\x1f\x7f]{1,253}", "is not a valid mail address"),
]
AccountOrMail = Annotated[
    str,
    Worded(
        r"[^@\s\x00-\x1f\x7f]{1,100}(?:@[^@\s\x00-\x1f\x7f]{1,253})?",
        "is neither a Gerrit user name nor a mail address",
    ),
]
LabelName = Annotated[str, Worded(r"[A-Za-z0-9-]{1,100}", "is not a valid Gerrit label (letters, digits and hyphens)")]
# Branches, as in `main`, `debian/*`, `!old/*`.
BranchPattern = Annotated[
    str,
    Worded(
        r"!?[A-Za-z0-9._/*?+@=,~-]{1,250}",
        "is not a valid pattern of branches, as in 'main', 'debian/*' or '!old/*'",
    ),
]
Crontab = Annotated[
    str,
    Worded(
        r"\s*|\s*\S+(?:\s+\S+){4}\s*",
        "is not a time as in crontab(5), with 5 fields: minute, hour, day of the month, month, weekday, as in "
        "'0 2 * * *', every day at 02:00; '' is never",
        lambda text: zuul_time(text) if text.strip() else None,
    ),
]

Sha256 = Annotated[str, Worded(r"[0-9a-f]{64}", "is not a SHA-256 checksum: 64 hexadecimal digits, in lower case")]
Fingerprint = Annotated[
    str, Worded(r"[0-9A-F]{40}", "is not an OpenPGP fingerprint: 40 hexadecimal digits, in upper case, without spaces")
]
# Released versions of somebody's program, as in '2.568.2'.
DottedVersion = Annotated[
    str, Worded(r"[0-9]{1,9}(?:\.[0-9]{1,9}){1,5}", "is not a version: numbers with dots between them, as in '2.568.2'")
]
PluginVersion = Annotated[
    str, Worded(r"[A-Za-z0-9_.-]{1,100}", "is not a valid version of a plugin (letters, digits, '_', '.' and '-')")
]
PluginName = Annotated[
    str,
    Worded(
        r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}",
        "is not a valid name of a plugin (letters, digits, '_', '.' and '-', at most 100 characters)",
    ),
]
ReviewPlugin = Annotated[
    str,
    Worded(
        r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}",
        "is not a valid name of a plugin (letters, digits, '_' and '-', at most 100 characters)",
    ),
]
SectionName = Annotated[
    str, Worded(r"[a-z][a-z0-9-]{0,99}", "is not a valid name of a section (lower-case letters, digits and hyphens)")
]
SettingKey = Annotated[
    str, Worded(r"[A-Za-z][A-Za-z0-9-]{0,99}", "is not a valid name of a setting (letters, digits and hyphens)")
]
PuppetSetting = Annotated[
    str,
    Worded(r"[a-z][a-z0-9_]{0,99}", "is not a Puppet setting (lower-case letters, digits and '_', as in 'strict')"),
]
ApacheModule = Annotated[
    str, Worded(r"[a-z][a-z0-9_]{0,99}", "is not a module of Apache (lower-case letters, digits and '_')")
]
HieraKey = Annotated[str, Worded(r"(?=.*\S)[^\x00-\x1f\x7f]{1,250}", "is not a valid Hiera key: one line of text")]


def _without_password(value: str) -> None:
    if re.match(r"\w+://[^/@\s]*:[^/@\s]*@", value):
        raise ValueError("has a password in it: leave it to git's credential helper (gitcredentials(7))")


# The scp-like form is git's own (git-clone(1), "GIT URLS"); what begins with '-' would be read as an option.
_GIT_URL = (
    r"(?:https|ssh|file)://[^\s\x00-\x1f\x7f]+|"
    r"(?:[A-Za-z0-9_.+]+@)?[A-Za-z0-9_.][A-Za-z0-9_.-]*:(?!//)[^\s:-][^\s:]*"
)
GitUrl = Annotated[
    str,
    Worded(
        _GIT_URL,
        "is not a git URL: write https://HOST/PATH, ssh://USER@HOST/PATH, USER@HOST:PATH or file:///PATH",
        _without_password,
    ),
]
# git-check-ref-format(1), and no more signs than people use.
GitRef = Annotated[
    str,
    Worded(
        r"(?=.{1,200}$)(?!.*(?:\.\.|//|\.lock(?:/|$)|/\.|\.$|/$|\./))[A-Za-z0-9_][A-Za-z0-9_./+-]*",
        "is not a valid branch, tag or commit",
    ),
]
# deb-version(7): a hyphen would begin another revision, a digit would go on with the number before it. What check
# builds add (~c5.2) would pass for one of them.
VersionSuffix = Annotated[
    str,
    Worded(
        r"(?:[A-Za-z.+~^_][A-Za-z0-9.+~^_]{0,99})?",
        "is not a valid version suffix (letters, digits, '.', '+', '~', no digit first, at most 100 characters), as in "
        "'+site1~deb13'",
    ),
    Worded(
        r"(?!.*~c[0-9]+\.[0-9]+(?:\.[A-Za-z0-9_]+)?$).*",
        "ends like the version of a check build (~c5.2)",
    ),
]
FactName = Annotated[
    str, Worded(r"[a-z][a-z0-9_]{0,99}", "is not a valid name of a fact (lower-case letters, digits and '_')")
]
