"""How a host's services are: their units, and what they answer."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pkgci.facts.fact import Answers, Fact


@dataclass(frozen=True)
class Unit:
    """A systemd unit: whether it is there at all, and the state it is in."""

    name: str
    loaded: bool
    state: str

    @property
    def up(self) -> bool:
        return self.state in ("active", "reloading")


class Units(Fact[tuple[Unit, ...]]):
    """The state of each of ``names``, and of what failed that one of them, a timer, has started."""

    program = "units"

    def __init__(self, names: Iterable[str]) -> None:
        self._names = tuple(names)

    def settings(self) -> Mapping[str, Iterable[str]]:
        """The names."""
        return {"UNITS": self._names}

    def read(self, answers: Answers) -> tuple[Unit, ...]:
        """In the order of the names."""
        return tuple(_unit(value) for value in answers.all("unit"))


def _unit(value: str) -> Unit:
    name, *rest = value.split()
    facts = dict(word.partition("=")[::2] for word in rest)
    return Unit(name, facts.get("LoadState") == "loaded", facts.get("ActiveState", "unknown"))


@dataclass(frozen=True)
class Page:
    """What a service answered over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True)
class Question:
    """What a service on a local ``port`` is asked: a page's path, or a word of Gearman's administration protocol."""

    name: str
    port: int
    text: str


@dataclass(frozen=True)
class Said:
    """What answered, by name."""

    pages: Mapping[str, Page] = field(default_factory=dict)
    gearman: Mapping[str, str] = field(default_factory=dict)


class Services(Fact[Said]):
    """What services answer on their local ports."""

    program = "services"

    def __init__(self, pages: Iterable[Question], gearman: Iterable[Question]) -> None:
        self._questions = [("page", question) for question in pages] + [("gearman", question) for question in gearman]

    def settings(self) -> Mapping[str, Iterable[str]]:
        """The questions."""
        words = [(f"{kind}={one.name}", str(one.port), one.text) for kind, one in self._questions]
        return {"QUESTIONS": [word for question in words for word in question]}

    def read(self, answers: Answers) -> Said:
        """An answer that was cut off is none."""
        pages = {name: _page(text) for name, text in _named(answers.all("page"))}
        gearman = {name: text for name, text in _named(answers.all("gearman")) if text.rstrip().endswith(".")}
        return Said({name: page for name, page in pages.items() if page is not None}, gearman)


def _named(values: Iterable[str]) -> Iterable[tuple[str, str]]:
    return ((name, _decoded(rest)) for name, _, rest in (value.partition(" ") for value in values))


def _page(answer: str) -> Page | None:
    """An HTTP answer (RFC 9112, section 4), as far as it matters here; None where it is none."""
    head, _, body = answer.replace("\r\n", "\n").partition("\n\n")
    first, *lines = head.split("\n")
    words = first.split()
    if len(words) < 2 or not words[0].startswith("HTTP/") or not words[1].isdecimal():
        return None
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Page(int(words[1]), headers, body)


@dataclass(frozen=True)
class SigningKey:
    """A key of a package source; ``until`` is None for one that does not expire."""

    file: str
    until: datetime | None


class SourceKeys(Fact[tuple[SigningKey, ...]]):
    """The keys of package sources."""

    program = "source_keys"

    def read(self, answers: Answers) -> tuple[SigningKey, ...]:
        """By file."""
        return tuple(_key(value) for value in answers.all("key"))


def _key(value: str) -> SigningKey:
    until, _, file = value.partition(" ")
    return SigningKey(file, datetime.fromtimestamp(int(until), UTC) if until.isdecimal() else None)


class Certificate(Fact[str | None]):
    """The host's certificate."""

    program = "certificate"

    def read(self, answers: Answers) -> str | None:
        """PEM; None where there is none."""
        return _decoded(answers.one("certificate")) or None


@dataclass(frozen=True)
class ReviewLink:
    """``connections`` to the code review; None where the host does not tell.

    ``alerts`` are what the review refuses to do for Zuul; ``clock`` is what failed that a timer started.
    """

    connections: int | None = None
    alerts: tuple[str, ...] = ()
    clock: tuple[str, ...] = ()


class ReviewLinkFact(Fact[ReviewLink]):
    """How Zuul gets on with the code review on ``port``."""

    program = "review_link"

    def __init__(self, port: int | None) -> None:
        self._port = port

    def settings(self) -> Mapping[str, Iterable[str]]:
        """The port; nothing is asked without one."""
        return {"PORT": [str(self._port)] if self._port is not None else []}

    def read(self, answers: Answers) -> ReviewLink:
        """Nothing, where nothing was asked."""
        return ReviewLink(
            answers.number("gerrit"),
            tuple(alert for value in answers.all("alerts") for alert in _alerts(_decoded(value))),
            tuple(alert for value in answers.all("clock") for alert in _alerts(_decoded(value))),
        )


def _alerts(text: str) -> list[str]:
    """What Zuul's file of alerts says (zuul_py3/alerts.py writes it)."""
    try:
        found = json.loads(text)
        return [str(found[key]["what"]) for key in sorted(found)]
    except (ValueError, LookupError, TypeError):
        return []


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode(errors="replace")
    except binascii.Error:
        return ""
