"""The index of one suite: what apt reads below dists/. apt-ftparchive describes what is new, and writes Release."""

from __future__ import annotations

import gzip
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from .. import publishable
from ..programs import Programs
from ..status import Ended, Status
from . import deb_file, folders, stanza
from .limited import limited
from .manifest import Entry, File

_BY_HASH = "by-hash/SHA256"
# The checksums of packages: SHA-256 is the one that every apt knows and none refuses.
_PLAIN = (
    "-o",
    "APT::FTPArchive::MD5=false",
    "-o",
    "APT::FTPArchive::SHA1=false",
    "-o",
    "APT::FTPArchive::SHA512=false",
)
# Packages of an installer are a part of their component: apt offers them to nobody who does not ask for them.
_MAIN, _INSTALLER = "main", "main/debian-installer"
# Release lists these. The uncompressed ones are what the next index is made from.
_INDEXES = (f"{_MAIN}/binary-*/Packages*", f"{_INSTALLER}/binary-*/Packages*", f"{_MAIN}/source/Sources*")
_ALL = "all"
# The lists of files of a source package.
_SHA256 = "checksums-sha256"
_LISTS = frozenset((_SHA256, "checksums-sha1", "checksums-sha512", "files"))
_SIGNED = ("Release", "InRelease", "Release.gpg")


@dataclass(frozen=True)
class Suite:
    """What Release says of a suite. ``architecture`` is one that it always has."""

    name: str
    origin: str
    label: str
    architecture: str


def write(
    suite: Suite, folder: Path, entries: Sequence[Entry], shared: Path, known: Iterable[Path], tool: Programs
) -> None:
    """Writes the lists and Release of ``suite`` into ``folder``.

    ``shared`` is the archive's root, with the packages; what the suites in ``known`` (earlier ones) say of a package
    is taken from there, and only the others are read.
    """
    described = _Descriptions(shared, list(known), tool)
    files = {f"{_in_archive(entry)}/{file.name}": file for entry in entries for file in entry.files}
    binaries = {path: file for path, file in files.items() if publishable.is_deb(path)}
    sources = {path: file for path, file in files.items() if path.endswith(".dsc")}
    # `all` has lists of its own, which Release says by naming it: clients of any architecture read them beside theirs
    # (Debian's repository format, "Architectures").
    architectures = sorted({_ALL, suite.architecture, *(file.architecture for file in binaries.values())})
    stanzas = described.of("packages", binaries)
    for component, in_it in _components(binaries).items():
        for architecture in architectures:
            chosen = [stanzas[path] for path, file in in_it.items() if file.architecture == architecture]
            _write_list(folder / f"{component}/binary-{architecture}/Packages", chosen)
    _write_list(folder / f"{_MAIN}/source/Sources", described.of("sources", sources).values())
    _write_release(suite, architectures, folder, tool)


def _components(binaries: Mapping[str, File]) -> dict[str, dict[str, File]]:
    """Component → what belongs to it. An installer's is there where there is something in it."""
    installer = {path: file for path, file in binaries.items() if path.endswith(publishable.UDEB)}
    main = {path: file for path, file in binaries.items() if path not in installer}
    return {_MAIN: main, _INSTALLER: installer} if installer else {_MAIN: main}


def _in_archive(entry: Entry) -> str:
    """Where its packages are, relative to the archive's root."""
    return entry.folder.removeprefix("deb/")


def copy(before: Path, folder: Path) -> None:
    """Takes lists, Release and signatures of an earlier suite over as they are."""
    for pattern in (*_INDEXES, *_SIGNED):
        for file in before.glob(pattern):
            folders.share(file, folder / file.relative_to(before))


def add_by_hash(folder: Path, earlier: Iterable[Path]) -> None:
    """Names every list by its checksum, and those of ``earlier`` suites too, for readers who have their Release."""
    for suite in (folder, *earlier):
        for name, checksum in _lists_in(suite):
            listed = suite / name
            if listed.exists():
                folders.share(listed, (folder / name).parent / _BY_HASH / checksum)


def _lists_in(suite: Path) -> list[tuple[str, str]]:
    """The lists that Release names: name and SHA-256 checksum."""
    try:
        text = (suite / "Release").read_text()
    except FileNotFoundError:
        return []
    _, _, lines = text.partition("\nSHA256:\n")
    return [
        (name, checksum) for checksum, name in re.findall(r"^ ([0-9a-f]{64}) +\d+ (main/\S+)$", lines, re.MULTILINE)
    ]


