"""Where a distribution's packages come from, and how apt reaches them: a target's mirror, or the host's own apt."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from .settings import Target
from .status import Ended, Status
from .step import Step

# What Debian and Ubuntu call their releases (package distro-info-data).
RELEASES = Path("/usr/share/distro-info")
KEYRINGS = {
    "debian": Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
    "ubuntu": Path("/usr/share/keyrings/ubuntu-archive-keyring.gpg"),
}
# The host's certificate authorities, those that its administrator added among them.
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
# What belongs to a release beside itself: updates of the release, and of its security.
_PARTS = ("", "-updates", "-security")
# Settings of apt that are the way to a mirror, or are true of the mirror itself.
_SETTING = re.compile(
    r'^(Acquire::(?:https?::Proxy|Check-Valid-Until|Check-Date|Retries|ForceIPv[46])(?:::\S+)?) "([^"]*)";$',
    re.MULTILINE,
)


@dataclass(frozen=True)
class Source:
    """One line of apt's sources. ``keyring`` is what vouches for it, on this host."""

    address: str
    suite: str
    components: tuple[str, ...]
    keyring: Path

    @property
    def line(self) -> str:
        """As in sources.list, without the keyring: in a root of its own distribution, that is known."""
        return f"deb {self.address} {self.suite} {' '.join(self.components)}"


def sources(step: Step, target: Target) -> tuple[Source, ...]:
    """Where the packages of ``target``'s suite are: at its mirror, or where this host's apt finds its own.

    A mirror of one's own is asked for the suite alone, the host's for the suite's updates too where the host has its
    own. Raises ``Ended`` (misused) where that is not known.
    """
    suite = target.suite or ""
    keyring = KEYRINGS[distribution(suite)]
    if not keyring.exists():
        raise Ended(Status.MISUSED, f"target {target.name}: {keyring} is missing, which vouches for its packages")
    if target.mirror:
        return (Source(target.mirror.rstrip("/"), suite, target.components, keyring),)
    form = "$(ORIGIN) $(CODENAME) $(COMPONENT) $(REPO_URI)"
    status, output = step.programs.output(["apt-get", "indextargets", "--format", form, "Created-By: Packages"])
    if status != 0:
        raise Ended(Status.INFRASTRUCTURE, f"apt does not tell its sources: it ended with status {status}")
    found = host_sources(output.decode(), target, keyring, distribution)
    if not found:
        raise Ended(
            Status.MISUSED,
            f"target {target.name}: this host's apt has no mirror of {distribution(suite).capitalize()} (after "
            "`apt-get update`); give the target a `mirror:` in the site file",
        )
    return found


def host_sources(targets: str, target: Target, keyring: Path, known: Callable[[str], str]) -> tuple[Source, ...]:
    """The sources of ``target`` in lines 'ORIGIN CODENAME COMPONENT ADDRESS' of this host's; ``known`` gives the
    distribution that a suite is of."""
    suite = target.suite or ""
    wanted = known(suite)
    found: dict[str, str] = {}
    for words in (line.split() for line in targets.splitlines()):
        if len(words) == 4 and words[0].lower() == wanted:
            part = "".join(words[1].partition("-")[1:])
            if part in _PARTS:
                found.setdefault(part, words[3].rstrip("/"))
    parts = _PARTS if suite not in ("sid", "unstable", "experimental") else ("",)
    return tuple(
        Source(found[part], f"{suite}{part}", target.components, keyring)
        for part in parts
        if part in found and "" in found
    )


def distribution(suite: str, folder: Path = RELEASES) -> str:
    """debian or ubuntu: of which a suite is. Raises ``Ended`` (misused) for one that is of neither."""
    for name in KEYRINGS:
        if suite in _suites(folder / f"{name}.csv"):
            return name
    if suite in ("unstable", "testing", "stable"):
        return "debian"
    raise Ended(Status.MISUSED, f"'{suite}' is a release of neither Debian nor Ubuntu (see {folder})")


@lru_cache
def _suites(file: Path) -> frozenset[str]:
    try:
        with file.open(newline="") as lines:
            return frozenset(row["series"] for row in csv.DictReader(lines) if row.get("series"))
    except OSError as error:
        raise Ended(Status.INFRASTRUCTURE, f"{file} cannot be read: {error.strerror}") from None


def settings(step: Step) -> tuple[str, ...]:
    """Lines of apt.conf that another root on this host needs too: proxies, and what is special about the mirror."""
    status, output = step.programs.output(["apt-config", "dump"])
    if status != 0:
        raise Ended(Status.INFRASTRUCTURE, f"apt does not tell its settings: it ended with status {status}")
    return tuple(f'{name} "{value}";' for name, value in _SETTING.findall(output.decode()))


def lines(found: Iterable[Source]) -> tuple[str, ...]:
    """The lines of sources.list."""
    return tuple(source.line for source in found)
