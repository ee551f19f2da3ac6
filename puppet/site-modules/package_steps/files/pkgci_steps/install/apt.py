"""apt in a root."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType

from .. import review
from ..report import Case
from ..repository import versions
from ..review import File, Repository
from ..settings import Target
from ..status import Ended, Status
from ..step import Step
from . import faults, look
from .manager import GONE
from .root import AUTHORITIES, Root, Said

ARCHIVES = "/var/cache/apt/archives"
_SOURCES = "/etc/apt/sources.list.d/pkgci.sources"
_PREFERENCES = "/etc/apt/preferences.d/pkgci"
# What is to be in its place while only what is released counts, and while the changes count too.
_RELEASED, _CHANGES = "/etc/pkgci/preferences.released", "/etc/pkgci/preferences.changes"
# What is never installed unless it is asked for by its version (apt_preferences(5)).
_NEVER = -1
# What dpkg's list of packages would be, had all that was fetched been installed.
_AS_IF = "/var/cache/apt/pkgci-status"
_INSTALLED = """\
cp /var/lib/dpkg/status "$2"
for deb in "$1"/*.deb; do
    dpkg-deb --field "$deb"
    printf 'Status: install ok installed\\n\\n'
done >>"$2"
"""
_GET = ("apt-get", "--yes", "--quiet")
# The distribution's own sources are in the other file, and their lists came with the root: as old as the last night.
_OURS_ALONE = ("--option=Dir::Etc::sourcelist=/dev/null", "--option=APT::Get::List-Cleanup=false")


@dataclass(frozen=True)
class Planned:
    """One package that apt would install."""

    package: str
    version: str


def files(step: Step, target: Target, chosen: tuple[Repository, ...]) -> dict[str, bytes]:
    """What apt needs in a root for these repositories, those of changes only after ``Apt.use_changes``."""
    held = tuple(item if item.is_released else item.held for item in chosen)
    keys = {"release.asc": step.settings.repository.release_key, "review.asc": step.settings.repository.review_key}
    return {
        _SOURCES: review.apt_sources(chosen, target).encode(),
        _RELEASED: review.apt_preferences(held, target).encode(),
        _CHANGES: review.apt_preferences(chosen, target).encode(),
        "/etc/apt/apt.conf.d/99pkgci": _configuration().encode(),
        # Nothing is started where nothing is booted (invoke-rc.d's own rule).
        "/usr/sbin/policy-rc.d": b"#!/bin/sh\nexit 101\n",
        **{str(review.KEYS / item.key): keys[item.key].read_bytes() for item in chosen},
    }


def _configuration() -> str:
    return (
        f'Acquire::https::CAInfo "{AUTHORITIES}";\n'
        'Acquire::Retries "3";\n'
        'APT::Install-Recommends "false";\n'
        'APT::Update::Error-Mode "any";\n'
        'Dpkg::Use-Pty "false";\n'
        'Dpkg::Options { "--force-confdef"; "--force-confold"; };\n'
    )


class Apt:
    """apt in ``root``, as ``manager.Manager`` says."""

    kind = "deb"
    ways_out: Mapping[str, frozenset[str]] = MappingProxyType(
        {"remove": frozenset({"config-files", GONE}), "purge": frozenset({GONE})}
    )

    def __init__(self, root: Root) -> None:
        self.root = root
        self._has_lists = self._has_news = False
        # What apt said that it would do, as long as nothing changes.
        self._plans: dict[tuple[str, ...], Said] = {}

    def use_released(self) -> None:
        """From now on, no repository of a change counts. Raises ``Ended`` (infrastructure)."""
        self._use(_RELEASED)

    def use_changes(self) -> None:
        """From now on, the repositories of changes count too. Raises ``Ended`` (infrastructure)."""
        self._use(_CHANGES)

    @contextmanager
    def layer(self, step: Step) -> Iterator[Apt]:
        """apt in a root that begins as this one is now."""
        with self.root.layer(step) as root:
            other = Apt(root)
            other._has_lists, other._has_news, other._plans = self._has_lists, self._has_news, dict(self._plans)
            yield other

    def _use(self, preferences: str) -> None:
        if not self._has_lists:
            self._update(*_OURS_ALONE)
            self._has_lists = True
        self._plans.clear()
        self.root.run("cp", preferences, _PREFERENCES)

    def _update(self, *options: str) -> None:
        with self.root.step.timed("lists fetched"):
            said = self.root.run(*_GET, *options, "update", network=True)
        if said.status != 0:
            raise Ended(Status.INFRASTRUCTURE, f"apt-get update: {faults.message(said)}")

    def _or_with_news(self, ask: Callable[[], Said]) -> Said:
        """What ``ask`` says, asked again with the mirror's news where it fails and the lists are of the last night."""
        said = ask()
        if said.status == 0 or self._has_news or self.root.is_closed:
            return said
        self.root.step.log.say(f"once more, with the mirror's news: {faults.message(said)}")
        self._update()
        self._has_news = True
        return ask()

    def word(self, package: str, version: str) -> str:
        """As apt-get takes it."""
        return f"{package}={version}"

    def plan(self, words: Sequence[str]) -> Said:
        """What installing ``words`` would install, in all."""
        if tuple(words) not in self._plans:
            said = self._or_with_news(lambda: self.root.run(*_GET, "install", "--simulate", *words))
            self._plans[tuple(words)] = said
        return self._plans[tuple(words)]

    def fetch(self, words: Sequence[str]) -> Said:
        """Fetches what installing ``words`` needs, and installs nothing."""
        with self.root.step.timed("packages fetched"):
            return self._or_with_news(lambda: self.root.run(*_GET, "install", "--download-only", *words, network=True))

    def fetch_upgrade(self, words: Sequence[str]) -> Said:
        """Fetches what installing ``words`` needs once all that was fetched is installed, and installs nothing."""
        as_if = f"Dir::State::status={_AS_IF}"
        with self.root.step.timed("packages fetched"):
            self.root.ask("sh", "-ec", _INSTALLED, "sh", ARCHIVES, _AS_IF)
            return self._or_with_news(
                lambda: self.root.run(*_GET, "-o", as_if, "install", "--download-only", *words, network=True)
            )

    def fetch_only(self, variable: str, *words: str) -> Said:
        """Fetches what apt-get's ``words`` would install, with ``variable`` (NAME=VALUE), and installs nothing."""
        return self._or_with_news(
            lambda: self.root.run("env", variable, *_GET, "--download-only", *words, network=True)
        )

    def sums(self) -> dict[str, str]:
        """The checksums of what was fetched → the files' names."""
        return self.root.sums(f"{ARCHIVES}/*.deb")

    def needed(self, group: Sequence[File]) -> list[str]:
        """What the packages need beside themselves; nothing where that needs them in turn."""
        own = {file.package for file in group}
        plan = planned(self.plan([self.word(file.package, file.version) for file in group]).text)
        found = [self.word(item.package, item.version) for item in plan if item.package not in own]
        if not found or {item.package for item in planned(self.plan(found).text)} & own:
            return []
        return found

    def install(self, words: Sequence[str]) -> Said:
        """Installs ``words``, all of which is there already."""
        self.root.close()
        self._plans.clear()
        with self.root.step.timed("installed"):
            return self.root.run(*_GET, "install", "--no-download", *words)

    def remove(self, way: str, packages: Sequence[str]) -> Said:
        """Removes or purges. What is removed before, dpkg alone purges: nothing depends on it any more."""
        self._plans.clear()
        with self.root.step.timed("removed"):
            if way == "purge":
                return self.root.run("dpkg", "--purge", *packages)
            return self.root.run(*_GET, way, *packages)

    def states(self, packages: Iterable[str]) -> dict[str, tuple[str, str]]:
        """The state of each package, in dpkg's words (``installed``, ``config-files``…), and its version."""
        wanted = set(packages)
        text = self.root.ask("dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status} ${Version}\n")
        rows = (line.split(" ") for line in text.splitlines())
        return {row[0]: (row[1], row[2]) for row in rows if row[0] in wanted}

    def released(self, repository: Repository, packages: Iterable[str]) -> dict[str, str]:
        """The newest version in ``repository`` of those packages that are in it."""
        wanted = set(packages)
        newest: dict[str, str] = {}
        for row in stanzas(self.packages(f"Repo-URI: {repository.url}")):
            name, version = row["Package"], row["Version"]
            if name in wanted and (name not in newest or versions.is_older(self.kind, newest[name], version)):
                newest[name] = version
        return newest

    def named(self, packages: Iterable[str]) -> list[dict[str, str]]:
        """The paragraphs of all packages with one of these names that apt knows of, in every version."""
        return stanzas(self.root.ask("apt-cache", "show", *packages))

    def look(self, package: str, when: str) -> list[Case]:
        """Whether the files and services of an installed package are as it declares them."""
        return look.deb(self.root, package, when)

    def owned(self) -> list[str]:
        """Every path that an installed package has."""
        return self.root.ask("sh", "-c", "cat /var/lib/dpkg/info/*.list").splitlines()

    def packages(self, *filters: str) -> str:
        """The Packages files of the sources that ``filters`` name (``apt-get indextargets``)."""
        shown = self.root.ask("apt-get", "indextargets", "--format", "$(FILENAME)", "Created-By: Packages", *filters)
        names = shown.split()
        return self.root.ask("/usr/lib/apt/apt-helper", "cat-file", *names) if names else ""


def planned(text: str) -> tuple[Planned, ...]:
    """What ``apt-get install --simulate`` says that it would install."""
    found = re.findall(r"^Inst ([^\s:]+)(?::\S+)? (?:\[\S+\] )?\((\S+) ", text, re.MULTILINE)
    return tuple(Planned(package, version) for package, version in found)


def stanzas(text: str) -> list[dict[str, str]]:
    """The paragraphs of a control file; of a field with several lines, the first line."""
    return [
        dict(re.findall(r"^([A-Za-z0-9-]+): *(.*)$", paragraph, re.MULTILINE))
        for paragraph in re.split(r"\n{2,}", text)
        if paragraph.strip()
    ]
