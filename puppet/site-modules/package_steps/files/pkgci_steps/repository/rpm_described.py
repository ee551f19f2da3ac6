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
        primary, files = (_listed(data, kind) for kind in ("primary", "filelists"))
    except (OSError, EOFError, ElementTree.ParseError, ValueError) as error:
        raise Ended(Status.FAILED, f"the metadata of {min(paths)} cannot be read: {error}") from None
    found = {package.find(f"{_COMMON}location").get("href", ""): package for package in primary}  # type: ignore[union-attr]
    if len(primary) != len(paths) or set(found) != set(paths):
        other = min({*paths} ^ {*found}, default=min(paths))
        raise Ended(
            Status.FAILED, f"{other}: createrepo_c does not say of it what it says of other packages: see above"
        )
    names = {package.get("pkgid", ""): package for package in files}
    for path, file in paths.items():
        said = {**_said(found[path]), "files": _files(names.get(file.sha256))}
        for what, value in _expected(shared / path, file).items():
            if said[what] != value:
                raise Ended(Status.FAILED, f"{file.name}: the metadata of it says other {what} than it has")


def _listed(data: Path, kind: str) -> list[ElementTree.Element]:
    (path,) = data.glob(f"*-{kind}.xml.gz")
    with gzip.open(path) as file:
        return list(ElementTree.parse(file).getroot())  # noqa: S314 (createrepo_c wrote it)


def _said(package: ElementTree.Element) -> dict[str, object]:
    def text(name: str) -> str:
        return package.findtext(f"{_COMMON}{name}") or ""

    version = package.find(f"{_COMMON}version")
    checksum = package.find(f"{_COMMON}checksum")
    size = package.find(f"{_COMMON}size")
    described = package.find(f"{_COMMON}format")
    assert version is not None and checksum is not None and size is not None and described is not None  # noqa: S101
    return {
        "name": text("name"),
        "version": (version.get("epoch"), version.get("ver"), version.get("rel")),
        "architecture": text("arch"),
        "checksum": (checksum.get("type"), checksum.text),
        "size": size.get("package"),
        "source package": described.findtext(f"{_RPM}sourcerpm") or "",
        **{word: _relations(described.find(f"{_RPM}{word}")) for word in _WORDS},
    }


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
