"""Fetching what was built from the build hosts, with a key that can do nothing else there.

The host keys are those of the site; a name becomes a line in a list for rsync, never a part of a command.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..programs import Programs
from ..retry import tries
from ..settings import BuildHost
from ..status import Ended, Status
from . import beneath, claim, room
from .claim import Claimed

_PARTIAL = 23  # rsync(1), "EXIT VALUES": some files could not be had, as those that are not there
# The connection failed or broke: ssh's own status, and rsync's. An SSH server turns newcomers away while many others
# are at its door (sshd_config(5), MaxStartups), and many builds may end at once.
_CONNECTION = (255, 10, 12, 30, 35)
_ATTEMPTS = 6
# What fetching may take, in seconds: a connection without a sign of life, and all of it.
_SILENCE, _LONGEST = 60, 1800
# And of the host: bytes of memory, as what rsync is told is not trusted.
_LIMITS = ("--as=2000000000", "--core=0")
_RESULT = "result.json"


@dataclass(frozen=True)
class Source:
    """Fetches what one build left on one of the ``hosts``: the folder ``place``, relative to where builds leave it."""

    hosts: Sequence[BuildHost]
    place: str
    scratch: Path
    programs: Programs
    key: Path
    wait: Callable[[float], None] = time.sleep

    def find(self) -> tuple[BuildHost, bytes]:
        """The host that has it, and its result.json.

        Raises ``Ended``: infrastructure where no host has it, failed where it is no plain file, or too large.
        """
        missing, unreachable = [], False
        for host in self.hosts:
            status = self._fetch(host, (_RESULT,), claim.SIZE_LIMIT, claim.SIZE_LIMIT)
            if status == 0:
                try:
                    return host, beneath.text(self.scratch, f"{host.name}/{_RESULT}", claim.SIZE_LIMIT)
                except OSError:
                    what = f"result.json of {self.place} on {host.name} is no file of an allowed size"
                    raise Ended(Status.FAILED, what) from None
            missing.append(f"{host.name} " + ("has nothing" if status == _PARTIAL else "cannot be reached"))
            unreachable |= status != _PARTIAL
        where = ", ".join(missing) or "there is no build host"
        hint = "" if unreachable else ". Builds stay for some days: build it again"
        raise Ended(Status.INFRASTRUCTURE, f"the build {self.place} is not to be had: {where}{hint}")

    def take(self, host: BuildHost, files: Sequence[Claimed]) -> Path:
        """The folder with ``files``, each as it was claimed to be. Raises ``Ended``: failed where one is not."""
        total = sum(file.size for file in files)
        room.check(self.scratch, total)
        status = self._fetch(host, [file.name for file in files], max(file.size for file in files), total)
        if status not in (0, _PARTIAL):
            raise Ended(Status.INFRASTRUCTURE, f"{self.place} cannot be fetched from {host.name}: rsync says {status}")
        folder = self.scratch / host.name
        for file in files:
            try:
                checksum = beneath.checksum(self.scratch, f"{host.name}/{file.name}", file.size)
            except OSError:
                what = f"{file.name} is in result.json, and is no file of that size in {self.place}"
                raise Ended(Status.FAILED, what) from None
            size = (folder / file.name).stat().st_size
            if size != file.size:
                raise Ended(Status.FAILED, f"{file.name} has {size} bytes, not {file.size}")
            if checksum != file.sha256:
                raise Ended(Status.FAILED, f"{file.name} is not what was built: its checksum is another one")
        return folder

    def _fetch(self, host: BuildHost, names: Sequence[str], largest: int, total: int) -> int:
        folder = self.scratch / host.name
        folder.mkdir(exist_ok=True)
        wanted = self.scratch / "wanted"
        wanted.write_text("".join(f"{name}\n" for name in names))
        # Links, devices and folders are passed over. A host that sends more than it announces is cut off.
        command = [
            "prlimit",
            f"--fsize={largest}",
            *_LIMITS,
            "rsync",
            "--times",
            "--no-links",
            "--no-dirs",
            "--whole-file",
        ]
        command += [f"--max-size={largest}", f"--timeout={_SILENCE}", f"--files-from={wanted}"]
        command += ["--rsh", f"ssh -F {self._ssh_settings(host)}", f"build:{self.place}/", f"{folder}/"]
        for _ in tries(_ATTEMPTS, self.wait, _pause):
            with self.programs.attended(lambda: self._not_more(folder, total)):
                status = self.programs.run(command, seconds=_LONGEST)
            if status not in _CONNECTION:
                break
        return status

    def _not_more(self, folder: Path, total: int) -> None:
        """Raises ``Ended`` (failed) where more has come than was announced: each file has a limit, and so have all."""
        size = 0
        for entry in os.scandir(folder):
            with suppress(FileNotFoundError):
                size += entry.stat(follow_symlinks=False).st_size
        if size > total + claim.SIZE_LIMIT:
            raise Ended(Status.FAILED, f"{self.place} has more than the {total} bytes that its result.json names")

    def _ssh_settings(self, host: BuildHost) -> Path:
        known = self.scratch / f"{host.name}.known"
        known.write_text("".join(f"build {key}\n" for key in host.keys))
        words = {
            "HostName": host.address,
            "Port": host.port,
            "HostKeyAlias": "build",
            "User": "fetch",
            "IdentityFile": self.key,
            "IdentitiesOnly": "yes",
            "UserKnownHostsFile": known,
            "GlobalKnownHostsFile": "/dev/null",
            "StrictHostKeyChecking": "yes",
            "BatchMode": "yes",
            "ClearAllForwardings": "yes",
            "ConnectTimeout": 20,
            "LogLevel": "ERROR",
        }
        path = self.scratch / f"{host.name}.ssh"
        path.write_text("Host build\n" + "".join(f"  {name} {value}\n" for name, value in words.items()))
        return path


def _pause(number: int) -> float:
    return random.uniform(1, 2 * number)  # noqa: S311 (only that not all come again at once)
