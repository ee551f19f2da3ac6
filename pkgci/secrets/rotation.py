"""Rotating a repository's key in two steps, so that those who use it come along."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pkgci.errors import PkgciError, UsageError
from pkgci.model.site import Site
from pkgci.secrets.making import Made
from pkgci.secrets.needs import REPOSITORY_KEYS, Need, needs, signing_name
from pkgci.secrets.openpgp import Subkey
from pkgci.secrets.repository_keys import (
    RepositoryKey,
    signing_subkeys,
    with_new_subkey,
    with_newest_only,
)
from pkgci.secrets.store import SecretStore
from pkgci.secrets.upkeep import Change, Outcome

# What people type → the secret's name.
NAMES = {f"{purpose}-key": name for name, purpose in REPOSITORY_KEYS.items()}


@dataclass(frozen=True)
class Rotation:
    """A step of a rotation, planned. ``signing`` are the subkeys that sign now, oldest first.

    ``finish``: the overlap ends; else it begins, with a new subkey for ``days`` days.
    """

    key: Need
    part: Need
    signing: tuple[Subkey, ...]
    finish: bool
    days: int

    @property
    def word(self) -> str:
        """What people type for the key."""
        return f"{REPOSITORY_KEYS[self.key.name]}-key"


def plan(site: Site, store: SecretStore, name: str, *, finish: bool) -> Rotation:
    """What the next step of rotating the key called ``name`` is.

    Raises ``UsageError`` where it is not that step's turn, and ``PkgciError`` where there is no such key yet.
    """
    wanted, word = needs(site), f"{REPOSITORY_KEYS[name]}-key"
    if name not in wanted:
        raise UsageError(f"this site has no publisher, so there is no {word}", "pkgci secrets list")
    signing = signing_subkeys(store.public(signing_name(name)))
    overlap = len(signing) > 1
    if overlap and not finish:
        raise UsageError(
            f"the {word} is being rotated already: {signing[0].fingerprint} and {signing[1].fingerprint} sign",
            f"pkgci secrets rotate {word} --finish, once its users have fetched the key again",
        )
    if finish and not overlap:
        raise UsageError(f"the {word} is not being rotated: only one subkey signs", f"pkgci secrets rotate {word}")
    return Rotation(wanted[name], wanted[signing_name(name)], signing, finish, site.repository.key_days)


def carry_out(rotation: Rotation, store: SecretStore, now: datetime) -> Outcome:
    """Does what was planned. Raises ``PkgciError`` where the key is not as it was then."""
    name, part = rotation.key.name, rotation.part.name
    if signing_subkeys(store.public(part)) != rotation.signing:
        raise PkgciError(f"somebody else has rotated the {rotation.word} meanwhile", "pkgci secrets list")
    key = RepositoryKey(_pair(store, name), _pair(store, part))
    if rotation.finish:
        rotated = with_newest_only(key, now)
        store.put({part: rotated.signing}, now.date().isoformat())
        return Outcome((Change(rotation.part, "the overlap has ended"),))
    rotated = with_new_subkey(key, rotation.days, now)
    store.put({name: rotated.primary, part: rotated.signing}, now.date().isoformat())
    return Outcome((Change(rotation.key, "it has a new subkey"), Change(rotation.part, "old and new subkey")))


def _pair(store: SecretStore, name: str) -> Made:
    return Made(store.secret(name), store.entry(name).public)
