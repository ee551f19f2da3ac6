"""apt in a root."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .. import review
from ..review import File, Repository
from ..settings import Target
from ..status import Ended, Status
from ..step import Step
from . import faults
from .root import AUTHORITIES, Root, Said

ARCHIVES = "/var/cache/apt/archives"
# Where the sources of the change wait until they are wanted.
_WAITING = "/etc/pkgci/review.sources"
_SOURCES = "/etc/apt/sources.list.d/pkgci-{}.sources"
_GET = ("apt-get", "--yes", "--quiet")


@dataclass(frozen=True)
class Planned:
    """One package that apt would install."""

    package: str
    version: str


def files(step: Step, target: Target, chosen: tuple[Repository, ...]) -> dict[str, bytes]:
    """What apt needs in a root for these repositories, those of changes only after ``Apt.use_changes``."""
    released = tuple(item for item in chosen if item.name == "released")
    changes = tuple(item for item in chosen if item not in released)
    keys = {"release.asc": step.settings.repository.release_key, "review.asc": step.settings.repository.review_key}
    return {
        _SOURCES.format("released"): review.apt_sources(released, target).encode(),
        _WAITING: review.apt_sources(changes, target).encode(),
        "/etc/apt/preferences.d/pkgci": review.apt_preferences(chosen, target).encode(),
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
    """apt in ``root``. What it fetches has the network, what it installs has not."""

    def __init__(self, root: Root) -> None:
        self.root = root

    def update(self) -> None:
        """Fetches the lists. Raises ``Ended`` (infrastructure)."""
        said = self.root.run(*_GET, "update", network=True)
        if said.status != 0:
            raise Ended(Status.INFRASTRUCTURE, f"apt-get update: {faults.message(said)}")

    def use_changes(self) -> None:
        """From now on, the repositories of changes count too. Raises ``Ended`` (infrastructure)."""
        self.root.run("cp", _WAITING, _SOURCES.format("review"))
        self.update()

    def plan(self, words: Sequence[str]) -> tuple[Said, tuple[Planned, ...]]:
        """What installing ``words`` (``package=version``) would install, in all."""
        said = self.root.run(*_GET, "install", "--simulate", *words)
        return said, planned(said.text)

    def fetch(self, words: Sequence[str]) -> Said:
        """Fetches what installing ``words`` needs, and installs nothing."""
        return self.root.run(*_GET, "install", "--download-only", *words, network=True)

    def install(self, words: Sequence[str]) -> Said:
        """Installs ``words``, all of which is there already."""
        return self.root.run(*_GET, "install", "--no-download", *words)

    def sums(self) -> dict[str, str]:
        """The checksums of what was fetched → the files' names."""
        found = self.root.ask("sh", "-c", f"cd {ARCHIVES} && sha256sum -- *.deb || :")
        return {line[:64]: line[66:] for line in found.splitlines()}

    def states(self, packages: Iterable[str]) -> dict[str, tuple[str, str]]:
        """The state of each package, in dpkg's words (``installed``, ``config-files``…), and its version."""
        wanted = set(packages)
        text = self.root.ask("dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status} ${Version}\n")
        rows = (line.split(" ") for line in text.splitlines())
        return {row[0]: (row[1], row[2]) for row in rows if row[0] in wanted}

    def is_older(self, version: str, than: str) -> bool:
        """Whether a version sorts before another."""
        return self.root.run("dpkg", "--compare-versions", version, "lt", than).status == 0

    def index(self, repository: Repository) -> list[dict[str, str]]:
        """The packages in a repository, as its Packages file has them."""
        return stanzas(self.packages(f"Repo-URI: {repository.url}"))

    def packages(self, *filters: str) -> str:
        """The Packages files of the sources that ``filters`` name (``apt-get indextargets``)."""
        shown = self.root.ask("apt-get", "indextargets", "--format", "$(FILENAME)", "Created-By: Packages", *filters)
        names = shown.split()
        return self.root.ask("/usr/lib/apt/apt-helper", "cat-file", *names) if names else ""


def planned(text: str) -> tuple[Planned, ...]:
    """What ``apt-get install --simulate`` says that it would install."""
    found = re.findall(r"^Inst ([^\s:]+)(?::\S+)? (?:\[\S+\] )?\((\S+) ", text, re.MULTILINE)
    return tuple(Planned(package, version) for package, version in found)


def words(packages: Iterable[File]) -> list[str]:
    """As apt-get takes them."""
    return [f"{file.package}={file.version}" for file in packages]


def stanzas(text: str) -> list[dict[str, str]]:
    """The paragraphs of a control file; of a field with several lines, the first line."""
    return [
        dict(re.findall(r"^([A-Za-z0-9-]+): *(.*)$", paragraph, re.MULTILINE))
        for paragraph in re.split(r"\n{2,}", text)
        if paragraph.strip()
    ]
