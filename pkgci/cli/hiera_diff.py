"""``render-hiera --diff``: what the next bootstrap would change in the data on the hosts."""

from __future__ import annotations

from pkgci.cli.connect import data_of, errors_of, show_errors, site_trust, status_of
from pkgci.cli.say import say
from pkgci.foreign.tree import renderer_of
from pkgci.model.site import Host, Site
from pkgci.puppetrun.review import read_review
from pkgci.remote.fanout import each_host
from pkgci.remote.pool import Pool
from pkgci.remote.session import Session, open_session
from pkgci.render.diff import differences
from pkgci.render.hiera import Source, review_of


def show_differences(
    site: Site, hosts: tuple[Host, ...], store: Source, as_json: bool, parallel: int, accept_new_host_keys: bool
) -> int:
    """Shows, host by host, how the data differs from what its last bootstrap brought. Exit 1 where it differs."""
    renderer = renderer_of(site)
    wanted = {host.name: review_of(renderer, host, store) for host in hosts}
    pool = Pool()
    trust = site_trust(site, accept_new_host_keys, interrupted=lambda: pool.interrupted)

    def connect(host: Host) -> Session:
        return open_session(site, host, trust, pool)

    def fetch(host: Host) -> dict[str, str] | None:
        with connect(host) as session:
            return read_review(session)

    found = each_host(hosts, fetch, pool, parallel=parallel, connect=connect)
    diffs: dict[str, list[str]] = {}
    for name, current in found.items():
        if not isinstance(current, Exception):
            new = wanted[name]
            diffs[name] = list(differences(current or {}, new, old_name=f"{name} now", new_name=f"{name} next"))
    errors = errors_of(found)
    if as_json:
        from pkgci.cli.screen import print_json

        print_json({**diffs, **data_of(errors)})
    else:
        for name, lines in diffs.items():
            if found[name] is None:
                say(f"# {name}: nothing is deployed there yet", err=True)
            _show(name, lines)
    show_errors(errors)
    return status_of(found, as_declared=not any(diffs.values()))


def _show(name: str, lines: list[str]) -> None:
    colours = {"+": "green", "-": "red", "@": "cyan"}
    for line in lines:
        say(line, fg=colours.get(line[:1]))
    if not lines:
        say(f"# {name}: no difference", err=True)
