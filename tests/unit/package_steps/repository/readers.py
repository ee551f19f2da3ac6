"""What the readers of a repository see: whether it fits together."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable

from pkgci_steps.repository.engine import Repository

from .conftest import URL
from .tools import sha256


def check_readable(repository: Repository, keys: Iterable[str] = ("OLD!",)) -> None:
    """What readers see now fits together: lists, checksums, signatures, and every package that is named."""
    current = repository.folder / "current"
    if not current.exists():
        return
    for target in ("trixie", "bookworm"):
        suite = current / f"deb/dists/{target}"
        release = (suite / "Release").read_bytes()
        signatures = "".join(f"-- {key} signs {sha256(release)}\n" for key in keys)
        assert (suite / "Release.gpg").read_text() == signatures
        assert (suite / "InRelease").read_text() == release.decode() + signatures
        for line in release.decode().partition("SHA256:\n")[2].splitlines():
            checksum, _, name = line.split()
            assert sha256((suite / name).read_bytes()) == checksum
            assert (suite / name).samefile((suite / name).parent / "by-hash/SHA256" / checksum)
        lists = sorted(suite.rglob("Packages"))
        for stanza in "\n\n".join(path.read_text().rstrip() for path in lists).split("\n\n"):
            words = dict(line.split(": ", 1) for line in stanza.splitlines())
            if words:
                assert sha256((current / "deb" / words["Filename"]).read_bytes()) == words["SHA256"]
    data = current / "rpm/rpm"
    head = (data / "repodata/repomd.xml").read_bytes()
    assert (data / "repodata/repomd.xml.asc").read_text() == f"-- {next(iter(keys))} signs {sha256(head)}\n"
    listed = gzip.decompress((data / head.decode().split('"')[1]).read_bytes()).decode()
    for checksum, path in re.findall(r'<checksum type="sha256">(.*?)</checksum>.*?href="(.*?)"', listed):
        assert sha256((data / path).read_bytes()) == checksum
    first, last = (data / "mirrorlist").read_text().splitlines()
    top = URL if repository.name == "release" else f"{URL}{repository.name}/"
    assert (first, last) == (f"{top}{current.readlink()}/rpm/rpm/", f"{top}rpm/rpm/")
