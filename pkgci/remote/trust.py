"""Which host keys are believed: the site's ``known_hosts`` file, and who is asked about a key that is not in it."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pkgci.errors import UsageError
from pkgci.files import rewrite
from pkgci.model.known_hosts import HostKey, keys_of, known_name
from pkgci.model.site import Host, Site
from pkgci.remembering import remembering
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
        self._unwritten: list[Callable[[str], str]] = []

    @classmethod
    def of(cls, site: Site, confirm: Confirm = refuse) -> Trust:
        """The trust of ``site``: the file ``known_hosts`` beside the site file."""
        return cls(site.directory / "known_hosts", confirm)

    def known(self, host: Host) -> tuple[HostKey, ...]:
        """The keys recorded for ``host``, in the order of the file."""
        return self.known_as(known_name(host))

    def known_as(self, name: str) -> tuple[HostKey, ...]:
        """The keys recorded for the machine that known_hosts calls ``name``."""
        return keys_of(name, self.text())

    def check(self, host: Host, key: HostKey) -> bool:
        """Whether ``key`` is recorded for ``host``; False for a host without any recorded key.

        Raises ``ChangedHostKeyError`` where others are recorded.
        """
        known = self.known(host)
        if known:
            self._compare(host, key, known)
        return bool(known)

    def _compare(self, host: Host, key: HostKey, known: tuple[HostKey, ...]) -> None:
        if key in known:
            return
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

        Raises ``UnknownHostKeyError`` where it is not believed, and ``ChangedHostKeyError`` as ``check``.
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
            self._record(host, key)

    def pin(self, name: str, key: HostKey) -> None:
        """Records ``key`` as the only one of the machine that known_hosts calls ``name``: it is ours, made by us."""

        def pinned(text: str) -> str:
            return text if keys_of(name, text) == (key,) else _with(_without(text, name), name, key)

        self._rewrite(pinned)

    def forget(self, name: str) -> None:
        """Removes every key of the machine that known_hosts calls ``name``."""
        self._rewrite(lambda text: _without(text, name))

    def text(self) -> str:
        """What known_hosts has, with the keys that could not be written there."""
        text = self._read()
        for change in self._unwritten:
            text = change(text)
        return text

    def _record(self, host: Host, key: HostKey) -> None:
        name = known_name(host)

        def recorded(text: str) -> str:
            # Another command may have recorded one in the meantime.
            known = keys_of(name, text)
            if not known:
                return _with(text, name, key)
            self._compare(host, key, known)
            return text

        self._rewrite(recorded)

    def _rewrite(self, change: Callable[[str], str]) -> None:
        """Has ``change`` in the file, or, where that cannot be written, for as long as this command lasts."""
        if change(self.text()) == self.text():
            return
        written = False
        with remembering("SSH host keys are", self.known_hosts):
            rewrite(self.known_hosts, change)
            written = True
        if not written:
            self._unwritten.append(change)

    def _read(self) -> str:
        try:
            return self.known_hosts.read_text(encoding="utf-8", errors="surrogateescape")
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise UsageError(f"cannot read {self.known_hosts}: {error.strerror}") from None


def _with(text: str, name: str, key: HostKey) -> str:
    separator = "" if not text or text.endswith("\n") else "\n"
    return f"{text}{separator}{name} {key.type} {key.text}\n"


def _without(text: str, name: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if line.split(" ", 1)[0] != name)
