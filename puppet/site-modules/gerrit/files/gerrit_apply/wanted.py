"""What gerrit-apply works with: where Gerrit is, and what is wanted of it, as files that Puppet wrote."""

from __future__ import annotations

import configparser
import hashlib
import json
import os
import re
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

UNIT = "gerrit.service"
# What is under way, in ``state``.
MARKER = "under-way"
UNITS = Path("/etc/systemd/system")
# What is put into the site's etc: name → mode. Gerrit reads them, and `init` rewrites some.
ETC = {"gerrit.config": 0o640, "secure.config": 0o600, "ssh_host_ed25519_key": 0o600}


class ApplyError(Exception):
    """What is wanted cannot be had; the message says why, and what runs now."""


class CutShortError(Exception):
    """The run is to end within seconds."""


@dataclass(frozen=True)
class Settings:
    """Where things are: Gerrit's site, what is wanted of it, and what this program remembers (``state``)."""

    site: Path
    user: str
    wanted: Path
    state: Path
    war: Path
    java: str
    heap: int
    port: int
    ssh: int
    units: Path = UNITS

    @classmethod
    def read(cls, path: Path) -> Settings:
        parser = configparser.ConfigParser(interpolation=None)
        parser.read_string(path.read_text())
        values = parser["gerrit"]
        return cls(
            site=Path(values["site"]),
            user=values["user"],
            wanted=Path(values["wanted"]),
            state=Path(values["state"]),
            war=Path(values["war"]),
            java=values["java"],
            heap=int(values["heap"]),
            port=int(values["port"]),
            ssh=int(values["ssh"]),
        )

    @property
    def current(self) -> Path:
        """The WAR that the unit runs: a link."""
        return self.state / "current.war"

    @property
    def exists(self) -> bool:
        """Whether there is a Gerrit at all: made here, or brought back from a backup."""
        return (self.site / "git/All-Projects.git").is_dir()


def plugins(folder: Path) -> dict[str, str]:
    """The plugins in ``folder``: file name → checksum."""
    return {file.name: digest(file.read_bytes()) for file in sorted(folder.glob("*.jar"))} if folder.is_dir() else {}


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def server_id(settings: Settings) -> str:
    """The identity that Gerrit writes into every change: the one that it has, or a new one that it keeps."""
    kept = settings.state / "server-id"
    live = settings.site / "etc/gerrit.config"
    found = re.search(r'^\s*serverId\s*=\s*"?([\w-]+)', live.read_text(), re.MULTILINE) if live.is_file() else None
    if found:
        return found[1]
    if not kept.is_file():
        write(kept, str(uuid.uuid4()))
    return kept.read_text().strip()


def etc_files(settings: Settings) -> dict[str, bytes]:
    """What the site's etc is to have."""
    files = {name: (settings.wanted / name).read_bytes() for name in ETC}
    files["gerrit.config"] += f'[gerrit]\n\tserverId = "{server_id(settings)}"\n'.encode()
    return files


def state_of(settings: Settings) -> dict[str, str]:
    """What is wanted, in digests: the WAR, and all that is read at start."""
    parts = [f"{name} {digest(content)}" for name, content in sorted(etc_files(settings).items())]
    parts += [f"{name} {checksum}" for name, checksum in plugins(settings.state / "plugins").items()]
    parts.append((settings.wanted / UNIT).read_text())
    return {"war": settings.war.stem, "start": digest("\n".join(parts).encode())}


def remembered(settings: Settings, name: str) -> dict[str, str]:
    file = settings.state / name
    found: dict[str, str] = json.loads(file.read_text()) if file.is_file() else {}
    return found


def is_wanted(settings: Settings, name: str) -> bool:
    """Whether what is remembered as ``name`` (applied, rejected) is what is wanted now."""
    found = remembered(settings, name)
    return all(found.get(part) == value for part, value in state_of(settings).items())


def live_differs(settings: Settings) -> bool:
    """Whether somebody changed what is in its place: settings, keys, the unit, a plugin of ours."""
    for name, content in etc_files(settings).items():
        file = settings.site / "etc" / name
        if not file.is_file() or file.read_bytes() != content:
            return True
    there = plugins(settings.site / "plugins")
    unit = settings.units / UNIT
    return (
        any(there.get(name) != checksum for name, checksum in plugins(settings.state / "plugins").items())
        or not unit.is_file()
        or unit.read_text() != (settings.wanted / UNIT).read_text()
    )


def nothing_to_do(settings: Settings) -> bool:
    if (settings.state / MARKER).exists() or not settings.exists:
        return False
    return is_wanted(settings, "applied") and not live_differs(settings)


def write(path: Path, content: str | bytes, mode: int = 0o644, owner: str | None = None) -> None:
    """Writes a file, whole or not at all, also where the power fails."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(descriptor)
    new.chmod(mode)
    if owner is not None:
        shutil.chown(new, owner, owner)
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def make_folder(settings: Settings, name: str) -> Path:
    folder = settings.site / name
    if not folder.is_dir():
        folder.mkdir(mode=0o750)
        shutil.chown(folder, settings.user, settings.user)
    return folder


def place(settings: Settings) -> None:
    """Puts settings, keys, plugins and the unit where they are read."""
    folder = make_folder(settings, "etc")
    for name, content in etc_files(settings).items():
        write(folder / name, content, ETC[name], settings.user)
    ours, folder = plugins(settings.state / "plugins"), make_folder(settings, "plugins")
    for name in json.loads(remembered(settings, "applied").get("plugins", "[]")):
        if name not in ours:
            (folder / name).unlink(missing_ok=True)
    for name in ours:
        write(folder / name, (settings.state / "plugins" / name).read_bytes(), 0o640, settings.user)
    write(settings.units / UNIT, (settings.wanted / UNIT).read_text())
