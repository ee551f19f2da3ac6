"""Looking into Debian packages that nobody has reviewed: names, versions, and whether the files fit together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .. import publishable
from ..inputs import Inputs
from ..programs import Programs
from . import deb_file, relations, stanza, versions
from .built import Built, check_own_version, check_version
from .manifest import File

_PACKAGE = r"[a-z0-9][a-z0-9+.-]+"
# What a package may be made for (dpkg-architecture(1)), on the hosts that pkgci knows.
_ARCHITECTURE = "all|amd64|arm64|armel|armhf|i386|loong64|ppc64el|riscv64|s390x"
# Fields that an index has of its own: in control data they would speak for it.
_OF_INDEX = (
    "filename",
    "msdos-filename",
    "size",
    "md5sum",
    "sha1",
    "sha256",
    "sha512",
    "directory",
    "description-md5",
    "phased-update-percentage",
)
# What dpkg writes down about an installed package, and old words that it still takes for others: to apt they say
# nothing.
_OF_DPKG = ("status", "conffiles", "config-version", "triggers-pending", "triggers-awaited")
_OLD = ("revision", "package-revision", "recommended", "optional", "class")
_RESERVED = frozenset((*_OF_INDEX, *_OF_DPKG, *_OLD))
_CONTROL_LIMIT = deb_file.CONTROL_LIMIT
# What a package of debugging symbols may have: nothing that runs.
_DEBUG_CONTROLS = frozenset(("control", "md5sums"))
_DEBUG_PATHS = re.compile(rb"usr/lib/debug/.*|usr/src/debug/.*|usr/share/doc/.*", re.DOTALL)


@dataclass(frozen=True)
class _Binary:
    """A package, and what it says of others and of itself."""

    file: File
    relations: tuple[relations.Relation, ...]
    marks: frozenset[str]


def look(folder: Path, files: Mapping[str, str], inputs: Inputs, programs: Programs) -> Built:
    """What the ``files`` (name → SHA-256 checksum) in ``folder`` are. Raises ``ValueError`` in words."""
    sources = [name for name in files if name.endswith(".dsc")]
    if len(sources) != 1:
        raise ValueError(f"there are {len(sources)} .dsc files, not one")
    source, version, parts, named = _source(folder / sources[0], files, inputs)
    binaries = [name for name in files if publishable.is_deb(name)]
    if not binaries:
        raise ValueError("there is no package besides the source package")
    looked = [_binary(folder / name, files[name], source, version, inputs, programs) for name in binaries]
    found = [one.file for one in looked]
    _check_twins(found)
    for name in files:
        if name.endswith(publishable.CHANGES):
            _check_changes(folder / name, files, source, version)
        elif name not in (*sources, *parts, *binaries) and not name.endswith(publishable.BUILDINFO):
            raise ValueError(f"{name} is no part of the packages")
    kept = [_file(folder / name, files[name], source, version, "source") for name in (*sources, *parts)]
    said = {one.file.package: one.relations for one in looked}
    marks = {one.file.package: one.marks for one in looked}
    return Built(source, version, (*kept, *found), said, marks, named)


def _file(path: Path, checksum: str, package: str, version: str, architecture: str) -> File:
    return File(path.name, path.stat().st_size, checksum, package, version, architecture, checksum)


def _source(path: Path, files: Mapping[str, str], inputs: Inputs) -> tuple[str, str, list[str], frozenset[str]]:
    """Source, version, the files that make it up besides the .dsc, and the packages that it says it makes."""
    fields = _fields(path.name, path.read_bytes()[: _CONTROL_LIMIT + 1])
    try:
        source = stanza.word(fields, "source", _PACKAGE)
        version = stanza.word(fields, "version", versions.DEB)
        # `apt-get source PACKAGE` finds a source package by these names, too.
        named = frozenset(re.split(r"[,\s]+", fields.get("binary", "").strip())) - {""}
        if wrong := [name for name in sorted(named) if not re.fullmatch(_PACKAGE, name)]:
            raise ValueError(f"its binary is not acceptable: {wrong[0][:60]!a}")
        listed = stanza.checksums(fields, "checksums-sha256")
        if set(stanza.checksums(fields, "files")) != set(listed):
            raise ValueError("its lists name different files")
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None
    _check_name(path.name, f"{source}_{_without_epoch(version)}.dsc")
    check_version(version, source, inputs)
    _compare(path, listed, files)
    for name in listed:
        if not name.startswith(f"{source}_") or not publishable.is_source(name) or name.endswith(".dsc"):
            raise ValueError(f"{path.name}: {name[:100]!a} is no part of a source package")
    return source, version, list(listed), named


def _binary(path: Path, checksum: str, source: str, version: str, inputs: Inputs, programs: Programs) -> _Binary:
    content = deb_file.read(path, programs)
    fields = _fields(path.name, content.control)
    try:
        package = stanza.word(fields, "package", _PACKAGE)
        own = stanza.word(fields, "version", versions.DEB)
        architecture = stanza.word(fields, "architecture", _ARCHITECTURE)
        origin, _, origin_version = fields.get("source", package).partition(" ")
        if (origin, origin_version.strip("() ") or own) != (source, version):
            raise ValueError(f"it is of the source {fields.get('source', package)[:60]!a}, not of {source} {version}")
        said = relations.of_deb(fields)
        if publishable.is_debugging(package, path.name):
            _check_debugging(content)
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None
    _check_name(path.name, f"{package}_{_without_epoch(own)}_{architecture}{path.suffix}")
    check_own_version(own, package, inputs)
    marks = stanza.marks(fields)
    if path.suffix == publishable.UDEB:
        marks = frozenset(mark for mark in marks if not mark.startswith("priority: "))  # an installer's own business
    return _Binary(_file(path, checksum, package, own, architecture), said, marks)


def _check_debugging(content: deb_file.Content) -> None:
    """What is passed over where packages are installed and tested has nothing in it that could do anything."""
    if more := content.controls - _DEBUG_CONTROLS:
        raise ValueError(f"it has debugging symbols, and the control file {min(more)}: such packages run nothing")
    if other := next((name for name in sorted(content.paths) if not _DEBUG_PATHS.fullmatch(name)), None):
        raise ValueError(f"it has debugging symbols, and installs {other[:100]!a}, which is none")


def _check_twins(found: list[File]) -> None:
    """A package is one file: of two kinds, apt would take either, and only one of them is tested."""
    for file in found:
        if file.name.endswith(publishable.DDEB) and not publishable.is_debugging(file.package, ""):
            raise ValueError(f"{file.name}: {publishable.DDEB} is for packages of debugging symbols, NAME-dbgsym")
        if other := next((one for one in found if one.package == file.package and one is not file), None):
            raise ValueError(f"{file.name} and {other.name} are the same package")


def _fields(name: str, text: bytes) -> dict[str, str]:
    if len(text) > _CONTROL_LIMIT:
        raise ValueError(f"{name}: it is too large")
    try:
        fields = stanza.parse(text)
        taken = _RESERVED & set(fields)
        if taken:
            raise ValueError(f"it has the field {min(taken)}, which belongs to a repository's index")
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    return fields


def _check_changes(path: Path, files: Mapping[str, str], source: str, version: str) -> None:
    fields = _fields(path.name, path.read_bytes()[: _CONTROL_LIMIT + 1])
    if (fields.get("source", "").partition(" ")[0], fields.get("version")) != (source, version):
        raise ValueError(f"{path.name}: it is not of {source} {version}")
    try:
        listed = stanza.checksums(fields, "checksums-sha256")
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None
    _compare(path, listed, files)


def _compare(path: Path, listed: Mapping[str, tuple[str, int]], files: Mapping[str, str]) -> None:
    """What a list says of files is what they are."""
    for name, (checksum, _) in listed.items():
        if files.get(name) != checksum:
            how = "has another checksum" if name in files else "was not built"
            raise ValueError(f"{path.name}: it names {name[:100]!a}, which {how}")


def _check_name(name: str, expected: str) -> None:
    if name != expected:
        raise ValueError(f"{name}: by its control data it is {expected}")


def _without_epoch(version: str) -> str:
    return version.partition(":")[2] or version
