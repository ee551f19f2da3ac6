"""The log on its way to the log server while the job runs, so that it can be read, and outlives this host.

The conversation is described where the log server has its part (logs: pkgci_logs/append.py). A connection that breaks
is made again, and goes on with what the log server does not have yet. The job never waits for it but at its end.
"""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

from .. import processes
from ..status import Ended
from .log_server import REFUSED, Access, connected, end, ended

PAUSE = 10.0  # seconds between two attempts to connect; half of it once the job is over
LOOK = 0.5  # seconds between two looks at the log
ALIVE = 15.0  # seconds without output after which the log server is told that the job is still there
END_SECONDS = 90.0  # what the end of the log may take on its way


class Broken(Exception):  # noqa: N818 (the connection is)
    """A connection has ended before its time. ``for_good``: another one would end the same way."""

    def __init__(self, reason: str, for_good: bool) -> None:
        super().__init__(reason)
        self.for_good = for_good


class Stream(threading.Thread):
    """Sends ``file`` as it grows. ``command`` connects; ``job`` says what runs, for whoever looks meanwhile."""

    def __init__(self, file: Path, command: Sequence[str], access: Access, job: Mapping[str, Any]) -> None:
        super().__init__(name="log stream", daemon=True)
        self._file = file
        self._command = list(command)
        self._head = access.head + f"{json.dumps(dict(job))}\n".encode()
        self._over = threading.Event()
        self._left = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._trouble: str | None = "it was never reached"

    def run(self) -> None:
        while not self._left.is_set():
            try:
                self._connection()
            except Broken as broken:
                self._trouble = str(broken)
                if broken.for_good:
                    return
            else:
                self._trouble = None
                return
            if not self._over.wait(PAUSE):
                continue
            self._left.wait(PAUSE / 2)

    def finish(self, seconds: float = END_SECONDS) -> str | None:
        """Nothing more is written: sends the rest. Why the log server does not have all of it; None where it does."""
        self._over.set()
        self.join(seconds)
        if self.is_alive():
            self._left.set()
            if self._process is not None:
                end(self._process)
            self.join(LOOK)
        return self._trouble

    def processes(self) -> set[int]:
        """Those of the connection."""
        process = self._process
        return {process.pid, *processes.descendants(process.pid)} if process else set()

    def _connection(self) -> None:
        """One connection, to the end of the log. Raises ``Broken``."""
        try:
            process = connected(self._command, self._file.parent)
        except Ended as missing:
            raise Broken(missing.reason, for_good=True) from None
        self._process = process
        try:
            if self._converse(cast(BinaryIO, process.stdin), cast(BinaryIO, process.stdout)):
                return
        except (OSError, ValueError):
            pass  # it does not listen any more, or says something else: its exit status tells why
        finally:
            said = ended(process)
        raise Broken(said or f"exit status {process.returncode}", for_good=process.returncode == REFUSED)

    def _converse(self, to: BinaryIO, answers: BinaryIO) -> bool:
        """Whether the log server has everything. Raises ``OSError`` and ``ValueError`` where it does not listen."""
        to.write(self._head)
        to.flush()
        with self._file.open("rb") as file:
            file.seek(int(answers.readline(100)))
            told = time.monotonic()
            while True:
                over = self._over.is_set()  # asked before the look: then nothing comes after it
                piece = file.read(65536)
                if piece or time.monotonic() - told > ALIVE:
                    to.write(b"%d\n%s" % (len(piece), piece))
                    to.flush()
                    told = time.monotonic()
                elif over:
                    break
                else:
                    self._over.wait(LOOK)
            to.write(b"end\n")
            to.flush()
            return answers.readline(100) == b"kept %d\n" % file.tell()
