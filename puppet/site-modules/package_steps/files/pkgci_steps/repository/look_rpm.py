"""Looking into RPM packages that nobody has reviewed: names, versions, and whether they belong together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from .. import publishable
from ..inputs import Inputs
from ..programs import Programs
from . import rpm, rpm_file, rpm_relations, versions
from .built import Built, check_own_version, check_version
from .limited import limited
from .manifest import File
from .relations import Relation

_NAME = r"[A-Za-z0-9][A-Za-z0-9._+-]*"
_VERSION = r"[A-Za-z0-9.+~^_]+"
_ARCHITECTURE = "noarch|x86_64|i686|aarch64|armv7hl|ppc64le|riscv64|s390x|loongarch64"
# Tag of the header, and what its value looks like. The last two: the checksum of the header, and no signature.
_TAGS: dict[str, str] = {
    "NAME": _NAME,
    "EPOCHNUM": r"[0-9]{1,9}",
    "VERSION": _VERSION,
    "RELEASE": _VERSION,
    "ARCH": _ARCHITECTURE,
    "SOURCERPM": r"\(none\)|[A-Za-z0-9][A-Za-z0-9.+~^_-]*",
    "SOURCEPACKAGE": r"\(none\)|1",
    "SHA256HEADER": r"[0-9a-f]{64}",
    "RSAHEADER:pgpsig": r"\(none\)",
    "DSAHEADER:pgpsig": r"\(none\)",
}
# Of these, rpm says what the header has.
_OWN = {
    "NAME": rpm_file.NAME,
    "VERSION": rpm_file.VERSION,
    "RELEASE": rpm_file.RELEASE,
    "ARCH": rpm_file.ARCH,
    "SOURCERPM": rpm_file.SOURCE_RPM,
}
# What a package of debugging symbols may have: nothing that runs.
_DEBUG_PATHS = re.compile(r"/usr/(?:lib/debug|src/debug)(?:/.*)?", re.DOTALL)
_FORMAT = r"\n".join(f"%{{{tag}}}" for tag in _TAGS) + r"\n"


def look(folder: Path, files: Mapping[str, str], inputs: Inputs, programs: Programs) -> Built:
    """What the ``files`` (name → SHA-256 checksum) in ``folder`` are. Raises ``ValueError`` in words."""
    for name in files:
        if not name.endswith(".rpm"):
            raise ValueError(f"{name} is no part of the packages")
    headers = {name: rpm_file.read(folder / name) for name in files}
    tags = {name: _tags(folder / name, headers[name], programs) for name in files}
    found = {name: _file(folder / name, files[name], words, inputs) for name, words in tags.items()}
    sources = [name for name, file in found.items() if file.architecture == "src"]
    if len(sources) != 1:
        raise ValueError(f"there are {len(sources)} source packages, not one")
    for name, words in tags.items():
        if name not in sources and words["SOURCERPM"] != sources[0]:
            raise ValueError(f"{name}: it is of the source package {words['SOURCERPM']}, not of {sources[0]}")
    if len(found) < 2:
        raise ValueError("there is no package besides the source package")
    source = found[sources[0]]
    own = {file.package for file in found.values()}
    said = {
        found[name].package: _relations(name, header, own) for name, header in headers.items() if name not in sources
    }
    return Built(source.package, source.version, tuple(found.values()), said)


def _relations(name: str, header: rpm_file.Header, own: set[str]) -> tuple[Relation, ...]:
    """What a package says of others. Raises ``ValueError`` in words."""
    try:
        if publishable.is_debugging(header.text(rpm_file.NAME), name):
            _check_debugging(header)
        return rpm_relations.of_header(header, own)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _check_debugging(header: rpm_file.Header) -> None:
    """What is passed over where packages are installed and tested has nothing in it that could do anything."""
    if rpm_file.SCRIPTS & set(header.tags):
        raise ValueError("it has debugging symbols, and a script: such packages run nothing")
    if other := next((path for path in header.paths() if not _DEBUG_PATHS.fullmatch(path)), None):
        raise ValueError(f"it has debugging symbols, and installs {other[:100]!a}, which is none")


def _tags(path: Path, header: rpm_file.Header, programs: Programs) -> dict[str, str]:
    # The checksums in it are true of it: those of the header, and of the payload.
    if programs.run(limited(["rpmkeys", "--checksig", "--nosignature", path], seconds=300), seconds=300) != 0:
        raise ValueError(f"{path.name}: rpm finds that it is damaged, or no package")
    lines = (rpm.query(path, _FORMAT, programs) or "").split("\n")[:-1]
    if len(lines) != len(_TAGS):
        raise ValueError(f"{path.name}: rpm cannot say what it is")
    for (tag, pattern), value in zip(_TAGS.items(), lines, strict=True):
        if len(value) > 200 or not re.fullmatch(pattern, value):
            raise ValueError(f"{path.name}: its {tag.partition(':')[0].lower()} is not acceptable: {value[:60]!a}")
    found = dict(zip(_TAGS, lines, strict=True))
    epoch = str(next(iter(header.numbers(rpm_file.EPOCH)), 0))
    read = {name: header.text(tag) or "(none)" for name, tag in _OWN.items()}
    for tag, value in {**read, "EPOCHNUM": epoch, "SHA256HEADER": header.sha256}.items():
        if found[tag] != value:
            raise ValueError(f"{path.name}: rpm reads another {tag.lower()} in it than there is: {found[tag][:60]!a}")
    return found


def _file(path: Path, checksum: str, words: Mapping[str, str], inputs: Inputs) -> File:
    architecture = "src" if words["SOURCEPACKAGE"] == "1" else words["ARCH"]
    plain = f"{words['VERSION']}-{words['RELEASE']}"
    expected = f"{words['NAME']}-{plain}.{architecture}.rpm"
    if path.name != expected:
        raise ValueError(f"{path.name}: by its header it is {expected}")
    version = plain if words["EPOCHNUM"] == "0" else f"{words['EPOCHNUM']}:{plain}"
    if not re.fullmatch(versions.RPM, version):
        raise ValueError(f"{path.name}: its version is not acceptable")
    check = check_version if architecture == "src" else check_own_version
    check(version, words["NAME"], inputs)
    return File(path.name, path.stat().st_size, checksum, words["NAME"], version, architecture, words["SHA256HEADER"])
