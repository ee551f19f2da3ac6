"""Packages that one program reads in another way than the next one: what is checked is what is installed."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pkgci_steps.repository import rpm_file
from pkgci_steps.status import Ended, Status

from . import debs, rpms
from .conftest import GOOD, World, repository

CONTROL = f"Package: greet\nVersion: {GOOD}\nArchitecture: all\nMaintainer: A <a@x.org>\nDescription: a package\n"
EVIL = CONTROL.replace("greet", "bash").replace("Description", "Essential: yes\nDescription")
VERSION = ("debian-binary", b"2.0\n")
TAR, EVIL_TAR = debs.tar([("./control", CONTROL)]), debs.tar([("./control", EVIL)])
DATA = ("data.tar", debs.tar([("./usr/bin/greet", "hello")]))


def own(*controls: tuple[str, Any], form: int = tarfile.GNU_FORMAT) -> bytes:
    """A package with these control files."""
    return debs.ar([VERSION, ("control.tar", debs.tar(controls, form)), DATA])


def having(*files: tuple[str, Any], form: int = tarfile.GNU_FORMAT) -> bytes:
    """A package that installs these."""
    return debs.ar([VERSION, ("control.tar", TAR), ("data.tar", debs.tar(files, form))])


def packed(suffix: str, data: bytes) -> bytes:
    """A package whose control data is compressed."""
    return debs.ar([VERSION, (f"control.tar{suffix}", data), DATA])


FILE = ("./control", CONTROL)
LINK = {"type": tarfile.SYMTYPE, "linkname": "/srv/publisher/gnupg/private-keys-v1.d/x.key"}
HOSTILE = {
    "two names for control": (own(FILE, ("././control", EVIL)), "control data has a file b'././control'"),
    "the other name alone": (own(("././control", CONTROL)), "control data has a file"),
    "control twice": (own(FILE, ("control", EVIL)), "has the control file control twice"),
    "an absolute control": (own(FILE, ("/control", EVIL)), "control data has a file b'/control'"),
    "a way round": (own(FILE, ("a/../control", EVIL)), "control data has a file"),
    "a folder called control": (own(("./control", {"type": tarfile.DIRTYPE})), "has a folder b'./control"),
    "a folder beside control": (own(FILE, ("./a", {"type": tarfile.DIRTYPE})), "has a folder"),
    "a link in place of control": (own(("./control", LINK)), "has a symlink b'./control'"),
    "a link beside control": (own(FILE, ("./postinst", LINK)), "has a symlink b'./postinst'"),
    "a hard link": (own(FILE, ("./x", {"type": tarfile.LNKTYPE, "linkname": "./control"})), "has a link b'./x'"),
    "a script twice": (own(FILE, ("./postinst", "a"), ("postinst", "b")), "control file postinst twice"),
    "a device": (own(FILE, ("./x", {"type": tarfile.CHRTYPE})), "has a device"),
    "no control": (own(("./md5sums", "")), "has no control data"),
    "a name of pax": (own(FILE, ("./x", {"pax_headers": {"path": "./control"}}), form=tarfile.PAX_FORMAT), "not know"),
    "a size of pax": (own(FILE, ("./x", {"pax_headers": {"size": "1"}}), form=tarfile.PAX_FORMAT), "not know"),
    "a long name": (own(FILE, ("./" + "x" * 200, "")), "a name that is too long"),
    "a sparse file": (own(FILE, ("./x", {"type": b"S"})), "a kind that dpkg does not know"),
    "something after the end": (debs.ar([VERSION, ("control.tar", TAR + EVIL_TAR), DATA]), "after its end"),
    "cut off": (debs.ar([VERSION, ("control.tar", TAR[:700]), DATA]), "is cut off"),
    "an old archive": (debs.ar([VERSION, ("control.tar", TAR.replace(b"ustar", b"abcde")), DATA]), "damaged"),
    "two control members": (
        debs.ar([VERSION, ("control.tar.xz", lzma.compress(TAR)), ("control.tar.gz", gzip.compress(EVIL_TAR)), DATA]),
        "something after its data member",
    ),
    "a member more at the end": (
        debs.ar([VERSION, ("control.tar", TAR), DATA, ("_x", b"")]),
        "a header that is none|after its data",
    ),
    "a member more at the start": (debs.ar([VERSION, ("x", b""), ("control.tar", TAR), DATA]), "after its data"),
    "data first": (debs.ar([VERSION, DATA, ("control.tar", TAR)]), "is not where dpkg has"),
    "no data": (debs.ar([VERSION, ("control.tar", TAR)]), "has 2 members, not three"),
    "another version": (debs.ar([("debian-binary", b"3.0\n"), ("control.tar", TAR), DATA]), "of version 2.0"),
    "bytes at the end": (debs.ar([VERSION, ("control.tar", TAR), DATA]) + b"evil", "after its data member"),
    "columns that run together": (
        debs.ar([VERSION, ("control.tar", TAR), DATA]).replace(b"100644  10240", b"10064410240", 1),
        "a header that is none|after its data member",
    ),
    "a name of GNU": (debs.ar([("debian-binary/", b"2.0\n"), ("control.tar/", TAR), DATA]), "a header that is none"),
    "two streams of gzip": (packed(".gz", gzip.compress(TAR) + gzip.compress(EVIL_TAR)), "after the end of its comp"),
    "two streams of xz": (packed(".xz", lzma.compress(TAR) + lzma.compress(EVIL_TAR)), "after the end of its compres"),
    "bytes after gzip": (packed(".gz", gzip.compress(TAR) + b"evil"), "after the end of its compressed data"),
    "zeros after xz": (packed(".xz", lzma.compress(TAR) + b"\0" * 4), "after the end of its compressed data"),
    "another compression": (packed(".gz", lzma.compress(TAR)), "cannot be decompressed"),
    "one that control has not": (packed(".bz2", bz2.compress(TAR)), "is not where dpkg has"),
    "no zstd": (packed(".zst", gzip.compress(TAR)), "not compressed as its name says"),
    "two frames of zstd": (packed(".zst", bytes.fromhex("28b52ffd2000010000") * 2), "after the end of its compressed"),
    "zstd without an end": (packed(".zst", bytes.fromhex("28b52ffd2000000000")), "cut off"),
    "a bomb": (packed(".gz", gzip.compress(b"\0" * 80_000_000)), "more than 67 MB once it is unpacked"),
    "a file twice": (having(("./usr/bin/a", "x"), ("./usr/bin/a", "y")), "installs b'usr/bin/a' twice"),
    "a file in place of a folder": (having(("./a", {"type": tarfile.DIRTYPE}), ("./a", "y")), "installs b'a' twice"),
    "a file under two names": (having(("./usr/bin/a", "x"), ("usr/bin/a", "y")), "no path in its own right"),
    "an absolute file": (having(("/etc/passwd", "x")), "no path in its own right"),
    "a file above": (having(("./../etc/passwd", "x")), "no path in its own right"),
    "a file round about": (having(("./usr/./bin/a", "x")), "no path in its own right"),
    "what dpkg knows": (having(("./var/lib/dpkg/info/bash.postinst", "#!/bin/sh")), "is written by dpkg alone"),
    "a file of pax": (having(("./x", {"pax_headers": {"path": "./y"}}), form=tarfile.PAX_FORMAT), "not know"),
}


def refused(world: World, name: str, data: bytes, words: str, **other: str) -> None:
    inputs = world.inputs(**other)
    folder = world.build(inputs, GOOD)
    next(folder.glob(name)).write_bytes(data)
    world.say(folder, inputs)
    with pytest.raises(Ended, match=words) as ended:
        world.review(inputs)
    assert ended.value.status is Status.FAILED
    assert not repository(world).exists


@pytest.mark.parametrize("what", HOSTILE)
def test_a_deb_that_can_be_read_in_two_ways_is_refused(world: World, what: str) -> None:
    data, words = HOSTILE[what]
    refused(world, "*.deb", data, words)


def test_a_deb_that_dpkg_reads_in_another_way_after_all_is_refused(world: World) -> None:
    world.tools._dpkg_deb = lambda words, folder: (0, EVIL.encode())  # type: ignore[method-assign]
    refused(world, "*.deb", own(FILE), "dpkg reads other control data in it")


@pytest.mark.parametrize(
    "data",
    [
        packed(".xz", lzma.compress(TAR)),
        packed(".gz", gzip.compress(TAR)),
        own(("./", {"type": tarfile.DIRTYPE}), FILE, ("./postinst", "#!/bin/sh")),
        having(("./", {"type": tarfile.DIRTYPE}), ("./usr/", {"type": tarfile.DIRTYPE}), ("./usr/" + "x" * 200, "")),
        having(("./usr/a", ""), ("./usr/b", {"type": tarfile.LNKTYPE, "linkname": "./usr/a"}), ("./c", LINK)),
        having(("./var/lib/dpkg/", {"type": tarfile.DIRTYPE}), form=tarfile.USTAR_FORMAT),
    ],
)
def test_a_deb_as_dpkg_makes_it_is_taken(world: World, data: bytes) -> None:
    world.tools._dpkg_deb = lambda words, folder: (0, CONTROL.encode())  # type: ignore[method-assign]
    folder = world.build(world.inputs(), GOOD)
    next(folder.glob("*.deb")).write_bytes(data)
    world.say(folder, world.inputs())
    assert "is published" in world.review(world.inputs())


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("package: bash", "the field package twice"),
        ("Revision: 9", "field revision, which belongs to"),
        ("Status: install ok installed", "field status, which belongs to"),
        ("Protected: yes", "says 'protected: yes' of itself"),
        ("Important: yes", "says 'important: yes' of itself"),
        ("Build-Essential: yes", "says 'build-essential: yes' of itself"),
        ("Priority: required", "says 'priority: required' of itself"),
        ("Task: minimal", "says 'task: minimal' of itself"),
        ("X: a\x85b", "control characters"),
        ("X: a\x9b2Jb", "control characters"),
        ("X: a\u2028Package: bash", "control characters"),
        ("X: a\rPackage: bash", "control characters"),
        ("X: a\0b", "control characters"),
        ("X : a", "a line that is no field"),
        ("X: a\n \nPackage: bash", "more than one paragraph"),
        ("Conflicts: sudo (<< 1) garbage", "its Conflicts is not acceptable"),
    ],
)
def test_a_field_that_somebody_reads_in_another_way_is_refused(world: World, field: str, words: str) -> None:
    control = CONTROL.replace("Description", f"{field}\nDescription")
    world.tools._dpkg_deb = lambda _, folder: (0, control.encode())  # type: ignore[method-assign]
    refused(world, "*.deb", own(("./control", control)), words)


def test_control_data_that_is_not_utf8_is_refused(world: World) -> None:
    control = CONTROL.encode() + b"X: \xff\n"
    world.tools._dpkg_deb = lambda _, folder: (0, control)  # type: ignore[method-assign]
    refused(world, "*.deb", own(("./control", control)), "is not UTF-8")


@pytest.mark.parametrize(
    ("files", "controls", "words"),
    [
        ([], [("./postinst", "#!/bin/sh")], "debugging symbols, and the control file postinst"),
        ([], [("./triggers", "interest /usr")], "debugging symbols, and the control file triggers"),
        ([("./usr/bin/sudo", "x")], [], "debugging symbols, and installs b'usr/bin/sudo'"),
        ([("./usr/lib/debug/.build-id/ab/c.debug", "x")], [("./md5sums", "")], ""),
    ],
)
def test_a_package_that_passes_for_debugging_symbols_has_nothing_that_runs(
    world: World, files: debs.Members, controls: debs.Members, words: str
) -> None:
    inputs = world.inputs()
    folder = world.build(inputs, GOOD)
    control = CONTROL.replace("Package: greet", "Package: greet-dbgsym\nSource: greet")
    (folder / f"greet-dbgsym_{GOOD}_all.deb").write_bytes(debs.deb(control, files, controls))
    world.say(folder, inputs)
    if not words:
        assert "is published" in world.review(inputs)
        return
    with pytest.raises(Ended, match=words):
        world.review(inputs)


RPM = {"NAME": "greet", "VERSION": "1.0", "RELEASE": "1~c5.2", "ARCH": "noarch", "SOURCERPM": f"greet-{GOOD}.src.rpm"}
HOSTILE_RPMS: dict[str, tuple[Callable[[], bytes], str]] = {
    "bytes after the payload": (lambda: rpms.rpm(RPM, text="a", after=b"evil"), "something follows it"),
    "a signature": (lambda: rpms.sign(rpms.rpm(RPM), "KEY"), "has the tag 268: packages are signed when"),
    "a name in the signature header": (
        lambda: rpms.rpm(RPM, signature=[(1001, rpms.STRING, "9")]),
        "signature header has the tag 1001",
    ),
    "another size": (lambda: rpms.rpm(RPM, signature=[(1000, rpms.INT32, [1])]), "its size is not what it says"),
    "a name twice": (lambda: rpms.rpm(RPM, more=[(1000, rpms.STRING, "bash")]), "has the tag 1000 twice"),
    "a name beside the region": (lambda: _dribble(), "tags that its checksum does not cover"),
    "a source package that is none": (lambda: _with(7, b"\1"), "its lead does not say"),
    "no lead": (lambda: _with(0, b"xxxx"), "it is no RPM package"),
    "another header than its checksum is of": (lambda: _flip(b"a package"), "another one"),
    "a text that is none": (lambda: rpms.rpm(RPM, more=[(1016, rpms.BINARY, b"x")]), "tag 1016 is no text"),
    "no UTF-8": (lambda: rpms.rpm({**RPM}, more=[(1016, rpms.STRING, b"\xff")]), "tag 1016 is not UTF-8"),
    "an escape sequence": (lambda: rpms.rpm({**RPM, "SUMMARY": "\x1b]0;x\x07"}), "has the control character"),
    "a line more": (lambda: rpms.rpm(RPM, files=["/usr/bin/a\nb"]), "has the control character"),
    "a file twice": (lambda: rpms.rpm(RPM, files=["/usr/bin/a", "/usr/bin/a"]), "has a file twice"),
    "a file above": (lambda: rpms.rpm(RPM, files=["/usr/../etc/passwd"]), "no path in its own right"),
    "an epoch": (lambda: rpms.rpm({**RPM, "EPOCHNUM": "9"}), ""),
    "files of the old kind": (lambda: rpms.rpm(RPM, more=[(1027, rpms.STRINGS, ["/a"])]), "of the old kind"),
    "relations that do not fit": (
        lambda: rpms.rpm(RPM, more=[(1090, rpms.STRINGS, ["a", "b"]), (1114, rpms.INT32, [0])]),
        "Obsoletes have no names, flags and versions of one number",
    ),
    "an expression where none may be": (
        lambda: rpms.rpm(RPM, relations=[("Obsoletes", "(sudo or bash)", 0, "")]),
        "Obsoletes are not acceptable",
    ),
}


def _with(place: int, data: bytes) -> bytes:
    made = rpms.rpm(RPM)
    return made[:place] + data + made[place + len(data) :]


def _flip(text: bytes) -> bytes:
    return rpms.rpm(RPM).replace(text, text.upper())


def _dribble() -> bytes:
    tags = [(1000, rpms.STRING, "greet"), (5093, rpms.INT32, [8])]
    return rpms._assemble(rpms.header(63, tags, [(1022, rpms.STRING, "noarch")]), b"", False, [])


@pytest.mark.parametrize("what", HOSTILE_RPMS)
def test_an_rpm_that_can_be_read_in_two_ways_is_refused(world: World, what: str) -> None:
    make, words = HOSTILE_RPMS[what]
    if words:
        refused(world, "*noarch.rpm", make(), words, target="rpm")
        return
    inputs = world.inputs(target="rpm")
    folder = world.build(inputs, GOOD)
    next(folder.glob("*noarch.rpm")).write_bytes(make())
    world.say(folder, inputs)
    world.review(inputs)
    versions = {file.version for entry in repository(world).manifest().entries for file in entry.files}
    assert versions == {GOOD, f"9:{GOOD}"}


def test_an_rpm_that_rpm_reads_in_another_way_after_all_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = world.tools._rpm
    monkeypatch.setattr(
        world.tools,
        "_rpm",
        lambda words, folder: (0, said(words, folder)[1].replace(b"1~c5.2\nnoarch", b"2~c5.2\nnoarch")),
    )
    refused(world, "*noarch.rpm", rpms.rpm(RPM), "rpm reads another release in it", target="rpm")


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ({"POSTIN": "true"}, "debugging symbols, and a script"),
        ({}, "debugging symbols, and installs '/usr/bin/sudo'"),
    ],
)
def test_an_rpm_that_passes_for_debugging_symbols_has_nothing_that_runs(
    world: World, made: dict[str, str], words: str
) -> None:
    inputs = world.inputs(target="rpm")
    folder = world.build(inputs, GOOD)
    path = folder / f"greet-debuginfo-{GOOD}.noarch.rpm"
    path.write_bytes(rpms.rpm({**RPM, "NAME": "greet-debuginfo", **made}, files=["/usr/bin/sudo"]))
    world.say(folder, inputs)
    with pytest.raises(Ended, match=words):
        world.review(inputs)


def test_an_rpm_is_read_to_its_last_tag(tmp_path: Path) -> None:
    path = tmp_path / "a.rpm"
    path.write_bytes(rpms.rpm(RPM, files=["/usr/bin/greet", "/etc/greet"], relations=[("Provides", "a", 8, "1")]))
    header = rpm_file.read(path)
    assert (header.text(rpm_file.NAME), header.paths()) == ("greet", ["/usr/bin/greet", "/etc/greet"])
