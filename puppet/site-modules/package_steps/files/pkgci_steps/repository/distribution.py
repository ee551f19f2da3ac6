"""What a target's own distribution has, as its mirror says it: asked by apt, from lists that the publisher keeps."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path

from .. import mirrors
from ..settings import Target
from ..status import Ended, Status
from ..step import Step
from . import folders, locks

# Names of packages → of those that the target's distribution has, name and version → the checksums of such packages.
Distribution = Callable[[Target, Collection[str]], Mapping[tuple[str, str], frozenset[str]]]

# A list is asked for again after that many seconds.
_FRESH = 6 * 3600.0
_FIELD = re.compile(r"^(Package|Version|SHA256): (\S+)$", re.MULTILINE)
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


def nothing(_target: Target, _names: Collection[str]) -> Mapping[tuple[str, str], frozenset[str]]:
    """Where there is no distribution to ask."""
    return {}


def of_mirror(step: Step, top: Path, held: Path) -> Distribution:
    """Asks the mirrors. ``top`` is where the lists are, ``held`` where their locks are.

    Where one cannot be asked, the log says so, and nothing is found.
    """

    def ask(target: Target, names: Collection[str]) -> Mapping[tuple[str, str], frozenset[str]]:
        if target.kind != "deb":
            return {}
        try:
            with locks.locked(held / f"lists.{target.name}.lock", step.stop):
                settings = _refreshed(step, target, top / target.name)
        except Ended as ended:
            if ended.status is Status.ABORTED:
                raise
            step.log.say(f"whether {target.suite} has these versions is not known: {ended.reason}")
            return {}
        # Its status is 100 where it knows none of them.
        _, shown = step.programs.output(["apt-cache", "-c", settings, "show", *sorted(names)], seconds=120)
        return parse(shown.decode(errors="replace"))

    return ask


def parse(text: str) -> Mapping[tuple[str, str], frozenset[str]]:
    """What apt-cache shows of packages."""
    found: dict[tuple[str, str], frozenset[str]] = defaultdict(frozenset)
    for stanza in text.split("\n\n"):
        words = dict(_FIELD.findall(stanza))
        if len(words) == 3:
            found[words["Package"], words["Version"]] |= {words["SHA256"]}
    return dict(found)


def _refreshed(step: Step, target: Target, folder: Path) -> Path:
    """The settings of an apt that knows the packages of ``target``'s distribution. Raises ``Ended``."""
    settings, stamp = folder / "apt.conf", folder / "fetched"
    what = f"{target.suite} {target.mirror} {target.security_mirror} {' '.join(target.components)}\n"
    before = 0.0
    with suppress(OSError):
        before = stamp.stat().st_mtime if stamp.read_text() == what else 0.0
    if 0 <= time.time() - before < _FRESH:
        return settings
    sources = "".join(_line(source) for source in mirrors.sources(step, target))
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    folders.write(settings, _SETTINGS.format(folder=folder))
    folders.write(folder / "sources.list", sources)
    if step.programs.run(["apt-get", "-c", settings, "-qq", "update"], seconds=300) == 0:
        folders.write(stamp, what)
    elif not before:
        raise Ended(Status.INFRASTRUCTURE, "its lists cannot be fetched: see apt's words above")
    return settings


def _line(source: mirrors.Source) -> str:
    return source.line.replace("deb ", f"deb [signed-by={source.keyring}] ", 1) + "\n"
