"""Whatever reads what strangers built has limits, and no network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pkgci_steps.programs import Programs
from pkgci_steps.repository import deb_file
from pkgci_steps.repository.limited import limited

from . import debs

# A frame of zstd with nothing in it.
ZSTD = bytes.fromhex("28b52ffd2000010000")
CONTROL = "Package: greet\nVersion: 1.0-1\n"


class Unpacking(Programs):
    """Unpacks what it has in mind, and remembers what was called."""

    def __init__(self) -> None:
        self.called: list[list[str]] = []

    def output(self, command: Sequence[str | Path], **how: Any) -> tuple[int, bytes]:
        self.called.append([str(word) for word in command])
        return 0, CONTROL.encode()

    def pipe(self, command: Sequence[str | Path], take: Callable[[bytes], None], *, seconds: float) -> int:
        self.called.append([str(word) for word in command])
        is_control = "--ctrl-tarfile" in self.called[-1]
        take(debs.tar([("./control", CONTROL)] if is_control else [("./usr/bin/greet", "hello")]))
        return 0


def test_dpkg_reads_a_package_within_limits_and_without_a_network(tmp_path: Path) -> None:
    path, tools = tmp_path / "greet_1.0-1_all.deb", Unpacking()
    path.write_bytes(debs.ar([("debian-binary", b"2.0\n"), ("control.tar.zst", ZSTD), ("data.tar.zst", ZSTD)]))
    assert deb_file.read(path, tools).paths == {b"usr/bin/greet"}
    away = [str(word) for word in limited([])[5:]]
    for words in tools.called:
        start = words[: words.index("dpkg-deb")]
        assert start[0] == "prlimit" and start[5:] == away
    assert [words[words.index("dpkg-deb") + 1] for words in tools.called] == [
        "--ctrl-tarfile",
        "--fsys-tarfile",
        "--info",
    ]
