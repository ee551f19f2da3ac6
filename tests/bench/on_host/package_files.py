"""Packages by the thousand: as files of their own right, written without a tool for each."""

from __future__ import annotations

import gzip
import hashlib
import io
import struct
import subprocess
import tarfile
from pathlib import Path

_CONTROL = """\
Package: {name}
Version: 1-1
Architecture: all
Maintainer: Bench <bench@example.org>
Installed-Size: 10
Depends: libc6 (>= 2.36), libgcc-s1 (>= 4.2), zlib1g (>= 1:1.2.3.4), python3 (>= 3.11), python3-yaml, adduser
Section: misc
Priority: optional
Homepage: https://example.org/{name}
Description: package number {number} of many
 A repository of many packages has a list of them, and whoever publishes one more
 writes that list again. This text is as long as those of real packages, for the
 list to be so, too.
 .
 There is nothing else in it.
"""
_SPEC = """\
Name: bench-00000
Version: 1
Release: 1
Summary: Package of many
License: MIT
BuildArch: noarch
Requires: python3 >= 3.11, adduser
%description
A repository of many packages has metadata of them, and whoever publishes one
more writes that again.
%install
mkdir -p %{buildroot}/usr/share/bench
echo bench >%{buildroot}/usr/share/bench/file
%files
/usr/share/bench
"""
_LEAD = 96  # bytes: rpm's format has it before its headers, for the command file(1)


def name_of(number: int) -> str:
    """What a package is called: always as many letters."""
    return f"bench-{number:05}"


def file_of(kind: str, number: int) -> str:
    """What its file is called."""
    return f"{name_of(number)}_1-1_all.deb" if kind == "deb" else f"{name_of(number)}-1-1.noarch.rpm"


def deb(number: int) -> bytes:
    """A DEB package (deb(5)) with no files in it."""
    control = _CONTROL.format(name=name_of(number), number=number).encode()
    members = {
        "debian-binary": b"2.0\n",
        "control.tar.gz": _tar({"./control": control}),
        "data.tar.gz": _tar({}),
    }
    text = b"!<arch>\n"
    for name, content in members.items():
        text += f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode()
        text += content + b"\n" * (len(content) % 2)
    return text


def rpm_template(folder: Path) -> bytes:
    """An RPM package, built by rpmbuild in the new ``folder``, to make others of."""
    folder.mkdir()
    (folder / "bench.spec").write_text(_SPEC)
    define = ("--define", f"_topdir {folder}", "--define", "_binary_payload w1.gzdio")
    subprocess.run(("rpmbuild", "-bb", *define, "--quiet", folder / "bench.spec"), check=True, capture_output=True)
    return next(folder.glob("RPMS/*/*.rpm")).read_bytes()


def rpm(template: bytes, number: int) -> bytes:
    """The template with another name, which changes the header and the checksums of it, and no length."""
    begin = _after_header(template, _LEAD)
    begin += -begin % 8
    signature, header, rest = template[:begin], *_split(template, begin)
    renamed = header.replace(name_of(0).encode(), name_of(number).encode())
    for digest in (hashlib.sha1, hashlib.sha256):
        signature = signature.replace(digest(header).hexdigest().encode(), digest(renamed).hexdigest().encode())
    signature = signature.replace(hashlib.md5(header + rest).digest(), hashlib.md5(renamed + rest).digest())
    return signature.replace(name_of(0).encode(), name_of(number).encode()) + renamed + rest


def header_digest(package: bytes) -> str:
    """The SHA-256 checksum of an RPM package's header."""
    begin = _after_header(package, _LEAD)
    header, _ = _split(package, begin + -begin % 8)
    return hashlib.sha256(header).hexdigest()


def _split(package: bytes, begin: int) -> tuple[bytes, bytes]:
    end = _after_header(package, begin)
    return package[begin:end], package[end:]


def _after_header(package: bytes, begin: int) -> int:
    """Where the header ends that begins there: 16 bytes, of which the last 8 are the numbers of entries and bytes."""
    entries, size = struct.unpack(">II", package[begin + 8 : begin + 16])
    return int(begin + 16 + 16 * entries + size)


def _tar(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), 1, mtime=0)
