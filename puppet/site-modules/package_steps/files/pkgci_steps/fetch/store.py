"""The store: each file by its SHA-256 checksum, found by other checksums too, and what signatures have vouched for."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

from .request import STRONG

_RECORDS = "signed"
# What a file is called while it is written, and how long it may go without another byte.
_NEW = ".new-"
_LEFT_SECONDS = 3600.0


class Store:
    """The store in ``folder``, which only the account that fetches writes to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, checksum: str) -> Path:
        """Where the file with this SHA-256 checksum is, if it is there."""
        return self._folder / "sha256" / checksum

    def find(self, sums: Mapping[str, str]) -> str | None:
        """The SHA-256 checksum of the file with these ``sums``, a strong one among them; None where it is not there."""
        for algorithm in STRONG:
            if algorithm in sums:
                return self._usable(self._folder / algorithm / sums[algorithm], sums)
        return None

    @contextmanager
    def new(self) -> Iterator[BinaryIO]:
        """A file to write to. It is gone afterwards, unless it was kept."""
        with tempfile.NamedTemporaryFile(prefix=_NEW, dir=self._folder, delete=False) as file:
            try:
                yield cast(BinaryIO, file)
            finally:
                Path(file.name).unlink(missing_ok=True)

    def keep(self, file: BinaryIO) -> str:
        """Puts ``file`` into the store, by rename; returns its SHA-256 checksum."""
        file.flush()
        os.fsync(file.fileno())
        name = Path(file.name)
        sums = digests(name, STRONG)
        name.chmod(0o644)
        place = self.path(sums["sha256"])
        place.parent.mkdir(exist_ok=True)
        name.replace(place)
        for algorithm in ("sha512", "sha384"):
            link = self._folder / algorithm / sums[algorithm]
            link.parent.mkdir(exist_ok=True)
            with suppress(FileExistsError):
                link.symlink_to(f"../sha256/{sums['sha256']}")
        return sums["sha256"]

    def prune(self, limit: int) -> None:
        """Removes what was not used for longest, until the files have no more than ``limit`` bytes.

        And whatever somebody left who was ended while he wrote.
        """
        for file, state in _states(self._folder.glob(f"{_NEW}*")):
            if state.st_mtime < time.time() - _LEFT_SECONDS:
                file.unlink(missing_ok=True)
        files = _states(self.path("").glob("*"))
        left = sum(state.st_size for _, state in files)
        for file, state in sorted(files, key=lambda item: item[1].st_mtime):
            if left <= limit:
                return
            file.unlink(missing_ok=True)
            left -= state.st_size

    def recorded(self, words: str) -> dict[str, str] | None:
        """What was recorded under these words, where all of it is still there."""
        try:
            files: dict[str, str] = json.loads(self._record(words).read_text())
        except (OSError, ValueError):
            return None
        there = [self._usable(self.path(checksum), {"sha256": checksum}) for checksum in files.values()]
        return files if all(there) else None

    def record(self, words: str, files: Mapping[str, str]) -> None:
        """Records what was verified."""
        place = self._record(words)
        place.parent.mkdir(exist_ok=True)
        with self.new() as file:
            file.write(json.dumps(dict(files)).encode())
            file.flush()
            Path(file.name).replace(place)

    def _record(self, words: str) -> Path:
        return self._folder / _RECORDS / f"{hashlib.sha256(words.encode()).hexdigest()}.json"

    def _usable(self, path: Path, sums: Mapping[str, str]) -> str | None:
        """The checksum of what is in ``path``: it was used now. None where it is not there, or was damaged."""
        try:
            if digests(path, sums) != dict(sums):
                return None
            os.utime(path)
            os.utime(path, follow_symlinks=False)
        except OSError:
            return None
        return path.resolve().name


def _states(files: Iterable[Path]) -> list[tuple[Path, os.stat_result]]:
    """Those of ``files`` that are still there: others use the store, too."""
    found = []
    for file in files:
        with suppress(FileNotFoundError):
            found.append((file, file.stat()))
    return found


def digests(file: Path, algorithms: Iterator[str] | tuple[str, ...] | Mapping[str, str]) -> dict[str, str]:
    """The checksums of ``file``: algorithm → hexadecimal digits."""
    counters = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}
    with file.open("rb") as content:
        while piece := content.read(1 << 20):
            for counter in counters.values():
                counter.update(piece)
    return {name: counter.hexdigest() for name, counter in counters.items()}
