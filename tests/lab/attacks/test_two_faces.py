"""Packages that are one thing to who checks them, and another to who installs them."""

from __future__ import annotations

import pytest

from tests.lab.conftest import Lab
from tests.lab.prepared import Build, call, hand_over

PUBLIC = "/srv/publisher/public"
# Run where a build is handed over: ``package`` is written anew, of these.
_TOOLS = """
import gzip, io, lzma, tarfile

def tar_of(*members):
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return archive.getvalue()

def ar_of(*members):
    text = b"!<arch>\\n"
    for name, data in members:
        text += f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\\n".encode()
        text += data + b"\\n" * (len(data) % 2)
    return text

package = next(folder.glob("*.deb"))
shown = subprocess.run(["dpkg-deb", "--info", package, "control"], check=True, capture_output=True)
good = shown.stdout
evil = b"Package: bash\\nVersion: 9:99\\nArchitecture: all\\nEssential: yes\\nMaintainer: A <a@x>\\nDescription: x\\n"
version, data = ("debian-binary", b"2.0\\n"), ("data.tar.gz", gzip.compress(tar_of()))
"""
_SAID = """
result["files"] = [
    {"name": path.name, "size": path.stat().st_size, "sha256": sha256(path)} for path in sorted(folder.iterdir())
]
"""
# The attack → how the package is made, and what the publisher says of it.
DEBS = {
    "two names for control, of which dpkg takes the second": (
        'c = tar_of(("./control", good), ("././control", evil)); '
        'package.write_bytes(ar_of(version, ("control.tar.gz", gzip.compress(c)), data))',
        "control data has a file b'././control'",
    ),
    "two control members, of which apt takes the second": (
        'a, b = tar_of(("./control", good)), tar_of(("./control", evil)); package.write_bytes('
        'ar_of(version, ("control.tar.xz", lzma.compress(a)), ("control.tar.gz", gzip.compress(b)), data))',
        "something after its data member",
    ),
    "an absolute name, which dpkg takes": (
        'c = tar_of(("./control", good), ("/control", evil)); '
        'package.write_bytes(ar_of(version, ("control.tar.gz", gzip.compress(c)), data))',
        "control data has a file b'/control'",
    ),
    "two compressed streams": (
        'a, b = tar_of(("./control", good)), tar_of(("./control", evil)); package.write_bytes('
        'ar_of(version, ("control.tar.gz", gzip.compress(a) + gzip.compress(b)), data))',
        "something after the end of its compressed data",
    ),
    "a postinst of bash among the files": (
        'c, d = tar_of(("./control", good)), tar_of(("./var/lib/dpkg/info/bash.postinst", b"#!/bin/sh")); '
        'package.write_bytes(ar_of(version, ("control.tar.gz", gzip.compress(c)), ("data.tar.gz", gzip.compress(d))))',
        "is written by dpkg alone",
    ),
    "a field that dpkg reads as another": (
        'c = tar_of(("./control", good + b"Revision: 99\\n")); '
        'package.write_bytes(ar_of(version, ("control.tar.gz", gzip.compress(c)), data))',
        "field revision, which belongs to",
    ),
}
RPMS = {
    "bytes after the payload": (
        'p = next(folder.glob("*noarch.rpm")); p.write_bytes(p.read_bytes() + b"evil")',
        "something follows it",
    ),
    "a version in the signature header": (
        'p = next(folder.glob("*noarch.rpm")); b = bytearray(p.read_bytes()); b[128:132] = (1001).to_bytes(4, "big"); '
        "p.write_bytes(bytes(b))",
        "signature header has the tag 1001",
    ),
}


@pytest.fixture(scope="module")
def publisher(deployed: Lab) -> Lab:
    return deployed


def _try(lab: Lab, builds: list[Build], words: list[str]) -> None:
    hand_over(lab, *builds)
    for build, why in zip(builds, words, strict=True):
        status, said = call(lab, build)
        assert status == 1 and why in said, said
        assert lab.exec("pub01", "test", "-e", f"{PUBLIC}/review/{build.change}", check=False).returncode == 1


def test_a_deb_that_dpkg_and_apt_read_differently_is_refused(publisher: Lab) -> None:
    builds = [
        Build(f"99310{n}", f"1.0-1~c99310{n}.1", evil=f"{_TOOLS}\n{make}\n{_SAID}")
        for n, (make, _) in enumerate(DEBS.values())
    ]
    _try(publisher, builds, [words for _, words in DEBS.values()])


def test_an_rpm_with_more_than_its_header_says_is_refused(publisher: Lab) -> None:
    builds = [
        Build(f"99320{n}", f"1.0-1~c99320{n}.1", "rpm", evil=f"{make}\n{_SAID}")
        for n, (make, _) in enumerate(RPMS.values())
    ]
    _try(publisher, builds, [words for _, words in RPMS.values()])


def test_a_package_that_passes_for_debugging_symbols_and_runs_something_is_refused(publisher: Lab) -> None:
    """Such packages are not installed where packages are tested."""
    script = "(tree / 'DEBIAN/postinst').write_text('#!/bin/sh\\ntrue\\n'); (tree / 'DEBIAN/postinst').chmod(0o755)"
    evil = (
        "package = next(folder.glob('*-dbgsym*.deb')); tree = Path(tempfile.mkdtemp())\n"
        "run('dpkg-deb', '--raw-extract', package, tree)\n"
        f"{script}\nrun('dpkg-deb', '--root-owner-group', '--build', tree, package)\n{_SAID}"
    )
    build = Build("993300", "1.0-1~c993300.1", symbols=True, evil=evil)
    _try(publisher, [build], ["debugging symbols, and the control file postinst"])
