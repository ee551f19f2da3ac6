"""What a .deb is, in the one reading that dpkg, apt and everybody else has of it; whatever has two is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ..programs import Programs
from . import ar, packed, tar
from .limited import limited

# bytes: of one control file, of all of them, and of what is installed.
CONTROL_LIMIT = 1024 * 1024
_CONTROLS_LIMIT = 64 * 1024 * 1024
_DATA_LIMIT = 20_000_000_000
_MEMBER_LIMIT = 2000
_CONTROL_NAME = re.compile(rb"(?:\./)?([A-Za-z0-9][A-Za-z0-9._+-]{0,99})")
_DATA_NAME = re.compile(rb"\./((?:[^/\0]+/)*[^/\0]+)/?")
_ROOTS = (b".", b"./")
# What dpkg knows of installed packages is written by nobody but itself.
_OWN_OF_DPKG = b"var/lib/dpkg/"


@dataclass
class Content:
    """A .deb's control data, the names of its control files, and of what it installs (without folders)."""

    control: bytes = b""
    controls: set[str] = field(default_factory=set)
    paths: set[bytes] = field(default_factory=set)


def read(path: Path, programs: Programs) -> Content:
    """What the package in ``path`` has. Nothing is unpacked to the disk. Raises ``ValueError`` in words."""
    content = _content(path, programs, with_data=True)
    # dpkg itself, which unpacks the control files with tar, finds the very same.
    status, said = programs.output(_dpkg_deb("--info", path, "control"), seconds=120)
    if status != 0 or said != content.control:
        raise ValueError(f"{path.name}: dpkg reads other control data in it")
    return content


def control_of(path: Path, programs: Programs) -> bytes:
    """The control data of a package. Raises ``ValueError`` in words."""
    return _content(path, programs, with_data=False).control


def _content(path: Path, programs: Programs, *, with_data: bool) -> Content:
    content = Content()
    try:
        with path.open("rb") as file:
            control, data = ar.parts(file)
        _each(path, control, content, programs)
        if with_data:
            _each(path, data, content, programs, is_data=True)
    except (ValueError, IndexError) as error:
        raise ValueError(f"{path.name}: {error}") from None
    return content


def _dpkg_deb(*words: str | Path) -> list[str | Path]:
    """What calls it for one package. It writes the control files to the disk, and looks at them there."""
    return limited(["dpkg-deb", *words], seconds=300, file_mb=_CONTROLS_LIMIT // 1_000_000 + 1)


def _each(path: Path, part: ar.Part, content: Content, programs: Programs, *, is_data: bool = False) -> None:
    """Has each member of a part of the package in ``path`` looked at."""
    if is_data:
        reader = tar.Reader(_data(content))
    else:
        reader = tar.Reader(_control(content), lambda member: member.size <= CONTROL_LIMIT, may_be_long=False)
    limit = _DATA_LIMIT if is_data else _CONTROLS_LIMIT
    with path.open("rb") as file:
        file.seek(part.start)
        if part.suffix != ".zst":
            packed.unpack(file, part.suffix, part.size, reader.feed, limit)
        else:
            packed.check_zstd(file, part.size)
            option = "--fsys-tarfile" if is_data else "--ctrl-tarfile"
            if programs.pipe(_dpkg_deb(option, path), packed.limited(reader.feed, limit), seconds=600) != 0:
                raise ValueError("dpkg-deb cannot unpack it")
    reader.close()
    if not is_data and "control" not in content.controls:
        raise ValueError("it has no control data")


def _control(content: Content) -> Callable[[tar.Member, bytes], None]:
    def seen(member: tar.Member, text: bytes) -> None:
        if member.kind == "folder" and member.name in _ROOTS:
            return
        found = _CONTROL_NAME.fullmatch(member.name)
        if not found or member.kind != "file":
            what = f"a {member.kind} {member.name[:60]!a}"
            raise ValueError(f"its control data has {what}, and only plain files may be there")
        name = found[1].decode()
        if name in content.controls:
            raise ValueError(f"it has the control file {name} twice")
        if len(content.controls) > _MEMBER_LIMIT or (name == "control" and member.size > CONTROL_LIMIT):
            raise ValueError("its control data is no file of an allowed size")
        content.controls.add(name)
        if name == "control":
            content.control = text

    return seen


def _data(content: Content) -> Callable[[tar.Member, bytes], None]:
    folders: set[bytes] = set()

    def seen(member: tar.Member, _: bytes) -> None:
        if member.kind == "folder" and member.name in _ROOTS:
            return
        found = _DATA_NAME.fullmatch(member.name)
        if not found or {b".", b".."} & set(found[1].split(b"/")):
            raise ValueError(f"it installs {member.name[:100]!a}, which is no path in its own right")
        name = found[1]
        if name in content.paths or (name in folders and member.kind != "folder"):
            raise ValueError(f"it installs {name[:100]!a} twice")
        if member.kind == "folder":
            folders.add(name)
            return
        if name.startswith(_OWN_OF_DPKG):
            raise ValueError(f"it installs {name[:100]!a}: what is there is written by dpkg alone")
        content.paths.add(name)

    return seen
