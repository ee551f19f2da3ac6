"""Debian packages byte by byte: good ones, and whatever else somebody may put together."""

from __future__ import annotations

import gzip
import io
import lzma
import tarfile
from collections.abc import Iterable, Mapping
from typing import Any

from pkgci_steps.repository import ar as read_ar

# A member of an archive: its name, and its content or what is special about it.
Members = Iterable[tuple[str, str | bytes | Mapping[str, Any]]]


def tar(members: Members, form: int = tarfile.GNU_FORMAT) -> bytes:
    """A tar archive. A member that is a mapping has TarInfo's attributes, and ``text``."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=form) as file:
        for name, content in members:
            words = dict(content) if isinstance(content, Mapping) else {"text": content}
            text = words.pop("text", b"")
            data = text.encode() if isinstance(text, str) else text
            member = tarfile.TarInfo(name)
            member.size = len(data)
            for attribute, value in words.items():
                setattr(member, attribute, value)
            file.addfile(member, io.BytesIO(data))
    return archive.getvalue()


def ar(members: Iterable[tuple[str, bytes]]) -> bytes:
    """An ar archive."""
    found = b"!<arch>\n"
    for name, data in members:
        found += f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode() + data + b"\n" * (len(data) % 2)
    return found


def deb(control: str, files: Members = (), controls: Members = ()) -> bytes:
    """A package as dpkg-deb makes it."""
    own = tar([("./", {"type": tarfile.DIRTYPE}), ("./control", control), *controls])
    return ar([("debian-binary", b"2.0\n"), ("control.tar.gz", _zip(own)), ("data.tar", tar(files))])


def control_of(data: bytes) -> str:
    """The control data of a good package."""
    control, _ = read_ar.parts(io.BytesIO(data))
    packed = data[control.start : control.start + control.size]
    unpack = {".gz": gzip.decompress, ".xz": lzma.decompress, "": bytes}[control.suffix]
    with tarfile.open(fileobj=io.BytesIO(unpack(packed))) as file:
        member = file.extractfile("./control")
        assert member is not None
        return member.read().decode()


def _zip(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)
