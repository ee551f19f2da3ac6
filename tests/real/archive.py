"""Sources of the distribution's archive, fetched with this machine's own apt, from the mirror that it has."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from pkgci.lab.machine import this_machine

_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class UnavailableError(Exception):
    """What cannot be fetched here, in words."""


class Archive:
    """The sources of ``suites``, the first one first; apt's state is kept in ``folder``."""

    def __init__(self, suites: Sequence[str], folder: Path) -> None:
        self._suites = suites
        self._folder = folder

    def update(self) -> None:
        """Fetches the lists. Raises ``UnavailableError``."""
        mirror = this_machine().debian
        if mirror is None:
            raise UnavailableError("this machine's apt has no Debian mirror")
        for part in ("etc", "state/lists/partial", "cache/archives/partial"):
            (self._folder / part).mkdir(parents=True, exist_ok=True)
        sources = self._folder / "etc/sources.list"
        lines = [f"deb-src [signed-by={_KEYRING}] {mirror.main} {suite} main\n" for suite in self._suites]
        sources.write_text("".join(lines))
        self._run(self._folder, "update")

    def unpack(self, name: str, folder: Path) -> Path:
        """The tree of the source package ``name``, patches not applied, in ``folder``. Raises ``UnavailableError``."""
        folder.mkdir(parents=True)
        dsc = self._fetch(name, folder)
        tree = folder / "tree"
        done = subprocess.run(
            ["dpkg-source", "--no-check", "--skip-patches", "--extract", dsc, tree],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise UnavailableError(f"{dsc.name} cannot be unpacked: {done.stderr.strip()[-200:]}")
        return tree

    def original(self, name: str, folder: Path) -> Path:
        """Upstream's tarball of the source package ``name``, in ``folder``. Raises ``UnavailableError``."""
        folder.mkdir(parents=True)
        return next(self._fetch(name, folder).parent.glob("*.orig.tar.?z"))

    def _fetch(self, name: str, folder: Path) -> Path:
        reasons = []
        for suite in self._suites:
            place = folder / suite
            place.mkdir()
            try:
                self._run(place, "source", "--download-only", "--only-source", f"{name}/{suite}")
                return next(place.glob("*.dsc"))
            except UnavailableError as reason:
                reasons.append(str(reason))
            except StopIteration:
                reasons.append(f"apt-get source left no .dsc of {name}")
        raise UnavailableError(reasons[0])

    def _run(self, folder: Path, *words: str) -> None:
        own = {
            "Dir::Etc::sourcelist": self._folder / "etc/sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::State": self._folder / "state",
            "Dir::Cache": self._folder / "cache",
            "APT::Sandbox::User": "root",
        }
        options = [word for name, value in own.items() for word in ("-o", f"{name}={value}")]
        done = subprocess.run(
            ["apt-get", "-q", *options, *words], cwd=folder, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            errors = [line for line in done.stderr.splitlines() if line.startswith(("E:", "Err:"))]
            raise UnavailableError(f"apt-get {words[0]}: {(errors or [done.stderr.strip()[-200:]])[0]}")
