"""Having things signed by the signer (signer/), which has the repositories' keys. Nobody who works here has them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ..programs import Programs
from ..status import Ended, Status
from . import places
from .limited import limited

_SIGN = "/usr/local/bin/pkgci-sign"


@dataclass(frozen=True)
class Signer:
    """Has things signed for a repository. ``keys`` are subkeys ("FINGERPRINT!"), the oldest first; ``key`` is whose."""

    keys: tuple[str, ...]
    key: str
    programs: Programs

    def clear(self, text: Path, signed: Path) -> None:
        """Writes ``signed``: ``text`` with its signatures around it (InRelease)."""
        self._sign("clear", text, signed)

    def detached(self, file: Path, signature: Path) -> None:
        """Writes the signatures of ``file``, armoured (Release.gpg)."""
        self._sign("detached", file, signature)

    def detached_one(self, file: Path, signature: Path) -> None:
        """Writes the first key's signature of ``file``, armoured (repomd.xml.asc)."""
        self._sign("repomd", file, signature)

    def rpms(self, files: list[Path]) -> None:
        """Signs RPM packages in place, with the first key, whatever signatures they had. Their content stays.

        rpmsign reads the packages, as this account; it hands the signer their headers.
        """
        command = f"{_SIGN} pkgci-sign {self.key} rpm %{{__signature_filename}}"
        macros = {"_gpg_name": self.keys[0], "__gpg": _SIGN, "__gpg_sign_cmd": command}
        defines = [word for name, value in macros.items() for word in ("--define", f"{name} {value}")]
        quiet = {"GPG_TTY": "none"}  # rpmsign complains where it finds no terminal
        for start in range(0, len(files), 100):
            batch = files[start : start + 100]
            largest = max(path.stat().st_size for path in batch) // 1_000_000 + 100
            signing = limited(["rpmsign", *defines, "--resign", *batch], seconds=3600, file_mb=largest)
            self.programs.must("sign RPM packages", signing, environment=quiet)

    def _sign(self, kind: str, source: Path, result: Path) -> None:
        self.programs.must(f"sign {source.name}", [_SIGN, self.key, kind, source, result])


def read(repository: str, programs: Programs, file: Path = places.SIGNING) -> Signer:
    """Who signs for ``repository`` (its name among all repositories). Raises ``Ended`` (infrastructure)."""
    key = places.key_of(repository)
    try:
        keys = tuple(json.loads(file.read_text())[key])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Ended(Status.INFRASTRUCTURE, f"{file} names no keys for {key}: {error}") from None
    if not keys:
        raise Ended(Status.INFRASTRUCTURE, f"{file} names no keys for {key}: run `pkgci secrets init`, then deploy")
    return Signer(keys, key, programs)
