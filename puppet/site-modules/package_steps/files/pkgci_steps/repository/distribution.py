"""What a target's own distribution has, as its mirror says it, from lists that the publisher keeps.

apt is asked of Debian's packages, ``rpm_lists`` of RPM packages.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from pathlib import Path

from .. import files, locks, mirrors
from ..settings import Target
from ..status import Ended, Status
from ..step import Step
from . import base, relations, rpm_lists, stanza
from .known import Known, Package

# Names of packages and of sources → what the target's distribution has of them.
Distribution = Callable[[Target, Collection[str]], Known]

# A list is asked for again after that many seconds.
_FRESH = 6 * 3600.0
_SOURCES = "sources"
# Of every list the lines that tell its source packages.
_LISTED = """\
set -e
apt-get -c "$1" indextargets --format '$(FILENAME)' 'Created-By: Packages' | while read -r list; do
    /usr/lib/apt/apt-helper -c "$1" cat-file "$list" | grep -aE '^(Package|Source): ' || [ $? = 1 ]
done
"""
_SETTINGS = """\
Dir::Etc::SourceList "{folder}/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State::Lists "{folder}/lists";
Dir::State::status "/dev/null";
Dir::Cache "{folder}/cache";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
Acquire::Languages "none";
Acquire::Retries "3";
APT::Update::Error-Mode "any";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
"""


def nothing(_target: Target, _names: Collection[str]) -> Known:
    """Where there is no distribution to ask."""
    return Known()


def of_mirror(step: Step, top: Path, held: Path) -> Distribution:
    """Asks the mirrors. ``top`` is where the lists are, ``held`` where their locks are.

    Raises ``Ended`` (infrastructure) where a mirror does not answer, and never has.

    Where a target has no mirror that can be asked, what every system is made of is all that is known of its
    distribution.
    """

    def ask(target: Target, names: Collection[str]) -> Known:
        lock = held / f"lists.{target.name}.lock"
        if target.kind == "rpm":
            if not target.mirror or target.backend != "mock":
                return base.of_rpm(names)
            with locks.locked(lock, step.stop):
                return rpm_lists.known(step, target, names, top / target.name)
        try:
            with locks.locked(lock, step.stop):
                settings = _refreshed(step, target, top / target.name)
        except Ended as ended:
            if ended.status is not Status.MISUSED:
                raise
            step.log.say(f"what {target.suite} has is not known, beside its base: {ended.reason}")
            return base.of_host(names, step.programs)
        # Its status is 100 where it knows none of them.
        _, shown = step.programs.output(["apt-cache", "-c", settings, "show", *sorted(names)], seconds=120)
        sources = (settings.parent / _SOURCES).read_text().split("\n")
        return Known(parse(shown), frozenset(names) & frozenset(sources))

    return ask


def parse(text: bytes) -> tuple[Package, ...]:
    """What apt-cache shows of packages."""
    return tuple(package for part in text.split(b"\n\n") if part.strip() and (package := _package(part)))


def _package(text: bytes) -> Package | None:
    """A distribution may have what pkgci refuses: what cannot be read of a stanza is passed over."""
    fields = stanza.plain(text)
    if not {"package", "version"} <= set(fields):
        return None
    source = fields.get("source", fields["package"]).partition(" ")[0]
    with suppress(ValueError):
        return Package(
            fields["package"],
            fields["version"],
            source,
            fields.get("sha256", ""),
            relations.of_deb(fields),
            stanza.marks(fields),
        )
    return Package(fields["package"], fields["version"], source, fields.get("sha256", ""))


def sources_in(lines: Iterable[str]) -> frozenset[str]:
    """The source packages in the lines 'Package: …' and 'Source: …' of lists of packages."""
    found, package = set(), ""
    for line in lines:
        name, _, value = line.partition(": ")
        if name == "Package":
            found.add(package)
            package = value
        elif name == "Source":
            package = value.partition(" ")[0]
    return frozenset({*found, package} - {""})


def _refreshed(step: Step, target: Target, folder: Path) -> Path:
    """The settings of an apt that knows the packages of ``target``'s distribution. Raises ``Ended``."""
    settings, stamp = folder / "apt.conf", folder / "fetched"
    what = f"{target.suite} {target.mirror} {target.security_mirror} {' '.join(target.components)}\n"
    before = 0.0
    with suppress(OSError):
        before = stamp.stat().st_mtime if stamp.read_text() == what else 0.0
    listed = folder / _SOURCES
    if 0 <= time.time() - before < _FRESH and listed.exists():
        return settings
    sources = "".join(_line(source) for source in mirrors.sources(step, target))
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    files.write(settings, _SETTINGS.format(folder=folder))
    files.write(folder / "sources.list", sources)
    if step.programs.run(["apt-get", "-c", settings, "-qq", "update"], seconds=300) == 0:
        files.write(listed, "\n".join(sorted(_sources(step, settings))))
        # The cache that all who ask read is made here, once.
        step.programs.run(["apt-cache", "-c", settings, "gencaches"], seconds=300)
        files.write(stamp, what)
    elif not before or not listed.exists():
        raise Ended(Status.INFRASTRUCTURE, "its lists cannot be fetched: see apt's words above")
    return settings


def _sources(step: Step, settings: Path) -> frozenset[str]:
    status, said = step.programs.output(["sh", "-c", _LISTED, "sh", settings], seconds=120)
    if status != 0:
        raise Ended(Status.INFRASTRUCTURE, "its lists cannot be read: see apt's words above")
    return sources_in(said.decode(errors="replace").splitlines())


def _line(source: mirrors.Source) -> str:
    return source.line.replace("deb ", f"deb [signed-by={source.keyring}] ", 1) + "\n"
