"""What a distribution of RPM packages has: its mirror's own metadata, kept by the publisher as a line a package."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from xml.etree import ElementTree

from .. import files, mirrors
from ..settings import Target
from ..status import Ended, Status
from ..step import Step
from . import packed, rpm_file
from .known import Known, Package
from .limited import limited
from .relations import Relation

# The metadata is asked for again after that many seconds; it has no more bytes than that.
_FRESH = 6 * 3600.0
_LIMIT = 4_000_000_000
_COMMON = "{http://linux.duke.edu/metadata/common}"
_RPM = "{http://linux.duke.edu/metadata/rpm}"
_PRIMARY = re.compile(
    r'<data type="primary">.*?<checksum type="(sha256|sha512)">([0-9a-f]+)</checksum>.*?'
    r'<location href="([A-Za-z0-9._/-]+?(\.gz|\.xz|\.zst))"',
    re.DOTALL,
)
# A package as it is kept: name, version, source, and what it says of others.
_Listed = tuple[str, str, str, list[tuple[str, ...]]]
_OPERATORS = {"LT": "<", "LE": "<=", "EQ": "=", "GE": ">=", "GT": ">"}


def known(step: Step, target: Target, names: Collection[str], folder: Path) -> Known:
    """What the distribution of ``target``, which has a mirror, has of ``names``. ``folder`` is where that is kept.

    Raises ``Ended`` (infrastructure) where the mirror does not answer, and never has.
    """
    lists, stamp = folder / "packages", folder / "fetched"
    what = f"{target.mirror} {' '.join(target.components)}\n"
    before = 0.0
    with suppress(OSError):
        before = stamp.stat().st_mtime if stamp.read_text() == what and lists.exists() else 0.0
    if not 0 <= time.time() - before < _FRESH:
        try:
            _fetch(step, target, lists)
            files.write(stamp, what)
        except Ended as ended:
            if not before or ended.status is not Status.INFRASTRUCTURE:
                raise
            step.log.say(f"{ended.reason}: what was fetched before is used")
    return _found(lists, names)


def _found(lists: Path, names: Collection[str]) -> Known:
    packages, sources = [], set()
    with lists.open() as lines:
        for line in lines:
            name, version, source, relations = json.loads(line)
            sources.add(source)
            if name in names:
                said = tuple(Relation(*words) for words in relations)
                packages.append(Package(name, version, source, relations=said))
    return Known(tuple(packages), frozenset(names) & sources)


def _fetch(step: Step, target: Target, lists: Path) -> None:
    with files.replacing(lists) as new, new.open("w") as file:
        for place in mirrors.rpm_places(target).values():
            _read(step, place, lambda package: file.write(json.dumps(package) + "\n"))


def _read(step: Step, place: str, take: Callable[[_Listed], object]) -> None:
    """Hands each package of one repository to ``take``."""
    head = step.scratch / "repomd.xml"
    _download(step, f"{place}/repodata/repomd.xml", head)
    found = _PRIMARY.search(head.read_text(errors="replace"))
    if not found:
        raise Ended(Status.INFRASTRUCTURE, f"{place} names no list of packages")
    kind, checksum, name, suffix = found.groups()
    listed = step.scratch / f"primary{suffix}"
    _download(step, f"{place}/{name}", listed, f"{kind.upper()}:{checksum}")
    parser: ElementTree.XMLPullParser[ElementTree.Element] = ElementTree.XMLPullParser(["start", "end"])
    feed = packed.limited(_fed(parser, take), _LIMIT)
    try:
        if suffix != ".zst":
            with listed.open("rb") as file:
                packed.unpack(file, suffix, listed.stat().st_size, feed, _LIMIT)
        elif step.programs.pipe(limited(["zstd", "-dcq", listed]), feed, seconds=600) != 0:
            raise ValueError("zstd cannot unpack it")
        parser.close()
    except (ElementTree.ParseError, ValueError) as error:
        raise Ended(Status.INFRASTRUCTURE, f"the list of packages of {place} cannot be read: {error}") from None


def _fed(
    parser: ElementTree.XMLPullParser[ElementTree.Element], take: Callable[[_Listed], object]
) -> Callable[[bytes], None]:
    """What takes the document piece by piece: a package that was handed on is kept no longer."""
    opened: list[ElementTree.Element] = []

    def feed(piece: bytes) -> None:
        parser.feed(piece)
        for event, *of in parser.read_events():
            element = of[0]
            assert isinstance(element, ElementTree.Element)  # noqa: S101 - no other events were asked for
            if event == "start":
                opened.append(element)
                continue
            opened.pop()
            if element.tag == f"{_COMMON}package":
                take(_package(element))
                opened[-1].clear()

    return feed


def _download(step: Step, url: str, path: Path, *checksum: str) -> None:
    path.unlink(missing_ok=True)
    if step.programs.run(["/usr/lib/apt/apt-helper", "download-file", url, path, *checksum], seconds=600) != 0:
        raise Ended(Status.INFRASTRUCTURE, f"{url} cannot be fetched")


def _package(element: ElementTree.Element) -> _Listed:
    name, version = element.findtext(f"{_COMMON}name") or "", element.find(f"{_COMMON}version")
    source = element.findtext(f"{_COMMON}format/{_RPM}sourcerpm") or ""
    return (
        name,
        _version({} if version is None else dict(version.attrib)),
        source.rsplit("-", 2)[0] or name,
        [
            (word, entry.get("name", ""), _OPERATORS.get(entry.get("flags", ""), ""), _version(dict(entry.attrib)))
            for word in rpm_file.RELATIONS
            for entry in element.findall(f"{_COMMON}format/{_RPM}{word.lower()}/{_RPM}entry")
            if "(" not in entry.get("name", "(")
        ],
    )


def _version(words: dict[str, str]) -> str:
    epoch = words.get("epoch", "0")
    version = "-".join(words[part] for part in ("ver", "rel") if words.get(part))
    return version if epoch == "0" else f"{epoch}:{version}"
