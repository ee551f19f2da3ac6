"""GnuPG, in a home of its own that is gone afterwards: nothing of the user's keys is read or changed."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pkgci.errors import PkgciError, UsageError
from pkgci.locks import is_still, lock_descriptor
from pkgci.secrets.packets import newest_first

# Clients as old as EL 7 (rpm 4.11) and Ubuntu 16.04 (gpgv 1.4) know no elliptic curves: a package repository's key is
# RSA. 4096 bits reach beyond the life of what it signs.
ALGORITHM = "rsa4096"
# No passphrase: the secrets' own file is encrypted, and nobody types one on the publisher.
_COMMON = ("--batch", "--quiet", "--no-tty", "--pinentry-mode", "loopback", "--passphrase", "")
_SECONDS = 300  # for one call, which may wait for random numbers
_ATTEMPTS = 6
_PREFIX = "pkgci-gpg-"
_LONGEST = 60  # characters of the folder for temporary files: ours and the sockets' names come after it


def _place() -> Path:
    """Where keys are while they are made: in memory, unless the user says where, or the system has no such place."""
    # The agent's sockets are in there, whose paths have 107 characters at most (unix(7)).
    said, of_the_user = (os.environ.get(name, "") for name in ("TMPDIR", "XDG_RUNTIME_DIR"))
    for place in (said, of_the_user, "/dev/shm"):  # noqa: S108
        if place and len(place) < _LONGEST and os.access(place, os.W_OK | os.X_OK):
            return Path(place)
    return Path("/tmp")  # noqa: S108


@contextmanager
def _home(place: Path) -> Iterator[Path]:
    """A folder in ``place`` for one GnuPG home, readable for nobody else, and locked as long as its process lives."""
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=place, ignore_cleanup_errors=True) as name:
        lock = _locked(name)
        try:
            yield Path(name)
        finally:
            os.close(lock)


def _locked(name: str) -> int:
    """The folder ``name`` with its lock. Another process may have removed it, for as long as it had none."""
    while True:
        with suppress(FileExistsError):
            Path(name).mkdir(0o700)
        lock = os.open(name, os.O_RDONLY | os.O_DIRECTORY)
        lock_descriptor(lock)
        if is_still(Path(name), lock):
            return lock
        os.close(lock)


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

        Who is killed cannot put anything away: what one left behind goes when the next keyring is opened.
        Raises ``PkgciError`` where there is no GnuPG.
        """
        place = _place()
        for left in place.glob(f"{_PREFIX}*"):
            cls._remove_dead(left)
        with _home(place) as home:
            keyring = cls(home, now)
            try:
                keyring._start_agent()
                yield keyring
            finally:
                keyring._end_agent()

    @classmethod
    def _remove_dead(cls, home: Path) -> None:
        """Removes ``home``, with its agent, where it is ours and its process has gone without it."""
        try:
            lock = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            return
        try:
            lock_descriptor(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(lock).st_uid == os.geteuid():
                cls(home, datetime.now(UTC))._end_agent()
                shutil.rmtree(home, ignore_errors=True)
        except BlockingIOError:
            # It is at work.
            pass
        finally:
            os.close(lock)

    def _end_agent(self) -> None:
        self._call("gpgconf", ("--kill", "all"), b"", check=False)

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
            raise UsageError(
                "the keys of the repositories are made by GnuPG, and there is no `gpg` here",
                "apt install gnupg, or dnf install gnupg2; then run the same command again",
            ) from None
        except subprocess.TimeoutExpired:
            raise PkgciError(f"{program} did not end within {_SECONDS} s", "run the same command again") from None
        if check and done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
            raise PkgciError(f"GnuPG could not do its part: {said[0]}")
        return done.stdout.decode()
