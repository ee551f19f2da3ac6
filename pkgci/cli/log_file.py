"""One log file: opened for its owner alone, begun anew when it gets long, the oldest of its kind removed."""

from __future__ import annotations

import logging
import os
import re
import shlex
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, TextIO

from pkgci import __version__
from pkgci.legible import legible

# How many log files stay, and how large one gets before it is begun anew (the part before stays, too).
KEPT = 50
LONGEST = 4_000_000  # bytes


class LogFile(RotatingFileHandler):
    """The log of ``command`` in ``folder``. Where it cannot be written, ``failed`` is told once, and no more."""

    def __init__(
        self, folder: Path, command: str, redact: Callable[[str], str], failed: Callable[[BaseException], None]
    ) -> None:
        self._redact = redact
        self._failed: Callable[[BaseException], None] | None = failed
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{command.replace(' ', '-')}-{os.getpid()}.log"
        super().__init__(folder / name, maxBytes=LONGEST, backupCount=1, encoding="utf-8", delay=True)
        formatter = logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
        formatter.converter = time.gmtime
        self.setFormatter(formatter)

    @property
    def path(self) -> Path | None:
        """Where it is; None where it could not be written."""
        return Path(self.baseFilename) if self._failed is not None and self.stream is not None else None

    def emit(self, record: logging.LogRecord) -> None:
        if self._failed is not None:
            super().emit(record)

    def format(self, record: logging.LogRecord) -> str:
        lines = legible(self._redact(super().format(record))).splitlines() or [""]
        return "\n    ".join(lines)

    def _open(self) -> Any:
        path = Path(self.baseFilename)
        path.parent.parent.mkdir(exist_ok=True)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        first = not path.with_name(f"{path.name}.1").exists()
        file: TextIO = open(  # noqa: SIM115 - the handler closes it
            path, "a", encoding="utf-8", errors="replace", opener=lambda name, flags: os.open(name, flags, 0o600)
        )
        if first:
            _prune(path.parent)
            words = self._redact(shlex.join(sys.argv[1:]))
            file.write(f"# pkgci {__version__}, process {os.getpid()}: pkgci {legible(words)}\n")
        return file

    def close(self) -> None:
        try:
            super().close()
        except OSError:
            # What no full disk has taken is tried once more when the file is closed.
            self._tell()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        self._tell()

    def _tell(self) -> None:
        """Tells of the error that is being handled, if it is the first one."""
        failed, self._failed = self._failed, None
        error = sys.exc_info()[1]
        if failed is not None and error is not None:
            failed(error)


def _prune(folder: Path) -> None:
    """Removes the oldest log files beyond those that are kept."""
    files = sorted(file for file in folder.iterdir() if re.fullmatch(r"\d{8}T\d{6}-.*\.log(\.1)?", file.name))
    for file in files[:-KEPT]:
        with suppress(OSError):
            file.unlink()
