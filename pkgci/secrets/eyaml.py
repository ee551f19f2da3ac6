"""hiera-eyaml's PKCS7 format: ``ENC[PKCS7,<base64 of a DER EnvelopedData>]``, and the key pair that it needs.

What is made here Debian's ``eyaml decrypt`` reads, and what ``eyaml encrypt`` makes is read here, string and block.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from pkgci.errors import UsageError
from pkgci.files import write_atomically

_TOKEN = re.compile(r"\s*ENC\[PKCS7,([A-Za-z0-9+/=\s]+)\]\s*")
_KEY_SIZE = 3072
# The certificate only carries the public key: nothing looks at its dates.
_LIFE = timedelta(days=50 * 365)
_PRIVATE, _PUBLIC = "private_key.pkcs7.pem", "public_key.pkcs7.pem"
_NOT_IN_GIT = "it is never in version control: copy it from whoever made the secrets, with mode 600"


@dataclass(frozen=True)
class PublicKey:
    """The half that encrypts."""

    certificate: x509.Certificate

    def encrypt(self, value: str) -> str:
        """``value`` as ``ENC[PKCS7,…]``, on one line."""
        envelope = pkcs7.PKCS7EnvelopeBuilder().set_data(value.encode()).add_recipient(self.certificate)
        envelope = envelope.set_content_encryption_algorithm(algorithms.AES256)
        der = envelope.encrypt(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])
        return f"ENC[PKCS7,{base64.b64encode(der).decode()}]"


@dataclass(frozen=True)
class KeyPair(PublicKey):
    """Both halves."""

    private_key: rsa.RSAPrivateKey

    def decrypt(self, text: str) -> str:
        """The value in ``text`` (``ENC[PKCS7,…]``, in one line or in a block).

        Raises ``ValueError``, which never holds the value: no token, damaged, made for another key, or not text.
        """
        match = _TOKEN.fullmatch(text)
        if match is None:
            raise ValueError("is no ENC[PKCS7,…]")
        try:
            der = base64.b64decode(re.sub(r"\s", "", match[1]), validate=True)
        except binascii.Error:
            raise ValueError("is cut short or damaged") from None
        try:
            return pkcs7.pkcs7_decrypt_der(der, self.certificate, self.private_key, []).decode()
        except UnicodeDecodeError:
            raise ValueError("is not text") from None
        except ValueError:
            raise ValueError("is damaged, or was encrypted for another key") from None


def is_encrypted(text: str) -> bool:
    """Whether ``text`` is one ``ENC[PKCS7,…]``."""
    return _TOKEN.fullmatch(text) is not None


def private_key_file(folder: Path) -> Path:
    """The private key file in ``folder``."""
    return folder / _PRIVATE


def make_key_pair(folder: Path, site: str) -> None:
    """Writes a new key pair to ``folder``: RSA, the public half in a self-signed certificate, as eyaml wants it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_SIZE)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{site[:50]} eyaml")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _LIFE)
        .sign(key, hashes.SHA256())
    )
    # eyaml reads the private key through OpenSSL's RSA reader, whose own format is the traditional one.
    form = serialization.PrivateFormat.TraditionalOpenSSL
    pem = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    write_atomically(folder / _PRIVATE, pem, 0o600)
    write_atomically(folder / _PUBLIC, certificate.public_bytes(serialization.Encoding.PEM))


def load_public_key(folder: Path) -> PublicKey:
    """The public half in ``folder``. Raises ``PkgciError`` where it is missing or no certificate."""
    file = folder / _PUBLIC
    try:
        return PublicKey(x509.load_pem_x509_certificate(file.read_bytes()))
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}", "restore it from version control") from None
    except ValueError:
        raise UsageError(f"{file} holds no certificate", "restore it from version control") from None


def load_key_pair(folder: Path) -> KeyPair:
    """Both halves in ``folder``.

    Raises ``PkgciError`` where one is missing, is no key, or does not fit the other, and where others can read the
    private one.
    """
    public = load_public_key(folder)
    file = folder / _PRIVATE
    try:
        mode = file.stat().st_mode
        text = file.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"{file} is missing, so no secret can be read", _NOT_IN_GIT) from None
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}", _NOT_IN_GIT) from None
    if mode & 0o077:
        raise UsageError(f"{file} can be read by others (mode {mode & 0o777:o})", f"chmod 600 {file}")
    try:
        # The operator's own key file: proving its primes would cost every command a tenth of a second.
        key = serialization.load_pem_private_key(text, None, unsafe_skip_rsa_key_validation=True)
    except TypeError:
        raise UsageError(f"{file} has a passphrase: eyaml's keys have none", _NOT_IN_GIT) from None
    except ValueError:
        raise UsageError(f"{file} holds no private key", _NOT_IN_GIT) from None
    if not isinstance(key, rsa.RSAPrivateKey) or key.public_key() != public.certificate.public_key():
        raise UsageError(f"{file} is not the key that the secrets were encrypted for", _NOT_IN_GIT)
    return KeyPair(public.certificate, key)
