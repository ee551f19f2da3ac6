"""A fact about a host, and the one way to ask for some: one program for its shell, and its answer as data."""

from __future__ import annotations

import shlex
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from importlib import resources
from typing import TYPE_CHECKING, Generic, TypeVar

from pkgci.remote.errors import HostError

if TYPE_CHECKING:
    from pkgci.remote.session import Session

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_END = "end=yes"
# What the program of every fact may count on: English words, and the programs of administrators. Temporary files are
# where every other program on the host puts them.
_BEFORE = "LC_ALL=C\nPATH=$PATH:/usr/sbin:/sbin\nexport LC_ALL PATH\nunset TMPDIR\ncd /"


class Fact(ABC, Generic[T_co]):
    """One thing to know about a host.

    ``program`` names a file in the folder ``host``: a POSIX shell program that prints ``key=value`` lines, changes
    nothing and installs nothing. No two facts print the same key.
    """

    program: str

    def settings(self) -> Mapping[str, Iterable[str]]:
        """What the program is told: variables, each some words."""
        return {}

    @abstractmethod
    def read(self, answers: Answers) -> T_co:
        """What the program found. Pure."""


class Answers:
    """What the programs printed: keys, each with its values in their order."""

    def __init__(self, text: str) -> None:
        """Raises ``ValueError`` where ``text`` is not whole."""
        self._values: dict[str, list[str]] = {}
        for line in text.splitlines():
            key, _, value = line.partition("=")
            self._values.setdefault(key, []).append(value.strip())
        if "end" not in self:
            raise ValueError("inspecting the host failed")

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def one(self, key: str) -> str:
        """The first value of ``key``, or ''."""
        return self._values.get(key, [""])[0]

    def number(self, key: str) -> int | None:
        """The first value of ``key`` as a number; None where it is none."""
        text = self.one(key)
        return int(text) if text.isdecimal() else None

    def all(self, key: str) -> list[str]:
        """Every value of ``key``."""
        return self._values.get(key, [])


def text_of(program: str) -> str:
    """The text of a fact's program."""
    return (resources.files(__package__) / "host" / f"{program}.sh").read_text(encoding="utf-8")


def whole_program(facts: Iterable[Fact[object]]) -> str:
    """The program that finds out all of ``facts``, one after another: none sees another's variables or input."""
    return "\n".join([_BEFORE, *(_part(fact) for fact in facts), f"echo {_END}"])


def _part(fact: Fact[object]) -> str:
    settings = [f"{name}={shlex.quote(' '.join(words))}" for name, words in fact.settings().items()]
    return "\n".join(["(", *settings, text_of(fact.program), ") </dev/null"])


def collect(
    session: Session, facts: Iterable[Fact[object]], *, timeout: float | None = None, at_least: float = 0.0
) -> Answers:
    """What the session's host answers to ``facts``. Times as ``Session.run`` has them. Raises ``HostError``."""
    completed = session.run(whole_program(facts), timeout=timeout, at_least=at_least)
    try:
        return Answers(completed.stdout)
    except ValueError as error:
        said = completed.stderr.strip().splitlines()[-1:] or [f"exit status {completed.status}"]
        raise HostError(session.host.name, f"{error}: {said[0]}") from None


def read_from(session: Session, read: Callable[[Answers], T], answers: Answers) -> T:
    """What ``read`` makes of the ``answers`` of the session's host. Raises ``HostError`` where nothing can be made."""
    try:
        return read(answers)
    except (ValueError, LookupError) as error:
        raise HostError(session.host.name, f"what it says of itself cannot be read: {error}") from error
