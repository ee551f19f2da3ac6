"""Which host keys are believed: the site's ``known_hosts`` file, and who is asked about a key that is not in it."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pkgci.errors import UsageError
from pkgci.files import write_atomically
from pkgci.model.known_hosts import HostKey, keys_of, known_name
from pkgci.model.site import Host, Site
from pkgci.remote.errors import ChangedHostKeyError, UnknownHostKeyError


@dataclass(frozen=True)
class NewKey:
    """A key that a host shows at the first contact."""

    host: Host
    key: HostKey


# Whether a new key is the host's own. Called from any thread, but never twice at once.
Confirm = Callable[[NewKey], bool]


def refuse(new: NewKey) -> bool:
    """Nobody can be asked: no new key is believed."""
    return False


def accept(new: NewKey) -> bool:
    """Every key seen for the first time is believed."""
    return True


class Trust:
    """The host keys of one site. Safe to use from many threads.

    Raises ``UsageError`` where the file cannot be read.
    """

    def __init__(self, known_hosts: Path, confirm: Confirm = refuse) -> None:
        self.known_hosts = known_hosts
        self._confirm = confirm
        self._lock = threading.Lock()
        self._refused: set[NewKey] = set()

    @classmethod
    def of(cls, site: Site, confirm: Confirm = refuse) -> Trust:
        """The trust of ``site``: the file ``known_hosts`` beside the site file."""
        return cls(site.directory / "known_hosts", confirm)

    def known(self, host: Host) -> tuple[HostKey, ...]:
        """The keys recorded for ``host``, in the order of the file."""
        return self.known_as(known_name(host))

    def known_as(self, name: str) -> tuple[HostKey, ...]:
        """The keys recorded for the machine that known_hosts calls ``name``."""
        return keys_of(name, self._text())

    def check(self, host: Host, key: HostKey) -> bool:
        """Whether ``key`` is recorded for ``host``; False for a host without any recorded key.

        Raises ``ChangedHostKeyError`` where others are recorded.
        """
        known = self.known(host)
        if not known or key in known:
            return bool(known)
        name = known_name(host)
        recorded = next((old for old in known if old.type == key.type), known[0])
        raise ChangedHostKeyError(
            host.name,
            f"its SSH host key has changed: {recorded} is recorded, {key} answers",
            "if the host was set up anew, compare the fingerprint on its console, then "
            f"`ssh-keygen -R {shlex.quote(name)} -f {shlex.quote(str(self.known_hosts))}`",
        )

    def decide(self, host: Host, key: HostKey) -> None:
        """Asks whether the unknown ``key`` is ``host``'s own, and records it.

        Raises ``UnknownHostKeyError`` where it is not believed, ``ChangedHostKeyError`` as ``check``, and
        ``UsageError`` where it cannot be recorded.
        """
        new = NewKey(host, key)
        with self._lock:
            # Another thread may have asked about the same host in the meantime.
            if self.check(host, key):
                return
            if new in self._refused or not self._confirm(new):
                self._refused.add(new)
                raise UnknownHostKeyError(
                    host.name,
                    f"its SSH host key {key} is not known yet, and was not confirmed",
                    "compare it on the host's console (`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`), then run "
                    "again on a terminal and answer, or add --accept-new-host-keys",
                )
            self._record(known_name(host), key)

    def pin(self, name: str, key: HostKey) -> None:
        """Records ``key`` as the only one of the machine that known_hosts calls ``name``: it is ours, made by us."""
        with self._lock:
            if keys_of(name, self._text()) != (key,):
                kept = [line for line in self._text().splitlines(keepends=True) if line.split(" ", 1)[0] != name]
                self._write("".join(kept), name, key)

    def forget(self, name: str) -> None:
        """Removes every key of the machine that known_hosts calls ``name``."""
        with self._lock:
            lines = self._text().splitlines(keepends=True)
            kept = [line for line in lines if line.split(" ", 1)[0] != name]
            if kept != lines:
                self._replace("".join(kept))

    def _record(self, name: str, key: HostKey) -> None:
        self._write(self._text(), name, key)

    def _write(self, text: str, name: str, key: HostKey) -> None:
        separator = "" if not text or text.endswith("\n") else "\n"
        self._replace(f"{text}{separator}{name} {key.type} {key.text}\n")

    def _replace(self, text: str) -> None:
        try:
            write_atomically(self.known_hosts, text)
        except OSError as error:
            raise UsageError(f"cannot write {self.known_hosts}: {error.strerror}") from None

    def _text(self) -> str:
        try:
            return self.known_hosts.read_text(errors="replace")
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise UsageError(f"cannot read {self.known_hosts}: {error.strerror}") from None
