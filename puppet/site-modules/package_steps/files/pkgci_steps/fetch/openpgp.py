"""Signatures: whether one of some keys has made one, as gpgv says it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..status import Ended, Status

_SECONDS = 120.0
_GPG = ("gpg", "--batch", "--no-options", "--no-autostart", "--quiet", "--no-auto-check-trustdb")
# gpgv's words (doc/DETAILS of GnuPG): a key that has expired since made good signatures before.
_GOOD = re.compile(r"^\[GNUPG:\] (?:GOODSIG|EXPKEYSIG) ", re.MULTILINE)
_VALID = re.compile(r"^\[GNUPG:\] VALIDSIG ", re.MULTILINE)
_BAD = re.compile(r"^\[GNUPG:\] (?:BADSIG|REVKEYSIG) ", re.MULTILINE)


class Keys:
    """The keys in ``texts``, armoured or not, in a keyring of their own in ``folder``."""

    def __init__(self, texts: Iterable[bytes], folder: Path) -> None:
        self._folder = folder
        self._ring = folder / "keys.gpg"
        for number, text in enumerate(texts):
            file = folder / f"{number}.key"
            file.write_bytes(text)
            _run([*_GPG, "--homedir", folder, "--import", file])
        # A key that cannot be read makes no signature good.
        self._ring.write_bytes(_run([*_GPG, "--homedir", folder, "--export"]))

    @property
    def fingerprints(self) -> list[str]:
        """Those of the keys themselves, not of their parts."""
        said = _run([*_GPG, "--homedir", self._folder, "--with-colons", "--fingerprint", "--list-keys"]).decode()
        return re.findall(r"^pub:.*\n(?:fpr|.*\nfpr):*([0-9A-F]+):", said, re.MULTILINE)

    def have_signed(self, file: Path, signature: Path) -> bool:
        """Whether ``signature`` is one of these keys', and of ``file``."""
        options = ("--homedir", self._folder, "--keyring", self._ring, "--status-fd", "1")
        said = _run(["gpgv", *options, signature, file]).decode(errors="replace")
        return bool(_GOOD.search(said) and _VALID.search(said) and not _BAD.search(said))


def _run(command: Sequence[str | Path]) -> bytes:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False, env={"LC_ALL": "C"}
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise Ended(Status.INFRASTRUCTURE, f"{command[0]} does not run: {error}") from None
    return done.stdout
