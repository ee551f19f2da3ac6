"""A step's own control group: programs start in it, and what the kernel ended there is said in words."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, cast

from ..settings import Limits
from ..status import Ended, Status
from . import groups

KEEPER = ("sudo", "-n", "/usr/local/bin/pkgci-scope")
_HELP = "`pkgci verify-servers` says what this host lacks"
# Becomes the program once it is in the group; one that is left alone before ends.
_GATE = ("/bin/sh", "-c", 'read -r go || exit 125; exec "$@"', "sh")
_END_SECONDS = 30.0


class Scope:
    """A group with a keeper. Threads may share it."""

    def __init__(self, keeper: subprocess.Popen[bytes], folders: Mapping[str, Path]) -> None:
        self._keeper = keeper
        self._lock = threading.Lock()
        known = dict(folders)
        self._memory = groups.controller(known, "memory")
        pids = groups.controller(known, "pids")
        # Before Linux 6.11, the event is counted where the process is, and not where the limit is.
        self._pids = [place for place in (pids, pids and pids / "job/main") if place and place.is_dir()]

    def popen(self, words: Sequence[str | Path], **options: Any) -> subprocess.Popen[bytes]:
        """``subprocess.Popen`` of ``words``, in the group. Its standard input is ``stdin``: PIPE, or nothing.

        Raises ``OSError`` where there is no such program, and ``Ended`` (infrastructure).
        """
        fed = options.pop("stdin", subprocess.DEVNULL) == subprocess.PIPE
        quiet = () if fed else ("/bin/sh", "-c", 'exec "$@" </dev/null', "sh")
        if not shutil.which(words[0], path=(options.get("env") or os.environ).get("PATH")):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        process = subprocess.Popen([*_GATE, *quiet, *words], stdin=subprocess.PIPE, **options)
        gate = cast(BinaryIO, process.stdin)
        try:
            said = self._ask(f"add {process.pid}")
            if said != "ok":
                raise Ended(Status.INFRASTRUCTURE, f"a program cannot be limited: {said.removeprefix('no ')}; {_HELP}")
            with suppress(BrokenPipeError):  # it was killed, as all of the group was
                gate.write(b"go\n")
                gate.flush()
        except BaseException:
            process.kill()
            process.wait()
            raise
        if not fed:
            with suppress(BrokenPipeError):
                gate.close()
            process.stdin = None
        return process

    def kill(self) -> None:
        """Ends all that is in the group."""
        with suppress(Ended):
            self._ask("kill")

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """All that is in the group stands still meanwhile."""
        with suppress(Ended):
            self._ask("freeze")
        try:
            yield
        finally:
            with suppress(Ended):
                self._ask("thaw")

    def held(self) -> int:
        """Bytes of files that have no name any more, and that something in the group has open."""
        with suppress(Ended, ValueError):
            return int(self._ask("held").removeprefix("ok "))
        return 0

    def passed(self, limits: Limits) -> str:
        """What the kernel says that was taken, and may not be: '' for nothing."""
        if self._memory and groups.counted(self._memory, ("memory.events", "memory.oom_control"), "oom_kill"):
            return f"took more than {limits.memory_mb} MB of memory"
        if any(groups.counted(place, ("pids.events",), "max") for place in self._pids):
            return f"ran more than {limits.processes} processes"
        return ""

    def close(self) -> None:
        """Ends all that is in the group, and the group."""
        with suppress(OSError):
            cast(BinaryIO, self._keeper.stdin).close()
        try:
            self._keeper.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._keeper.kill()
        cast(BinaryIO, self._keeper.stdout).close()

    def _ask(self, line: str) -> str:
        with self._lock:
            try:
                stdin = cast(BinaryIO, self._keeper.stdin)
                stdin.write(f"{line}\n".encode())
                stdin.flush()
                said = cast(BinaryIO, self._keeper.stdout).readline().decode(errors="replace").strip()
            except (OSError, ValueError):
                said = ""
        if not said:
            raise Ended(Status.INFRASTRUCTURE, f"the control group of this step has lost its keeper; {_HELP}")
        return said


@contextmanager
def opened(command: Sequence[str] = KEEPER) -> Iterator[Scope]:
    """A new group, until the end, by its keeper's ``command``. Raises ``Ended`` (infrastructure)."""
    try:
        keeper = subprocess.Popen(
            command,
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise Ended(Status.INFRASTRUCTURE, f"{command[0]} does not start: {error.strerror}") from None
    word, _, rest = cast(BinaryIO, keeper.stdout).readline().decode(errors="replace").strip().partition(" ")
    if word != "ready":
        keeper.kill()
        keeper.wait()
        said = rest if word == "refused" else f"{' '.join(command)}: {word} {rest}".strip()
        raise Ended(Status.INFRASTRUCTURE, f"limits cannot be enforced on this host: {said}; {_HELP}")
    scope = Scope(keeper, {name: Path(place) for name, place in json.loads(rest).items()})
    try:
        yield scope
    finally:
        scope.close()
