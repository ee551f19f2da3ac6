"""Whether what createrepo_c says of packages is what is in them: their names, versions, relations and files."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from ..status import Ended, Status
from . import rpm_file
from .manifest import File

_COMMON = "{http://linux.duke.edu/metadata/common}"
_RPM = "{http://linux.duke.edu/metadata/rpm}"
_FILES = "{http://linux.duke.edu/metadata/filelists}"
_WORDS = ("provides", "obsoletes", "conflicts", "supplements")


def compare(data: Path, paths: Mapping[str, File], shared: Path) -> None:
    """The metadata in the folder ``data`` is of the packages in ``paths``, and says what they do.

    Raises ``Ended`` (failed) where it does not.
    """
    try:
        said = _said_by_path(data)
    except (OSError, EOFError, ElementTree.ParseError, ValueError) as error:
        raise Ended(Status.FAILED, f"the metadata of {min(paths)} cannot be read: {error}") from None
    if set(said) != set(paths):
        other = min({*paths} ^ {*said})
        raise Ended(Status.FAILED, f"{other}: createrepo_c does not say of it what it says of others: see above")
    for path, file in paths.items():
        for what, value in _expected(shared / path, file).items():
            if said[path][what] != value:
                raise Ended(Status.FAILED, f"{file.name}: the metadata of it says other {what} than it has")


def _said_by_path(data: Path) -> dict[str, dict[str, object]]:
    """What the metadata says of each package. Raises ``ValueError`` where it says anything of one twice."""
    names = {package.get("pkgid", ""): package for package in _listed(data, "filelists")}
    said: dict[str, dict[str, object]] = {}
    for package in _listed(data, "primary"):
        path, found = _part(package, f"{_COMMON}location").get("href", ""), _said(package)
        if path in said:
            raise ValueError(f"it has {path} twice")
        said[path] = {**found, "files": _files(names.get(package.findtext(f"{_COMMON}checksum") or ""))}
    return said


def _listed(data: Path, kind: str) -> list[ElementTree.Element]:
    (path,) = data.glob(f"*-{kind}.xml.gz")
    with gzip.open(path) as file:
        return list(ElementTree.parse(file).getroot())  # noqa: S314 (createrepo_c wrote it)


def _said(package: ElementTree.Element) -> dict[str, object]:
    def text(name: str) -> str:
        return package.findtext(f"{_COMMON}{name}") or ""

    version, checksum = _part(package, f"{_COMMON}version"), _part(package, f"{_COMMON}checksum")
    size, described = _part(package, f"{_COMMON}size"), _part(package, f"{_COMMON}format")
    return {
        "name": text("name"),
        "version": (version.get("epoch"), version.get("ver"), version.get("rel")),
        "architecture": text("arch"),
        "checksum": (checksum.get("type"), checksum.text),
        "size": size.get("package"),
        "source package": described.findtext(f"{_RPM}sourcerpm") or "",
        **{word: _relations(described.find(f"{_RPM}{word}")) for word in _WORDS},
    }


def _part(element: ElementTree.Element, name: str) -> ElementTree.Element:
    found = element.find(name)
    if found is None:
        raise ValueError(f"it says no {name.rpartition('}')[2]} of a package")
    return found


def _relations(listed: ElementTree.Element | None) -> frozenset[str]:
    return frozenset(one.get("name", "") for one in (() if listed is None else listed))


def _files(package: ElementTree.Element | None) -> Counter[str]:
    return Counter(one.text or "" for one in (() if package is None else package.findall(f"{_FILES}file")))


def _expected(path: Path, file: File) -> dict[str, object]:
    try:
        header = rpm_file.read(path, is_signed=True)
    except ValueError as error:
        raise Ended(Status.FAILED, str(error)) from None
    epoch = str(next(iter(header.numbers(rpm_file.EPOCH)), 0))
    is_source = bool(header.tags.get(rpm_file.SOURCE_PACKAGE))
    relations = {word.lower(): frozenset(header.texts(tags[0])) for word, tags in rpm_file.RELATIONS.items()}
    return {
        "name": file.package,
        "version": (epoch, header.text(rpm_file.VERSION), header.text(rpm_file.RELEASE)),
        "architecture": "src" if is_source else header.text(rpm_file.ARCH),
        "checksum": ("sha256", file.sha256),
        "size": str(file.size),
        "source package": header.text(rpm_file.SOURCE_RPM),
        **relations,
        "files": Counter(header.paths()),
    }
