"""What goes to the hosts, rendered and checked before the first of them is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pkgci.cli.say import say

if TYPE_CHECKING:
    from pkgci.leavers.memory import Remembered
    from pkgci.model.site import Host, Site
    from pkgci.puppetrun.run import Deployment
    from pkgci.secrets.redact import Redactor


@dataclass(frozen=True)
class Packed:
    """What is applied, what hides its secrets, and what is remembered of each host."""

    deployment: Deployment
    redact: Redactor
    hosts: Mapping[str, Remembered]


def pack(site: Site, hosts: Iterable[Host], known_hosts: str, *, noop: bool, purge: bool) -> Packed:
    """What is applied to ``hosts``, with the host keys of ``known_hosts``.

    Raises ``UsageError`` where the manifests need what no layer of data gives.
    """
    from pkgci.foreign.tree import renderer_of, tree_of
    from pkgci.leavers.memory import remembered
    from pkgci.puppetrun.run import Deployment
    from pkgci.render.hiera import bundle_files
    from pkgci.render.needs import Needs
    from pkgci.secrets.store import SecretStore

    store = SecretStore.open(site.directory / "secrets")
    tree, origin = tree_of(site)
    renderer = renderer_of(site, tree, known_hosts)
    rendered = {host.name: renderer.render(host, store) for host in hosts}
    if site.manifests is None:
        needs = Needs.read(tree.module_folders)
        for data in rendered.values():
            needs.check(data)
    else:
        say(f"manifests: {origin}", err=True)
    files = {name: bundle_files(renderer, data.host, store) for name, data in rendered.items()}
    return Packed(
        Deployment.pack(site, tree, files, noop=noop, purge=purge),
        store.redactor(),
        {name: remembered(data.host, data.secrets) for name, data in rendered.items()},
    )
