"""Where a distribution's packages come from, and how apt reaches them: a target's mirror, or the host's own apt."""

from __future__ import annotations

import csv
import platform
import re
from collections.abc import Callable, Iterable, Sequence
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
# What is said of a file that a web server or a disk does not have, or shows to nobody.
_ABSENT = re.compile(r"  (403|404|410) |File not found|No such file")
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
    """Where the packages of ``target``'s suite are, its updates and its security's: the one list of all its roots.

    They are at its mirror, or where this host's apt finds its own. Raises ``Ended``: misused where that is not known,
    infrastructure where a mirror does not answer.
    """
    suite = target.suite or ""
    name = distribution(suite)
    keyring = KEYRINGS[name]
    if not keyring.exists():
        raise Ended(Status.MISUSED, f"target {target.name}: {keyring} is missing, which vouches for its packages")
    own = _of_host(step, target, keyring)
    if not own and not target.mirror:
        raise Ended(
            Status.MISUSED,
            f"target {target.name}: this host's apt has no mirror of {name.capitalize()} (after `apt-get update`); "
            "give the target a `mirror:` in the site file",
        )
    found = []
    for choice in choices(target, own, keyring):
        source = next((one for one in choice if _is_there(step, one)), None)
        if source:
            found.append(source)
            continue
        part, places = choice[0].suite, ", ".join(dict.fromkeys(one.address for one in choice))
        is_security = part.endswith("-security")
        if part == suite or (is_security and target.security_mirror):
            raise Ended(Status.MISUSED, f"target {target.name}: there is no {part} at {places}")
        step.log.say(f"target {target.name} goes without {part}, which is not at {places}")
        if is_security:
            step.log.say("where it is, `security_mirror:` of the target in the site file says")
    return tuple(found)


def rpm_places(target: Target) -> dict[str, str]:
    """Where a target of RPM packages has its mirror's repositories: an end for each one's name → its address."""
    mirror = (target.mirror or "").rstrip("/")
    if target.components == ("main",):
        return {"": mirror}
    return {f"-{name.lower()}": f"{mirror}/{name}/{platform.machine()}/os" for name in target.components}


def choices(target: Target, own: Sequence[Source], keyring: Path) -> list[tuple[Source, ...]]:
    """Where each part of ``target``'s suite may be, the likeliest place first. ``own`` are the host's sources of it."""
    if not target.mirror:
        return [(source,) for source in own]
    mirror, suite = target.mirror.rstrip("/"), target.suite or ""
    places = {part: [mirror] for part in _parts(suite)}
    if "-security" in places:
        # Debian's security archive is beside the main one, Ubuntu's is a part of it.
        beside = [f"{mirror}-security"] if mirror.endswith("/debian") else []
        others = [source.address for source in own if source.suite == f"{suite}-security"]
        places["-security"] = [*beside, mirror, *others]
        if target.security_mirror:
            places["-security"] = [target.security_mirror.rstrip("/")]
    return [
        tuple(Source(address, f"{suite}{part}", target.components, keyring) for address in addresses)
        for part, addresses in places.items()
    ]


def _parts(suite: str) -> tuple[str, ...]:
    return _PARTS if suite not in ("sid", "unstable", "experimental") else ("",)


def _is_there(step: Step, source: Source) -> bool:
    """Whether there is such a suite. Raises ``Ended`` (infrastructure) where nobody answers."""
    said = ""
    # Long ago there was no InRelease.
    for name in ("InRelease", "Release"):
        url = f"{source.address}/dists/{source.suite}/{name}"
        fetch = ["/usr/lib/apt/apt-helper", "download-file", url, str(step.scratch / "release")]
        status, output = step.programs.output(["sh", "-c", 'exec "$@" 2>&1', "sh", *fetch])
        said = output.decode(errors="replace").strip()
        if status == 0:
            return True
        if not _ABSENT.search(said):
            break
    else:
        return False
    raise Ended(Status.INFRASTRUCTURE, f"{source.address} does not answer: {said[-300:]}")


def _of_host(step: Step, target: Target, keyring: Path) -> tuple[Source, ...]:
    form = "$(ORIGIN) $(CODENAME) $(COMPONENT) $(REPO_URI)"
    status, output = step.programs.output(["apt-get", "indextargets", "--format", form, "Created-By: Packages"])
    if status != 0:
        raise Ended(Status.INFRASTRUCTURE, f"apt does not tell its sources: it ended with status {status}")
    return host_sources(output.decode(), target, keyring, distribution)


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
    return tuple(
        Source(found[part], f"{suite}{part}", target.components, keyring)
        for part in _parts(suite)
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