class _Descriptions:
    """The stanzas of packages, by the path of their file."""

    def __init__(self, shared: Path, known: list[Path], tool: Programs) -> None:
        self._shared = shared
        self._known = known
        self._tool = tool

    def of(self, kind: str, files: Mapping[str, File]) -> dict[str, bytes]:
        """The stanzas (``kind``: packages or sources) of ``files``, by their paths, in that order.

        Raises ``Ended``: infrastructure where apt-ftparchive has nothing to say of one, failed where it says something
        else than what was found when the package was looked into.
        """
        known = self._from_lists(kind)
        missing = [path for path in files if path not in known]
        if missing:
            known |= self._made(kind, os.path.commonpath([str(PurePosixPath(path).parent) for path in missing]))
        for path in missing:
            _compare(path, files[path], known.get(path), self._expected(path, files[path]))
        return {path: known[path] for path in files}

    def _expected(self, path: str, file: File) -> dict[str, str]:
        """The fields that the index has to have of a package: its own, and those of its file. Names in lower case."""
        place = self._shared / path
        try:
            if publishable.is_deb(path):
                own = stanza.parse(deb_file.control_of(place, self._tool))
                return {**own, "filename": path, "size": str(file.size), "sha256": file.sha256}
            own = stanza.parse(place.read_bytes())
        except ValueError as error:
            raise Ended(Status.FAILED, f"{file.name}: {error}") from None
        own["package"] = own.pop("source", "")
        own["directory"] = path.rpartition("/")[0]
        own[_SHA256] = f"{own.get(_SHA256, '')}\n {file.sha256} {file.size} {file.name}"
        return own

    def _from_lists(self, kind: str) -> dict[str, bytes]:
        name = "Packages" if kind == "packages" else "Sources"
        lists = [file for suite in self._known for file in suite.glob(f"{_MAIN}/**/{name}")]
        return {path: stanza for file in lists for path, stanza in _stanzas(kind, file.read_bytes()).items()}

    def _made(self, kind: str, folder: str) -> dict[str, bytes]:
        options = _PLAIN if kind == "packages" else ()
        command = ["apt-ftparchive", "-qq", *options, kind, folder]
        status, text = self._tool.output(
            limited(command, seconds=3600, memory_mb=4000), folder=self._shared, seconds=7200
        )
        if status != 0:
            raise Ended(Status.INFRASTRUCTURE, f"apt-ftparchive cannot read {self._shared / folder}")
        return _stanzas(kind, text)


def _compare(path: str, file: File, said: bytes | None, expected: Mapping[str, str]) -> None:
    """What the index says of a package is, field by field, what the package says, and what was measured of it."""
    if said is None:
        raise Ended(Status.INFRASTRUCTURE, f"apt-ftparchive says nothing of {path}")
    try:
        found = stanza.parse(said)
        if path.endswith(".dsc"):
            _compare_lists(file, found, expected)
    except ValueError as error:
        raise Ended(Status.FAILED, f"{file.name}: the index of it is not acceptable: {error}") from None
    for name in sorted({*found, *expected} - _LISTS):
        if _plain(found.get(name)) != _plain(expected.get(name)):
            what = f"{found.get(name, 'nothing')[:60]!a}, not {expected.get(name, 'nothing')[:60]!a}"
            raise Ended(Status.FAILED, f"{file.name}: the index of it says {what} in the field {name}")


def _compare_lists(file: File, found: Mapping[str, str], expected: Mapping[str, str]) -> None:
    """The files of a source package are the same in each of the index's lists: those of its own, and itself."""
    wanted = {name: size for name, (_, size) in stanza.checksums(expected, _SHA256).items()}
    for name in _LISTS & set(found):
        listed = stanza.checksums(found, name)
        if {one: size for one, (_, size) in listed.items()} != wanted:
            raise Ended(Status.FAILED, f"{file.name}: the index of it names other files in the field {name}")
    if stanza.checksums(found, _SHA256) != stanza.checksums(expected, _SHA256):
        raise Ended(Status.FAILED, f"{file.name}: the index of it has other checksums")


def _plain(value: str | None) -> str | None:
    """A value apart from blanks at the ends of its lines, which programs write as they like."""
    return None if value is None else "\n".join(line.strip() for line in value.split("\n"))


def _stanzas(kind: str, text: bytes) -> dict[str, bytes]:
    stanzas = (stanza.strip(b"\n") for stanza in text.split(b"\n\n"))
    return {_path(kind, stanza): stanza for stanza in stanzas if stanza}


def _path(kind: str, stanza: bytes) -> str:
    """The path of the file that a stanza is of: for a source package, its .dsc."""
    if kind == "packages":
        return _found(rb"^Filename: (?:\./)?(\S+)$", stanza)
    folder = _found(rb"^Directory: (?:\./)?(\S+)$", stanza)
    return f"{folder}/" + _found(rb"^ [0-9a-f]{32,128} +[0-9]+ (\S+\.dsc)$", stanza)


def _found(pattern: bytes, stanza: bytes) -> str:
    match = re.search(pattern, stanza, re.MULTILINE)
    return match[1].decode() if match else ""


def _write_list(path: Path, stanzas: Iterable[bytes]) -> None:
    path.parent.mkdir(parents=True)
    text = b"".join(stanza + b"\n\n" for stanza in stanzas)
    path.write_bytes(text)
    path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(text, 5, mtime=0))


def _write_release(suite: Suite, architectures: Sequence[str], folder: Path, tool: Programs) -> None:
    words: Mapping[str, str] = {
        "Origin": suite.origin,
        "Label": suite.label,
        "Suite": suite.name,
        "Codename": suite.name,
        "Architectures": " ".join(architectures),
        "Components": _MAIN,
        "Acquire-By-Hash": "yes",
    }
    options = [word for name, value in words.items() for word in ("-o", f"APT::FTPArchive::Release::{name}={value}")]
    status, text = tool.output(["apt-ftparchive", *_PLAIN, *options, "release", "."], folder=folder)
    if status != 0:
        raise Ended(Status.INFRASTRUCTURE, "apt-ftparchive cannot write Release")
    (folder / "Release").write_bytes(text)
