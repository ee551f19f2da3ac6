"""Plugins: installed into a folder aside, and checked there."""

from __future__ import annotations

import hashlib
import pwd
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from . import files
from .settings import ApplyError, Settings

INSTALL_SECONDS = 1800
SUMS = "plugins.sha256"

Run = Callable[[list[str]], int]


def wanted_plugins(text: str) -> dict[str, str]:
    """Plugin → version, from lines ``id:version``."""
    pairs = (line.strip().split(":", 1) for line in text.splitlines() if line.strip())
    return {pair[0]: pair[1] for pair in pairs}


def plugins_state(settings: Settings) -> str:
    """What the installed plugins are made of: the list, their checksums, and what installs it."""
    texts = (files.read(settings.wanted / name) or "" for name in ("plugins.txt", SUMS))
    return shlex.join(settings.installer) + "\n" + "".join(texts)


def wanted_sums(settings: Settings) -> dict[str, str | None]:
    """Plugin → checksum, or None where none is known: all that may be there. Lines are ``SHA-256 NAME``."""
    pairs = (line.split() for line in (files.read(settings.wanted / SUMS) or "").splitlines())
    return {name: None if digest == "-" else digest for digest, name in pairs}


def install_plugins(settings: Settings, plugins: dict[str, str], run: Run) -> Path:
    """Installs ``plugins`` into a folder aside, and gives it. Raises ``ApplyError`` where one is not there then."""
    stage = settings.home / "plugins.new"
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(mode=0o755)
    files.own(stage)
    arguments = ["--war", settings.war, "--plugin-download-directory", stage]
    arguments += ["--plugin-file", settings.wanted / "plugins.txt", "--latest=false"]
    status = run([*settings.installer, *map(str, arguments)])
    # The installer has been seen to end well and to have done nothing: what counts is what is there.
    missing = faults(plugins, wanted_sums(settings), stage)
    if status != 0 or missing:
        shutil.rmtree(stage, ignore_errors=True)
        reason = f"the installer ended with {status}" if status else "; ".join(missing[:5])
        more = f" (and {len(missing) - 5} more)" if not status and len(missing) > 5 else ""
        raise ApplyError(f"the plugins could not be installed, and stay as they were: {reason}{more}")
    return stage


def faults(plugins: dict[str, str], sums: Mapping[str, str | None], folder: Path) -> list[str]:
    """What is wrong with the plugins in ``folder``.

    One that is wanted may be missing, empty, of another version or another file; one that nobody named may be there.
    """
    found = []
    for file in sorted(folder.glob("*.[hj]pi")):
        name = file.stem
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        if name not in sums and name not in plugins:
            version = plugin_version(file)
            found.append(
                f"{name} {version} came along: name it in the site file, `jenkins: {{plugins: {{{name}: …}}}}`"
            )
        elif sums.get(name) not in (None, digest):
            found.append(f"the checksum of {name} is {digest}, not {sums[name]}")
    for name, version in plugins.items():
        candidates = [folder / f"{name}.{suffix}" for suffix in ("jpi", "hpi")]
        there = next((file for file in candidates if file.is_file() and file.stat().st_size), None)
        present = plugin_version(there) if there else None
        if there is None:
            found.append(f"{name} is missing")
        elif present not in (None, version):
            found.append(f"{name} is {present}, not {version}")
    return found


def plugin_version(file: Path) -> str | None:
    """The version in a plugin's manifest (JAR File Specification, "JAR Manifest"); None where there is none.

    The stand-in's placeholders have none.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            text = archive.read("META-INF/MANIFEST.MF").decode()
    except (zipfile.BadZipFile, KeyError, UnicodeDecodeError):
        return None
    # Long lines go on in the next one, after a space.
    for line in text.replace("\r\n", "\n").replace("\n ", "").splitlines():
        key, _, value = line.partition(":")
        if key == "Plugin-Version":
            return value.split()[0] if value.split() else None
    return None


def run_as_jenkins(command: list[str]) -> int:
    """Runs a command as Jenkins' user, for it fetches from far away. Its exit status."""
    account = pwd.getpwnam(files.USER)
    environment = {"HOME": account.pw_dir, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    try:
        done = subprocess.run(
            command,
            user=account.pw_uid,
            group=account.pw_gid,
            extra_groups=[],
            env=environment,
            cwd=account.pw_dir,
            stdin=subprocess.DEVNULL,
            check=False,
            timeout=INSTALL_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        print(error, file=sys.stderr)
        return 1
    return done.returncode
