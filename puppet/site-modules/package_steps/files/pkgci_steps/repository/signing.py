"""Signing with the repository's keys, which only the account `publisher` can read. gpg and rpmsign do it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ..programs import Programs
from ..status import Ended, Status
from . import places


@dataclass(frozen=True)
class Signer:
    """Signs for one repository. ``keys`` are subkeys ("FINGERPRINT!"), the oldest first."""

    keys: tuple[str, ...]
    home: Path
    programs: Programs

    def clear(self, text: Path, signed: Path) -> None:
        """Writes ``signed``: ``text`` with its signatures around it (InRelease)."""
        self._gpg("--clearsign", text, signed, self.keys)

    def detached(self, file: Path, signature: Path) -> None:
        """Writes the signatures of ``file``, armoured (Release.gpg)."""
        self._gpg("--detach-sign", file, signature, self.keys)

    def detached_one(self, file: Path, signature: Path) -> None:
        """Writes the first key's signature of ``file``, armoured (repomd.xml.asc).

        A dnf whose OpenPGP is rpm's own (EL 10, Fedora) refuses a file with more than one.
        """
        self._gpg("--detach-sign", file, signature, self.keys[:1])

    def rpms(self, files: list[Path]) -> None:
        """Signs RPM packages in place, with the first key, whatever signatures they had. Their content stays."""
        macros = {"_gpg_name": self.keys[0], "_gpg_path": str(self.home), "__gpg": "/usr/bin/gpg"}
        defines = [word for name, value in macros.items() for word in ("--define", f"{name} {value}")]
        quiet = {**self._home, "GPG_TTY": "none"}  # rpmsign complains where it finds no terminal
        for start in range(0, len(files), 100):
            batch = files[start : start + 100]
            self.programs.must("sign RPM packages", ["rpmsign", *defines, "--resign", *batch], environment=quiet)

    @property
    def _home(self) -> dict[str, str]:
        return {"GNUPGHOME": str(self.home)}

    def _gpg(self, what: str, source: Path, result: Path, keys: tuple[str, ...]) -> None:
        users = [word for key in keys for word in ("--local-user", key)]
        command = ["gpg", "--batch", "--yes", "--no-tty", "--quiet", "--armor", "--digest-algo", "SHA512", *users]
        command += ["--output", str(result), what, str(source)]
        self.programs.must(f"sign {source.name}", command, environment=self._home)


def read(repository: str, programs: Programs, file: Path = places.SIGNING, home: Path = places.GNUPG) -> Signer:
    """Who signs for ``repository`` (its name among all repositories). Raises ``Ended`` (infrastructure)."""
    role = places.key_of(repository)
    try:
        keys = tuple(json.loads(file.read_text())[role])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Ended(Status.INFRASTRUCTURE, f"{file} names no keys for {role}: {error}") from None
    if not keys:
        raise Ended(Status.INFRASTRUCTURE, f"{file} names no keys for {role}: run `pkgci secrets init`, then deploy")
    return Signer(keys, home, programs)
