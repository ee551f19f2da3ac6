"""The format of ``known_hosts`` files (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"), and the hosts' names in them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass

from pkgci.model.site import Host, Site


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


def known_name(host: Host) -> str:
    """The name of ``host`` in known_hosts: its name in the site, with the port where that is not 22."""
    return name_at(host.name, host.ssh.port)


def name_at(name: str, port: int) -> str:
    """How known_hosts writes the machine ``name`` at ``port``."""
    return name if port == 22 else f"[{name}]:{port}"


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


def gerrit_keys(site: Site, text: str) -> tuple[HostKey, ...]:
    """The SSH host keys of the site's Gerrit: the one that the site file pins, or those of known_hosts ``text``."""
    if site.gerrit is None:
        return ()
    if site.gerrit.host_key:
        kind, key = site.gerrit.host_key.split()[:2]
        return (HostKey(kind, key),)
    return keys_of(name_at(site.gerrit.host, site.gerrit.port), text)


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
