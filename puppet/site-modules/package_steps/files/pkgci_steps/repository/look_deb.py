"""Looking into Debian packages that nobody has reviewed: names, versions, and whether the files fit together."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

from .. import publishable
from ..inputs import Inputs
from ..programs import Programs
from . import stanza, versions
from .built import Built, check_own_version, check_version
from .limited import limited
from .manifest import File

_PACKAGE = r"[a-z0-9][a-z0-9+.-]+"
# What a package may be made for (dpkg-architecture(1)), on the hosts that pkgci knows.
_ARCHITECTURE = "all|amd64|arm64|armel|armhf|i386|loong64|ppc64el|riscv64|s390x"
# Fields that an index has of its own: in control data they would speak for it. And what makes a package hard to remove.
_RESERVED = frozenset(("filename", "size", "md5sum", "sha1", "sha256", "sha512", "directory", "status", "conffiles"))
_STICKY = ("essential", "protected", "important")
_CONTROL_LIMIT = 1024 * 1024  # bytes
_MEMBER_LIMIT = 2000


def look(folder: Path, files: Mapping[str, str], inputs: Inputs, programs: Programs) -> Built:
    """What the ``files`` (name → SHA-256 checksum) in ``folder`` are. Raises ``ValueError`` in words."""
    sources = [name for name in files if name.endswith(".dsc")]
    if len(sources) != 1:
        raise ValueError(f"there are {len(sources)} .dsc files, not one")
    source, version, parts = _source(folder / sources[0], files, inputs)
    binaries = [name for name in files if publishable.is_deb(name)]
    if not binaries:
        raise ValueError("there is no package besides the source package")
    found = [_binary(folder / name, files[name], source, version, inputs, programs) for name in binaries]
    _check_twins(found)
    for name in files:
        if name.endswith(publishable.CHANGES):
            _check_changes(folder / name, files, source, version)
        elif name not in (*sources, *parts, *binaries) and not name.endswith(publishable.BUILDINFO):
            raise ValueError(f"{name} is no part of the packages")
    kept = [_file(folder / name, files[name], source, version, "source") for name in (*sources, *parts)]
    return Built(source, version, (*kept, *found))


def _file(path: Path, checksum: str, package: str, version: str, architecture: str) -> File:
    return File(path.name, path.stat().st_size, checksum, package, version, architecture, checksum)


def _source(path: Path, files: Mapping[str, str], inputs: Inputs) -> tuple[str, str, list[str]]:
    """Source, version and the files that make it up, besides the .dsc."""
    fields = _fields(path.name, path.read_bytes()[: _CONTROL_LIMIT + 1])
    try:
        source = stanza.word(fields, "source", _PACKAGE)
        version = stanza.word(fields, "version", versions.DEB)
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
    return source, version, list(listed)


def _binary(path: Path, checksum: str, source: str, version: str, inputs: Inputs, programs: Programs) -> File:
    fields = _fields(path.name, _control(path, programs))
    try:
        package = stanza.word(fields, "package", _PACKAGE)
        own = stanza.word(fields, "version", versions.DEB)
        architecture = stanza.word(fields, "architecture", _ARCHITECTURE)
        origin, _, origin_version = fields.get("source", package).partition(" ")
        if (origin, origin_version.strip("() ") or own) != (source, version):
            raise ValueError(f"it is of the source {fields.get('source', package)[:60]!a}, not of {source} {version}")
        for name in _STICKY:
            if fields.get(name, "no") != "no":
                raise ValueError(f"it says that it is {name}: such a package cannot be removed")
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None
    _check_name(path.name, f"{package}_{_without_epoch(own)}_{architecture}{path.suffix}")
    check_own_version(own, package, inputs)
    return _file(path, checksum, package, own, architecture)


def _check_twins(found: list[File]) -> None:
    """A package is one file: of two kinds, apt would take either, and only one of them is tested."""
    for file in found:
        if file.name.endswith(publishable.DDEB) and not publishable.is_debugging(file.package, ""):
            raise ValueError(f"{file.name}: {publishable.DDEB} is for packages of debugging symbols, NAME-dbgsym")
        if other := next((one for one in found if one.package == file.package and one is not file), None):
            raise ValueError(f"{file.name} and {other.name} are the same package")


def _control(path: Path, programs: Programs) -> bytes:
    """The control data of a .deb. Nothing is unpacked to the disk."""
    status, archive = programs.output(limited(["dpkg-deb", "--ctrl-tarfile", path]), seconds=120)
    if status != 0:
        raise ValueError(f"{path.name}: dpkg-deb finds no control data in it")
    found: list[bytes] = []
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as members:
            for count, member in enumerate(members):
                if count >= _MEMBER_LIMIT:
                    raise ValueError("it has too many control files")
                if member.name.removeprefix("./") == "control":
                    content = members.extractfile(member) if member.isfile() else None
                    if content is None or member.size > _CONTROL_LIMIT:
                        raise ValueError("its control data is no file of an allowed size")
                    found.append(content.read())
    except (tarfile.TarError, ValueError, OSError, EOFError, OverflowError) as error:
        raise ValueError(f"{path.name}: {error}") from None
    if len(found) != 1:
        raise ValueError(f"{path.name}: it has control data {len(found)} times")
    return found[0]


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
