"""Keeps a site's secrets complete and its certificates valid: what ``pkgci secrets`` init, rotate and set do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pkgci.errors import UsageError
from pkgci.model.site import Site
from pkgci.model.stand_ins import review_is_stand_in
from pkgci.secrets import repository_keys
from pkgci.secrets.certificates import (
    ca_renewal_reason,
    issue,
    make_ca,
    outermost,
    renew_ca,
    renewal_reason,
)
from pkgci.secrets.making import Made, make_password, make_ssh_key
from pkgci.secrets.needs import CA, REPOSITORY_KEYS, Kind, Need, needs, signing_name
from pkgci.secrets.redact import SHORTEST_VALUE
from pkgci.secrets.store import SecretStore


@dataclass(frozen=True)
class Change:
    """A secret that was made, or made again because ``reason``."""

    need: Need
    reason: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What happened: the changes, and how many secrets were kept.

    ``not_needed`` are those that pkgci made and that are needed no more, ``to_give`` those that only people can give.
    """

    changes: tuple[Change, ...]
    kept: int = 0
    not_needed: tuple[str, ...] = ()
    to_give: tuple[Need, ...] = ()

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts whose data changed."""
        return tuple(dict.fromkeys(host for change in self.changes for host in change.need.hosts))


def complete(site: Site, store: SecretStore, now: datetime) -> Outcome:
    """Makes the secrets that ``site`` needs and ``store`` lacks, and issues certificates again that need it."""
    wanted = needs(site)
    known = store.names()
    reasons: dict[str, str | None] = {
        name: None for name, need in wanted.items() if name not in known and need.kind is not Kind.GIVEN
    }
    new: dict[str, Made] = {}
    if CA in known:
        reason = ca_renewal_reason(store.public(CA), _domains(site), now)
        if reason is not None:
            reasons[CA] = reason
            new[CA] = renew_ca(_pair(store, CA), _domains(site), now)
    else:
        new[CA] = make_ca(site.name, _domains(site), now)
    authority = new.get(CA) or _pair(store, CA)
    new |= _repository_keys(site, store, reasons, now)
    for need in wanted.values():
        if need.kind is Kind.CERTIFICATE and need.name in known:
            names = _names(site, need)
            reason = renewal_reason(store.entry(need.name).public or "", authority.public or "", names, now)
            if reason is not None:
                reasons[need.name] = reason
        if need.name in reasons and need.name not in new:
            new[need.name] = _make(need, site, authority, now)
    return _keep(store, wanted, new, reasons, now)


def rotate(site: Site, store: SecretStore, name: str, now: datetime) -> Outcome:
    """Makes the secret ``name`` anew; with the certificate authority, also every certificate.

    Raises ``UsageError`` for a name that the site does not need: pkgci would not know what to make.
    """
    wanted = needs(site)
    if name not in wanted:
        raise UsageError(f"'{name}' is no secret that pkgci makes for this site", f"eyaml edit {store.file}")
    if wanted[name].kind is Kind.GIVEN:
        raise UsageError(f"pkgci does not make '{name}': it is {wanted[name].remark}", f"pkgci secrets set {name}")
    if wanted[name].kind in (Kind.REPOSITORY_KEY, Kind.SIGNING_KEY):
        key = name.removesuffix(signing_name(""))
        raise UsageError(f"'{name}' is rotated with an overlap", f"pkgci secrets rotate {REPOSITORY_KEYS[key]}-key")
    reasons: dict[str, str | None] = {name: "rotated"}
    if name != CA:
        authority = _pair(store, CA) if wanted[name].kind is Kind.CERTIFICATE else Made("")
        new = {name: _make(wanted[name], site, authority, now)}
        return _keep(store, wanted, new, reasons, now)
    authority = make_ca(site.name, _domains(site), now)
    new = {name: authority}
    for need in wanted.values():
        if need.kind is Kind.CERTIFICATE:
            new[need.name] = _make(need, site, authority, now)
            reasons[need.name] = "issued by the new CA"
    return _keep(store, wanted, new, reasons, now)


def _repository_keys(site: Site, store: SecretStore, reasons: dict[str, str | None], now: datetime) -> dict[str, Made]:
    """The keys of the repositories that are among ``reasons``, with what signs with them, which is added there."""
    made: dict[str, Made] = {}
    for name, purpose in REPOSITORY_KEYS.items():
        if name in reasons:
            user = f"{site.name} packages ({purpose})"
            key = repository_keys.make(user, site.repository.key_days, now)
            made |= {name: key.primary, signing_name(name): key.signing}
            reasons.setdefault(signing_name(name), f"a part of {name}")
        elif signing_name(name) in reasons:
            made[signing_name(name)] = repository_keys.signing_half(_pair(store, name), now)
    return made


def give(site: Site, store: SecretStore, name: str, value: str) -> Outcome:
    """Keeps ``value`` as the secret ``name``: one that people are to give, or a password of their choice.

    Raises ``UsageError`` for any other secret, and for a value that is too short to be hidden wherever it may turn up.
    """
    need = needs(site).get(name)
    if need is None:
        raise UsageError(f"'{name}' is no secret that this site needs", f"eyaml edit {store.file}")
    if need.kind not in (Kind.GIVEN, Kind.PASSWORD):
        raise UsageError(f"'{name}' is not given: pkgci makes it", f"pkgci secrets rotate {name}")
    if len(value.strip()) < SHORTEST_VALUE:
        raise UsageError(f"'{name}' must be at least {SHORTEST_VALUE} characters long")
    store.put({name: Made(value)}, None)
    return Outcome(changes=(Change(need, "given"),), to_give=_to_give(store, needs(site)))


def _to_give(store: SecretStore, wanted: Mapping[str, Need]) -> tuple[Need, ...]:
    """What is still to be given. What pkgci once made under such a name is not what the others know."""
    given = {name for name in store.names() if store.entry(name).made is None}
    return tuple(need for need in wanted.values() if need.kind is Kind.GIVEN and need.name not in given)


def _keep(
    store: SecretStore,
    wanted: Mapping[str, Need],
    new: Mapping[str, Made],
    reasons: Mapping[str, str | None],
    now: datetime,
) -> Outcome:
    ordered = {name: new[name] for name in wanted if name in new}
    if ordered:
        store.put(ordered, now.date().isoformat())
    to_give = _to_give(store, wanted)
    return Outcome(
        changes=tuple(Change(wanted[name], reasons[name]) for name in ordered),
        kept=len(wanted) - len(ordered) - len(to_give),
        not_needed=tuple(name for name in store.names() if name not in wanted and store.entry(name).made),
        to_give=to_give,
    )


def _make(need: Need, site: Site, authority: Made, now: datetime) -> Made:
    if need.kind is Kind.PASSWORD:
        return make_password()
    if need.kind is Kind.SSH_KEY:
        return make_ssh_key(f"{need.name}@{site.name}")
    if need.kind is Kind.CERTIFICATE:
        return issue(authority, _names(site, need), site.tls.days, now)
    return make_ca(site.name, _domains(site), now)


def _pair(store: SecretStore, name: str) -> Made:
    return Made(store.secret(name), store.entry(name).public)


def _names(site: Site, need: Need) -> tuple[str, ...]:
    host = site.host(need.holders[0])
    return (host.fqdn, *(alias for alias in host.aliases if alias != host.fqdn))


def _domains(site: Site) -> tuple[str, ...]:
    """What the authority may certify: the site's domain, and the names of public machines that lie outside it."""
    names = [name for host in site.hosts if host.public for name in (host.fqdn, *host.aliases)]
    # The lab's stand-in for Gerrit has Gerrit's name, wherever that lies.
    review = (site.gerrit.host,) if site.gerrit and review_is_stand_in(site) else ()
    return outermost((site.domain, *names, *review))
