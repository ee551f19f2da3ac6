"""Whether a line is a public SSH key, and whether a file has a private one. Nothing of a key is ever repeated."""

from __future__ import annotations

import base64
import binascii
import struct
from pathlib import Path

# The key types that today's sshd accepts (sshd_config(5), PubkeyAcceptedAlgorithms).
KEY_TYPES = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)


def public_key_problem(line: str) -> str | None:
    """Why ``line`` is no public SSH key (RFC 4253, section 6.6), or None where it is one. Never repeats the line."""
    if "PRIVATE KEY" in line:
        return "it is a private key (which should not lie here)"
    words = line.split()
    if len(words) < 2 or words[0] not in KEY_TYPES:
        return f"it does not begin with a key type ({', '.join(KEY_TYPES[:2])}, …)"
    try:
        blob = base64.b64decode(words[1], validate=True)
        length = struct.unpack(">I", blob[:4])[0]
    except (binascii.Error, struct.error, ValueError):
        return "its second word is not base64"
    if blob[4 : 4 + length] != words[0].encode() or len(blob) <= 4 + length:
        return "the key is cut short, or is not of the type that it names"
    return None


def private_key_problem(path: Path) -> str | None:
    """Why the file is no private key, or None where it is one, or is not there: it may be on another machine."""
    try:
        if path.is_dir():
            return "is a folder, not a private SSH key"
        if path.exists() and not path.is_file():
            return "is no private SSH key: it is not a regular file"
        with path.open("rb") as file:
            start = file.read(100)
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if b"PRIVATE KEY-----" in start.split(b"\n")[0]:
        return None
    public = any(start.startswith(kind.encode()) for kind in KEY_TYPES)
    return "is a public key: name the private one" if public else "is no private SSH key"
