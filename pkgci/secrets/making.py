"""How passwords and SSH key pairs are made."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

# 32 letters and digits hold 190 bits, and need no quoting anywhere.
_ALPHABET = string.ascii_letters + string.digits
_LENGTH = 32


@dataclass(frozen=True)
class Made:
    """A new secret: the value, and its public half where the kind has one."""

    secret: str
    public: str | None = None

    def __repr__(self) -> str:
        return f"Made(secret=…, public={self.public!r})"


def make_password() -> Made:
    """A password of 32 letters and digits."""
    return Made("".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH)))


def make_ssh_key(comment: str) -> Made:
    """An Ed25519 key pair: the private half in OpenSSH's format, the public one as a line that ends in ``comment``."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return Made(private.decode(), f"{public.decode()} {comment}")
