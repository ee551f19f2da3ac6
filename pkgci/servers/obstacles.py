"""What somebody else set up on a bare host that stands in pkgci's way: firewalls, rules of sshd's, accounts. Pure."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from pkgci.model.roles import CATALOGUE, KEYS_GROUP, LOGINS, SLAVES, SUBORDINATE_IDS
from pkgci.model.site import Host, Site
from pkgci.remote.collector import Answers

# Our own tables; the lab's, too.
_OURS = "pkgci"


@dataclass(frozen=True)
class Accounts:
    """What pkgci needs of accounts on a host: those that it makes, groups too, and those that are logged in to."""

    made: tuple[str, ...]
    groups: tuple[str, ...]
    logins: tuple[str, ...]


def accounts(site: Site, host: Host) -> Accounts:
    """The accounts of ``host``, each once."""
    people = [name for name in site.administrator_keys if name not in (host.ssh.user, "root")]
    jobs = [host.agent_user] if set(SLAVES) & set(host.roles) else []
    roles = [name for role in host.roles for name in CATALOGUE[role].accounts]
    made = tuple(dict.fromkeys([*roles, *jobs, *people]))
    logins = [host.ssh.user, *people, *jobs, *(name for name in roles if name in LOGINS)]
    groups = [KEYS_GROUP, *(name for role in host.roles for name in CATALOGUE[role].groups)]
    return Accounts(made, tuple(groups), tuple(dict.fromkeys(logins)))


@dataclass(frozen=True)
class Account:
    """An account that is there: its user identity, home and shell."""

    name: str
    uid: int
    home: str
    shell: str

    @property
    def of_a_person(self) -> bool:
        """Whether somebody logs in as it: one that an administrator may well have already."""
        return self.uid >= 1000 and not self.shell.endswith(("/nologin", "/false"))


@dataclass(frozen=True)
class Obstacles:
    """``firewalls``: programs and tables that filter. ``shut_out``: account → why sshd does not let it in."""

    firewalls: tuple[str, ...] = ()
    shut_out: Mapping[str, str] = field(default_factory=dict)
    accounts: tuple[Account, ...] = ()
    groups: tuple[str, ...] = ()
    identities: tuple[str, ...] = ()


def obstacles(found: Answers) -> Obstacles:
    """What the collector found."""
    accounts = tuple(_account(line) for line in found.all("account"))
    return Obstacles(
        firewalls=tuple(dict.fromkeys((*found.all("firewall"), *_tables(found), *_legacy(found)))),
        shut_out=dict(_shut_out(found)),
        accounts=accounts,
        groups=tuple(line.partition(":")[0] for line in found.all("group")),
        identities=tuple(dict.fromkeys(_identities(found))),
    )


def _account(line: str) -> Account:
    name, _, uid, _, _, home, shell = (line.split(":") + [""] * 7)[:7]
    return Account(name, int(uid) if uid.isdecimal() else 0, home, shell)


def _legacy(found: Answers) -> Iterator[str]:
    if found.all("iptables"):
        yield "iptables-legacy rules"


def _tables(found: Answers) -> Iterator[str]:
    """The tables that decide about what comes in or goes through, as ``nft list ruleset`` would name them.

    A chain without rules that lets everything pass decides nothing; one that only rewrites what the host itself sends
    keeps nobody out (that is how Docker's own name service reaches a container).
    """
    try:
        objects = json.loads(base64.b64decode(found.one("nft")) or b"{}").get("nftables", [])
    except (ValueError, binascii.Error, AttributeError):
        yield "nftables rules that cannot be read"
        return
    ruled = {_chain(item["rule"], "chain") for item in objects if "rule" in item}
    for item in objects:
        chain = item.get("chain", {})
        place = (chain.get("type"), chain.get("hook"))
        own_traffic = place in {("nat", "output"), ("nat", "postrouting")}
        decides = (
            "hook" in chain and not own_traffic and (chain.get("policy") == "drop" or _chain(chain, "name") in ruled)
        )
        if decides and not str(chain["table"]).startswith(_OURS):
            docker = " (Docker's)" if _dockers(objects, chain) else ""
            yield f"nftables table {chain['family']} {chain['table']}{docker}"


def _chain(item: Mapping[str, Any], key: str) -> tuple[Any, ...]:
    return (item.get("family"), item.get("table"), item.get(key))


def _dockers(objects: Iterable[Mapping[str, Any]], chain: Mapping[str, Any]) -> bool:
    table = (chain["family"], chain["table"])
    chains = (item["chain"] for item in objects if "chain" in item)
    return any((one["family"], one["table"]) == table and str(one["name"]).startswith("DOCKER") for one in chains)


def _shut_out(found: Answers) -> Iterator[tuple[str, str]]:
    groups = {name: rest.split() for name, _, rest in (line.partition(" ") for line in found.all("ssh_groups"))}
    rules: dict[str, dict[str, list[str]]] = {}
    for line in found.all("sshd"):
        name, key, *values = line.split(" ")
        rules.setdefault(name, {}).setdefault(key, []).extend(values)
    for name, said in rules.items():
        reason = _reason(name, [*groups.get(name, []), name, KEYS_GROUP], said)
        if reason:
            yield name, reason


def _reason(name: str, groups: list[str], said: Mapping[str, list[str]]) -> str:
    """Why sshd does not let ``name`` in with a key; '' where it does. sshd_config(5) has the patterns."""
    if _matches(said.get("denyusers", []), [name]):
        return "DenyUsers"
    if "allowusers" in said and not _matches(said["allowusers"], [name]):
        return "AllowUsers"
    if _matches(said.get("denygroups", []), groups):
        return "DenyGroups"
    if "allowgroups" in said and not _matches(said["allowgroups"], groups):
        return "AllowGroups"
    if said.get("pubkeyauthentication") == ["no"]:
        return "PubkeyAuthentication no"
    methods = said.get("authenticationmethods", ["any"])
    if not {"any", "publickey"} & set(methods):
        return f"AuthenticationMethods {' '.join(methods)}"
    command = " ".join(said.get("forcecommand", ["none"]))
    return "" if command == "none" else f"ForceCommand {command}"


def _matches(patterns: Iterable[str], names: Iterable[str]) -> bool:
    """Whether a name fits a pattern, and none that begins with '!'. After an '@' is where somebody comes from."""
    told = [(pattern.removeprefix("!").partition("@")[0], pattern.startswith("!")) for pattern in patterns]
    fitting = [denies for name in names for pattern, denies in told if fnmatchcase(name, pattern)]
    return bool(fitting) and not any(fitting)


def _identities(found: Answers) -> Iterator[str]:
    """Whose identities are among those that builds and tests get as their own."""
    for line in found.all("uid"):
        uid, _, name = line.partition(" ")
        if uid.isdecimal() and int(uid) in SUBORDINATE_IDS:
            yield f"{name} (uid {uid})"
    for line in found.all("subordinate"):
        name, first, count = line.split()
        taken = range(int(first), int(first) + int(count))
        if (
            taken != SUBORDINATE_IDS
            and taken
            and taken[0] < SUBORDINATE_IDS.stop
            and SUBORDINATE_IDS.start <= taken[-1]
        ):
            yield f"{name} ({first} to {taken[-1]})"
