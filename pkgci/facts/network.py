"""A host's names, package sources and listeners."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pkgci.facts.fact import Answers, Fact


@dataclass(frozen=True)
class Name:
    """What the host takes ``address`` for. ``dns`` is False where only its /etc/hosts says so."""

    address: str
    name: str
    dns: bool


class Forward(Fact[dict[str, tuple[str, ...]]]):
    """The addresses of names, as the host's DNS has them."""

    program = "forward"

    def __init__(self, names: Iterable[str]) -> None:
        self._names = tuple(names)

    def settings(self) -> Mapping[str, Iterable[str]]:
        """The names."""
        return {"NAMES": self._names}

    def read(self, answers: Answers) -> dict[str, tuple[str, ...]]:
        """Name → addresses; a name that has none is not in it."""
        found: dict[str, tuple[str, ...]] = {}
        for name, address in (value.split() for value in answers.all("forward")):
            found[name] = (*found.get(name, ()), address)
        return found


class Reverse(Fact[tuple[Name, ...]]):
    """The names of addresses: those of DNS, then those that only /etc/hosts has."""

    program = "reverse"

    def __init__(self, addresses: Iterable[str]) -> None:
        self._addresses = tuple(addresses)

    def settings(self) -> Mapping[str, Iterable[str]]:
        """The addresses."""
        return {"ADDRESSES": self._addresses}

    def read(self, answers: Answers) -> tuple[Name, ...]:
        """Every name."""
        found = (value.split() for value in answers.all("reverse"))
        return tuple(Name(address, name, source == "dns") for address, source, name in found)


@dataclass(frozen=True)
class Mirror:
    """One of the package sources that the host's apt is set up with."""

    uri: str
    reached: bool


class Mirrors(Fact[tuple[Mirror, ...] | None]):
    """Whether the package sources are reached; None where they could not be asked."""

    program = "mirrors"

    def read(self, answers: Answers) -> tuple[Mirror, ...] | None:
        """In the order of their addresses."""
        if "mirrors" not in answers:
            return None
        told = sorted(line.partition(" ")[::2] for line in answers.all("mirror"))
        return tuple(Mirror(uri, verdict == "ok") for verdict, uri in told)


@dataclass(frozen=True)
class Listener:
    """A TCP port that something listens on; ``process`` is empty where the host does not tell."""

    port: int
    process: str


class Listeners(Fact[tuple[Listener, ...]]):
    """Who listens, from ``ss`` or from /proc/net/tcp."""

    program = "listeners"

    def read(self, answers: Answers) -> tuple[Listener, ...]:
        """Each port once."""
        found: dict[int, str] = {}
        for line in answers.all("listen"):
            address, _, users = line.partition(" ")
            process = re.search(r'\(\("([^"]*)"', users)
            found[int(address.rpartition(":")[2])] = process[1] if process else ""
        for address in answers.all("listen_hex"):
            found.setdefault(int(address.rpartition(":")[2], 16), "")
        return tuple(Listener(port, process) for port, process in sorted(found.items()))
