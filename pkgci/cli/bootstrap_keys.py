"""The host keys that the data of some hosts has of others: they are asked for before the data is rendered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pkgci.cli.say import say
from pkgci.model.roles import SLAVES, Role

if TYPE_CHECKING:
    from pkgci.model.site import Host, Site
    from pkgci.remote.errors import HostError
    from pkgci.remote.pool import Pool
    from pkgci.remote.session import Session
    from pkgci.remote.trust import Trust

# Whose data pins whose host keys, and what there is not while one is unknown.
_PINNED: tuple[tuple[tuple[Role, ...], tuple[Role, ...], str], ...] = (
    ((Role.JENKINS_MASTER,), SLAVES, "Jenkins gets no node for it yet"),
    ((Role.JENKINS_MASTER, *SLAVES), (Role.LOG_SERVER,), "no job can hand its logs to it yet"),
    ((Role.PUBLISHER,), (Role.SLAVE_BUILD,), "the publisher can fetch nothing from it yet"),
)


def pinned(site: Site, selected: Iterable[Host]) -> dict[str, tuple[str, ...]]:
    """The hosts whose keys the data of ``selected`` needs, in the site's order, and what each one's absence means."""
    roles = {role for host in selected for role in host.roles}
    found: dict[str, tuple[str, ...]] = {}
    for host in site.hosts:
        words = tuple(
            consequence
            for readers, read, consequence in _PINNED
            if not roles.isdisjoint(readers) and not set(read).isdisjoint(host.roles)
        )
        if words:
            found[host.name] = words
    return found


def learn(site: Site, selected: Iterable[Host], trust: Trust, pool: Pool, *, parallel: int) -> dict[str, HostError]:
    """Contacts, side by side, the hosts whose keys are needed and not known: ``trust`` asks about each and records it.

    A host that cannot be reached stops nothing: standard error says what its absence means. Gives the errors of such
    hosts, by name: they are not tried again.
    """
    from pkgci.remote.errors import HostError
    from pkgci.remote.fanout import each_host
    from pkgci.remote.session import open_session

    _pin_own_gerrit(site, trust)
    _tell_unknown_gerrit(site, selected, trust)
    needed = pinned(site, selected)
    unknown = [site.host(name) for name in needed if not trust.known(site.host(name))]
    if not unknown:
        return {}

    def contact(host: Host) -> Session:
        return open_session(site, host, trust, pool)

    results = each_host(unknown, lambda host: None, pool, parallel=parallel, connect=contact)
    away = {name: result for name, result in results.items() if isinstance(result, HostError)}
    for name, result in away.items():
        say(
            f"{name}'s host key is not known: {' and '.join(needed[name])} ({result.reason}); "
            "run bootstrap again once it answers",
            err=True,
        )
    return away


def _pin_own_gerrit(site: Site, trust: Trust) -> None:
    """The host key of the site's own Gerrit comes from the site's secrets: nobody has to believe what answers."""
    from pkgci.model.known_hosts import HostKey, name_at
    from pkgci.secrets.needs import REVIEW_HOST_KEY
    from pkgci.secrets.store import SecretStore

    if site.own_review is None or site.gerrit is None:
        return
    store = SecretStore.open(site.directory / "secrets")
    if REVIEW_HOST_KEY in store.names():
        kind, text = store.public(REVIEW_HOST_KEY).split()[:2]
        trust.pin(name_at(site.gerrit.host, site.gerrit.port), HostKey(kind, text))


def _tell_unknown_gerrit(site: Site, selected: Iterable[Host], trust: Trust) -> None:
    """Where Gerrit is no host of ours, its key is for people to pin: Zuul refuses a Gerrit that it does not know."""
    from pkgci.model.known_hosts import gerrit_keys

    gerrit = site.gerrit
    if gerrit is None or site.own_review is not None or not any(Role.ZUUL in host.roles for host in selected):
        return
    if not gerrit_keys(site, trust.text()):
        say(
            f"the SSH host key of {gerrit.host} is not known: Zuul will not connect to it; pin it in the site file "
            f"(`gerrit: {{host_key: …}}`): `ssh-keyscan -p {gerrit.port} {gerrit.host}`, then compare",
            err=True,
        )
