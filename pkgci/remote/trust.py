"""Which host keys are believed: the site's ``known_hosts`` file, and who is asked about a key that is not in it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import shlex
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pkgci.errors import UsageError
from pkgci.files import write_atomically
from pkgci.model.site import Host, Site
from pkgci.remote.errors import ChangedHostKeyError, UnknownHostKeyError


@dataclass(frozen=True)
class HostKey:
    """A public host key: its type (as in ``ssh-ed25519``) and the base64 text that known_hosts has."""

    type: str
    text: str

    @property
    def fingerprint(self) -> str:
        """The SHA256 fingerprint as OpenSSH writes it."""
        digest = hashlib.sha256(base64.b64decode(self.text)).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")

    def __str__(self) -> str:
        return f"{self.fingerprint} ({self.type.removeprefix('ssh-')})"


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
        return keys_of(known_name(host), self._text())

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

    def _record(self, name: str, key: HostKey) -> None:
        text = self._text()
        separator = "" if not text or text.endswith("\n") else "\n"
        try:
            write_atomically(self.known_hosts, f"{text}{separator}{name} {key.type} {key.text}\n")
        except OSError as error:
            raise UsageError(f"cannot write {self.known_hosts}: {error.strerror}") from None

    def _text(self) -> str:
        try:
            return self.known_hosts.read_text(errors="replace")
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise UsageError(f"cannot read {self.known_hosts}: {error.strerror}") from None


def known_name(host: Host) -> str:
    """The name of ``host`` in known_hosts: its name in the site, with the port where that is not 22."""
    return host.name if host.ssh.port == 22 else f"[{host.name}]:{host.ssh.port}"


def keys_of(name: str, text: str) -> tuple[HostKey, ...]:
    """The keys that known_hosts ``text`` has for ``name``. Marked (``@revoked``…) and broken lines are passed over."""
    keys = []
    for line in text.splitlines():
        fields = line.split()
        if len(fields) < 3 or line.startswith(("#", "@")):
            continue
        names, kind, key = fields[:3]
        if any(_matches(pattern, name) for pattern in names.split(",")) and _is_base64(key):
            keys.append(HostKey(kind, key))
    return tuple(keys)


def _matches(pattern: str, name: str) -> bool:
    """Whether a known_hosts name is ``name``: plain, or hashed (``|1|salt|hash``, as ``ssh-keygen -H`` writes)."""
    if not pattern.startswith("|1|"):
        return pattern == name
    try:
        salt, digest = (base64.b64decode(part) for part in pattern.split("|")[2:4])
    except (ValueError, binascii.Error):
        return False
    # SHA-1 is what the format prescribes: it hides the name and guards nothing.
    return hmac.digest(salt, name.encode(), "sha1") == digest


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        return False
    return True
