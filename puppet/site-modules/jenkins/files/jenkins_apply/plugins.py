"""Plugins: installed into a folder aside, and checked there."""

from __future__ import annotations

import pwd
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from . import files
from .settings import ApplyError, Settings

INSTALL_SECONDS = 1800

Run = Callable[[list[str]], int]


def wanted_plugins(text: str) -> dict[str, str]:
    """Plugin → version, from lines ``id:version``."""
    pairs = (line.strip().split(":", 1) for line in text.splitlines() if line.strip())
    return {pair[0]: pair[1] for pair in pairs}


def plugins_state(settings: Settings) -> str:
    """What the installed plugins are made of: the list, and what installs it."""
    return shlex.join(settings.installer) + "\n" + (settings.wanted / "plugins.txt").read_text()


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
    missing = faults(plugins, stage)
    if status != 0 or missing:
        shutil.rmtree(stage, ignore_errors=True)
        reason = f"the installer ended with {status}" if status else "; ".join(missing[:5])
        more = f" (and {len(missing) - 5} more)" if not status and len(missing) > 5 else ""
        raise ApplyError(f"the plugins could not be installed, and stay as they were: {reason}{more}")
    return stage


def faults(plugins: dict[str, str], folder: Path) -> list[str]:
    """What is wrong with the plugins in ``folder``: a wanted one that is missing, empty or of another version."""
    found = []
    for name, version in plugins.items():
        candidates = [folder / f"{name}.{suffix}" for suffix in ("jpi", "hpi")]
        file = next((file for file in candidates if file.is_file() and file.stat().st_size), None)
        present = plugin_version(file) if file else None
        if file is None:
            found.append(f"{name} is missing")
        elif present not in (None, version):
            found.append(f"{name} is {present}, not {version}")
    return found


def plugin_version(file: Path) -> str | None:
    """The version in a plugin's manifest (JAR File Specification, "JAR Manifest"); None where there is none.

    That a plugin arrived whole is the installer's business: it knows the checksums.
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
