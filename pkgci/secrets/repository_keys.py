"""The keys of the package repositories: a primary key that certifies and stays here, and subkeys that sign out there.

A repository's key is two secrets: ``repository/release`` (or review) is the primary key with everything, whose public
half is the certificate that users trust; ``repository/release_signing`` is what the publisher signs with. The public
half of that one names its subkeys, oldest first, a line each: fingerprint, first and last day.

Rotation: a new subkey joins the old one, and for a while both are on the publisher (the overlap); then the old one
leaves it. It stays in the certificate, for what it signed stays published.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pkgci.secrets.making import Made
from pkgci.secrets.openpgp import Keyring, Subkey

# Hosts whose clock is a little behind take a new key at once.
_CLOCK_SKEW = timedelta(hours=1)


@dataclass(frozen=True)
class RepositoryKey:
    """The two secrets of one repository's key."""

    primary: Made
    signing: Made


def make(user: str, days: int, now: datetime) -> RepositoryKey:
    """A new key for the OpenPGP user id ``user``, with one subkey that signs for ``days`` days."""
    with Keyring.open(now - _CLOCK_SKEW) as keyring:
        primary = keyring.make_primary(user)
        return _exported(keyring, primary, (keyring.add_signing(primary, days),))


def with_new_subkey(key: RepositoryKey, days: int, now: datetime) -> RepositoryKey:
    """The key with another subkey, which signs together with the newest one."""
    with Keyring.open(now - _CLOCK_SKEW) as keyring:
        primary = keyring.take(key.primary.secret)
        before = _among(keyring, signing_subkeys(key.signing.public))[-1:]
        return _exported(keyring, primary, (*before, keyring.add_signing(primary, days)))


def with_newest_only(key: RepositoryKey, now: datetime) -> RepositoryKey:
    """The key that signs with its newest subkey alone. The certificate stays as it is."""
    with Keyring.open(now) as keyring:
        keyring.take(key.primary.secret)
        newest = _among(keyring, signing_subkeys(key.signing.public))[-1:]
        return RepositoryKey(key.primary, _signing(keyring, newest))


def signing_half(primary: Made, now: datetime) -> Made:
    """What the publisher signs with, made again from the primary key: its newest subkey."""
    with Keyring.open(now) as keyring:
        keyring.take(primary.secret)
        return _signing(keyring, keyring.subkeys()[-1:])


def signing_subkeys(public: str | None) -> tuple[Subkey, ...]:
    """The subkeys that sign, oldest first, from the public half of a signing secret."""
    words = [line.split() for line in (public or "").splitlines()]
    return tuple(Subkey(fingerprint, _day(created), _day(expires)) for fingerprint, created, expires in words)


def _exported(keyring: Keyring, primary: str, signing: tuple[Subkey, ...]) -> RepositoryKey:
    return RepositoryKey(
        Made(keyring.secret(primary), keyring.certificate(primary)),
        _signing(keyring, signing),
    )


def _signing(keyring: Keyring, subkeys: tuple[Subkey, ...]) -> Made:
    lines = (f"{one.fingerprint} {one.created:%Y-%m-%d} {one.expires:%Y-%m-%d}\n" for one in subkeys)
    return Made(keyring.signing_half(subkeys), "".join(lines))


def _among(keyring: Keyring, wanted: Iterable[Subkey]) -> tuple[Subkey, ...]:
    names = {subkey.fingerprint for subkey in wanted}
    return tuple(subkey for subkey in keyring.subkeys() if subkey.fingerprint in names)


def _day(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
