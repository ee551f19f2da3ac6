"""Programs that read what strangers built: limited in time, memory and what they write, and without a network."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

_MEGABYTE = 1_000_000


def limited(
    command: Sequence[str | Path], *, seconds: int = 120, memory_mb: int = 2000, file_mb: int = 1
) -> list[str | Path]:
    """``command`` with ``seconds`` of CPU time, so much memory, and files of ``file_mb`` at most."""
    limits = (f"--cpu={seconds}", f"--as={memory_mb * _MEGABYTE}", f"--fsize={file_mb * _MEGABYTE}", "--core=0")
    return ["prlimit", *limits, *_without_network(), *command]


@cache
def _without_network() -> tuple[str, ...]:
    """What takes the network away, where the kernel lets an ordinary account do that: Debian's does."""
    words = ("unshare", "--user", "--net", "--ipc")
    try:
        done = subprocess.run([*words, "true"], capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return words if done.returncode == 0 else ()
