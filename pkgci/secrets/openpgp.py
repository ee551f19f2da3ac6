"""GnuPG, in a home of its own that is gone afterwards: nothing of the user's keys is read or changed."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pkgci.errors import PkgciError
from pkgci.secrets.packets import newest_first

# Clients as old as EL 7 (rpm 4.11) and Ubuntu 16.04 (gpgv 1.4) know no elliptic curves: a package repository's key is
# RSA. 4096 bits reach beyond the life of what it signs.
ALGORITHM = "rsa4096"
# No passphrase: the secrets' own file is encrypted, and nobody types one on the publisher.
_COMMON = ("--batch", "--quiet", "--no-tty", "--pinentry-mode", "loopback", "--passphrase", "")
_SECONDS = 300  # for one call, which may wait for random numbers
_ATTEMPTS = 6
_LONGEST = 60  # characters of the folder for temporary files: ours and the sockets' names come after it


@dataclass(frozen=True)
class Subkey:
    """A signing subkey. Its fingerprint has 40 hexadecimal digits."""

    fingerprint: str
    created: datetime
    expires: datetime


class Keyring:
    """Keys in a temporary GnuPG home. ``open`` makes one."""

    def __init__(self, home: Path, now: datetime) -> None:
        self._home = home
        self._now = now

    @classmethod
    @contextmanager
    def open(cls, now: datetime) -> Iterator[Keyring]:
        """An empty keyring in which it is ``now``. However it ends, nothing of it stays: no file, no agent.

        Raises ``PkgciError`` where there is no GnuPG.
        """
        # The agent's sockets are in there, whose paths have 107 characters at most (unix(7)).
        place = None if len(tempfile.gettempdir()) < _LONGEST else "/tmp"  # noqa: S108
        with tempfile.TemporaryDirectory(prefix="pkgci-gpg-", dir=place, ignore_cleanup_errors=True) as folder:
            keyring = cls(Path(folder), now)
            try:
                keyring._start_agent()
                yield keyring
            finally:
                keyring._call("gpgconf", ("--kill", "all"), b"", check=False)

    def _start_agent(self) -> None:
        """Has the agent up before the first key: gpg itself waits five seconds for it, which a busy machine exceeds."""
        for _ in range(_ATTEMPTS):
            self._call("gpgconf", ("--launch", "gpg-agent"), b"", check=False)
            if "OK" in self._call("gpg-connect-agent", ("--no-autostart", "GETINFO version", "/bye"), b"", check=False):
                return

    def make_primary(self, user: str) -> str:
        """Makes a primary key that only certifies and does not expire; returns its fingerprint."""
        self._gpg("--quick-generate-key", user, ALGORITHM, "cert", "never")
        return self._fingerprints()[0]

    def take(self, secret: str) -> str:
        """Imports the armoured ``secret`` key; returns its primary key's fingerprint."""
        self._gpg("--import", stdin=secret)
        return self._fingerprints()[0]

    def add_signing(self, primary: str, days: int) -> Subkey:
        """Gives ``primary`` another subkey, which signs for ``days`` days."""
        self._gpg("--quick-add-key", primary, ALGORITHM, "sign", f"{days}d")
        return self.subkeys()[-1]

    def subkeys(self) -> tuple[Subkey, ...]:
        """The subkeys, in the order in which they were made."""
        records = self._records()
        found = []
        for index, record in enumerate(records):
            if record[0] == "ssb":
                fingerprint = next(later[9] for later in records[index:] if later[0] == "fpr")
                created, expires = (datetime.fromtimestamp(int(record[field]), UTC) for field in (5, 6))
                found.append(Subkey(fingerprint, created, expires))
        return tuple(found)

    def certificate(self, primary: str) -> str:
        """The armoured certificate with all subkeys, the newest first."""
        return newest_first(self._gpg("--armor", "--export", primary))

    def secret(self, primary: str) -> str:
        """Everything secret, armoured."""
        return self._gpg("--armor", "--export-secret-keys", primary)

    def signing_half(self, subkeys: Sequence[Subkey]) -> str:
        """The secret ``subkeys`` and nothing else that is secret: with it one can sign, and not certify."""
        return self._gpg("--armor", "--export-secret-subkeys", *(f"{subkey.fingerprint}!" for subkey in subkeys))

    def _fingerprints(self) -> list[str]:
        return [record[9] for record in self._records() if record[0] == "fpr"]

    def _records(self) -> list[list[str]]:
        """GnuPG's list of what is here (doc/DETAILS of GnuPG, "Format of the colon listings")."""
        return [line.split(":") for line in self._gpg("--with-colons", "--list-secret-keys").splitlines()]

    def _gpg(self, *arguments: str, stdin: str = "") -> str:
        clock = ("--faked-system-time", str(int(self._now.timestamp())))
        return self._call("gpg", (*_COMMON, *clock, *arguments), stdin.encode())

    def _call(self, program: str, arguments: Sequence[str], stdin: bytes, *, check: bool = True) -> str:
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(self._home)}
        try:
            done = subprocess.run(
                [program, "--homedir", str(self._home), *arguments],
                input=stdin,
                capture_output=True,
                env=environment,
                timeout=_SECONDS,
                check=False,
            )
        except FileNotFoundError:
            if not check:
                return ""
            raise PkgciError(
                "the keys of the repositories are made by GnuPG, and there is no `gpg` here",
                "apt install gnupg, or dnf install gnupg2; then run the same command again",
            ) from None
        except subprocess.TimeoutExpired:
            raise PkgciError(f"{program} did not end within {_SECONDS} s", "run the same command again") from None
        if check and done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
            raise PkgciError(f"GnuPG could not do its part: {said[0]}")
        return done.stdout.decode()
