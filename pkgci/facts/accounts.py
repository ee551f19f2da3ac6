"""A host's accounts, and whom of them sshd lets in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pkgci.facts.fact import Answers, Fact
from pkgci.model.roles import KEYS_GROUP, SUBORDINATE_IDS


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
class Known:
    """The accounts and groups that were asked about and are there, and whose identities are in use."""

    accounts: tuple[Account, ...] = ()
    groups: tuple[str, ...] = ()
    identities: tuple[str, ...] = ()


class AccountsFact(Fact[Known]):
    """Which of ``names`` are accounts or groups, and whose identities are among those of builds and tests."""

    program = "accounts"

    def __init__(self, names: Iterable[str]) -> None:
        self._names = tuple(names)

    def settings(self) -> Mapping[str, Iterable[str]]:
        """The names, and the first of the identities."""
        return {"ACCOUNTS": self._names, "FIRST_ID": (str(SUBORDINATE_IDS.start),)}

    def read(self, answers: Answers) -> Known:
        """In the order of the names."""
        return Known(
            accounts=tuple(_account(line) for line in answers.all("account")),
            groups=tuple(line.partition(":")[0] for line in answers.all("group")),
            identities=tuple(dict.fromkeys(_identities(answers))),
        )


class Logins(Fact[dict[str, str]]):
    """Which of the accounts ``names`` sshd does not let in with a key, where they come from ``source``."""

    program = "logins"

    def __init__(self, names: Iterable[str], source: str) -> None:
        self._names = tuple(names)
        self._source = source

    def settings(self) -> Mapping[str, Iterable[str]]:
        """The names and the address."""
        return {"LOGINS": self._names, "FROM": (self._source,)}

    def read(self, answers: Answers) -> dict[str, str]:
        """Account → why not."""
        return dict(_shut_out(answers))


def _account(line: str) -> Account:
    name, _, uid, _, _, home, shell = (line.split(":") + [""] * 7)[:7]
    return Account(name, int(uid) if uid.isdecimal() else 0, home, shell)


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
