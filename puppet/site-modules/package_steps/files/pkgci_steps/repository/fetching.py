"""Fetching what was built from the build hosts, with a key that can do nothing else there.

The host keys are those of the site; a name becomes a line in a list for rsync, never a part of a command.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..programs import Programs
from ..report import sha256
from ..settings import BuildHost
from ..status import Ended, Status
from . import claim, places
from .claim import Claimed

_PARTIAL = 23  # rsync(1), "EXIT VALUES": some files could not be had, as those that are not there
# The connection failed or broke: ssh's own status, and rsync's. An SSH server turns newcomers away while many others
# are at its door (sshd_config(5), MaxStartups), and many builds may end at once.
_CONNECTION = (255, 10, 12, 30, 35)
_ATTEMPTS = 6
# What fetching may take, in seconds: a connection without a sign of life, and all of it.
_SILENCE, _LONGEST = 60, 1800
_RESULT = "result.json"


@dataclass(frozen=True)
class Source:
    """Fetches what one build left on one of the ``hosts``: the folder ``place``, relative to where builds leave it."""

    hosts: Sequence[BuildHost]
    place: str
    scratch: Path
    programs: Programs
    key: Path = places.FETCH_KEY
    wait: Callable[[float], None] = time.sleep

    def find(self) -> tuple[BuildHost, bytes]:
        """The host that has it, and its result.json.

        Raises ``Ended``: infrastructure where no host has it, failed where it is no plain file, or too large.
        """
        missing, unreachable = [], False
        for host in self.hosts:
            status = self._fetch(host, (_RESULT,), claim.SIZE_LIMIT)
            path = self.scratch / host.name / _RESULT
            if status == 0 and path.is_file() and not path.is_symlink():
                return host, path.read_bytes()
            if status == 0:
                raise Ended(Status.FAILED, f"result.json of {self.place} on {host.name} is no file of an allowed size")
            missing.append(f"{host.name} " + ("has nothing" if status == _PARTIAL else "cannot be reached"))
            unreachable |= status != _PARTIAL
        where = ", ".join(missing) or "there is no build host"
        hint = "" if unreachable else ". Builds stay for some days: build it again"
        raise Ended(Status.INFRASTRUCTURE, f"the build {self.place} is not to be had: {where}{hint}")

    def take(self, host: BuildHost, files: Sequence[Claimed]) -> Path:
        """The folder with ``files``, each as it was claimed to be. Raises ``Ended``: failed where one is not."""
        largest = max(file.size for file in files)
        status = self._fetch(host, [file.name for file in files], largest)
        if status not in (0, _PARTIAL):
            raise Ended(Status.INFRASTRUCTURE, f"{self.place} cannot be fetched from {host.name}: rsync says {status}")
        folder = self.scratch / host.name
        for file in files:
            path = folder / file.name
            if path.is_symlink() or not path.is_file():
                raise Ended(
                    Status.FAILED, f"{file.name} is in result.json, and is no file of that size in {self.place}"
                )
            if path.stat().st_size != file.size:
                raise Ended(Status.FAILED, f"{file.name} has {path.stat().st_size} bytes, not {file.size}")
            if sha256(path) != file.sha256:
                raise Ended(Status.FAILED, f"{file.name} is not what was built: its checksum is another one")
        return folder

    def _fetch(self, host: BuildHost, names: Sequence[str], largest: int) -> int:
        folder = self.scratch / host.name
        folder.mkdir(exist_ok=True)
        wanted = self.scratch / "wanted"
        wanted.write_text("".join(f"{name}\n" for name in names))
        # Links, devices and folders are passed over. A host that sends more than it announces is cut off.
        command = ["prlimit", f"--fsize={largest}", "rsync", "--times", "--no-links", "--no-dirs", "--whole-file"]
        command += [f"--max-size={largest}", f"--timeout={_SILENCE}", f"--files-from={wanted}"]
        command += ["--rsh", f"ssh -F {self._ssh_settings(host)}", f"build:{self.place}/", f"{folder}/"]
        for attempt in range(_ATTEMPTS):
            status = self.programs.run(command, seconds=_LONGEST)
            if status not in _CONNECTION or attempt + 1 == _ATTEMPTS:
                break
            self.wait(random.uniform(1, 2 + 2 * attempt))  # noqa: S311 (only that not all come again at once)
        return status

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
