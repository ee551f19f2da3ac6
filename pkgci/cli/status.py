"""``pkgci status``: one screen that says how the site is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pkgci.cli.invocation import pasteable
from pkgci.cli.options import connection_options, json_option, site_option
from pkgci.errors import ExitStatus

if TYPE_CHECKING:
    from pkgci.model.site import Site
    from pkgci.secrets.openpgp import Subkey
    from pkgci.status.judge import Status


@click.command(epilog="Examples: pkgci status, pkgci status --json, watch -c pkgci status")
@site_option
@json_option
@connection_options
def command(site_file: Path, as_json: bool, parallel: int, accept_new_host_keys: bool) -> int:
    """Show on one screen how the site is: what is wrong first, and what to type next.

    Asks every host at once, over SSH, for at most 10 seconds: the last run of Puppet, services, disk, certificates and
    keys; what Gearman, Zuul and Jenkins have to do. Exit status 1: something is not as declared (a service is down, a
    disk is more than 90 % full, a certificate ends within 30 days or a key within 60, a job that nobody offers, a node
    offline).
    """
    import time
    from dataclasses import replace
    from datetime import UTC, datetime

    from pkgci.cli.connect import status_of
    from pkgci.cli.screen import print_json, remarks
    from pkgci.leavers.leaving import leaving, leftovers
    from pkgci.leavers.memory import recall
    from pkgci.model.load import load_site
    from pkgci.model.plural import counted
    from pkgci.remote.trust import Trust, accept, refuse
    from pkgci.status.data import as_data
    from pkgci.status.gather import gather
    from pkgci.status.judge import Problem, judge

    site = load_site(site_file)
    # Nobody is asked about a key: a question does not go with a deadline.
    trust = Trust.of(site, accept if accept_new_host_keys else refuse)
    began = time.monotonic()
    with remarks().status(f"asking {counted(len(site.hosts), 'host')}"):
        answers = gather(site, trust, parallel=parallel)
    status = judge(site, answers, _authority(site), datetime.now(UTC), _signing(site))
    left = leftovers(site, leaving(site, recall(site)))
    problems = (*status.problems, *(Problem(one.host, one.what, one.next) for one in left))
    status = replace(status, problems=tuple(replace(one, next=pasteable(one.next)) for one in problems))
    if as_json:
        print_json(as_data(status, time.monotonic() - began))
    else:
        _show(status)
    if not status.reached:
        return status_of(answers)
    return ExitStatus.NOT_AS_DECLARED if status.problems else ExitStatus.AS_DECLARED


def _authority(site: Site) -> str | None:
    """The certificate of the site's CA; None for a site without secrets."""
    from pkgci.errors import PkgciError
    from pkgci.secrets.needs import CA
    from pkgci.secrets.store import SecretStore

    try:
        return SecretStore.open(site.directory / "secrets").public(CA)
    except PkgciError:
        return None


def _signing(site: Site) -> dict[str, tuple[Subkey, ...]]:
    """What signs each repository's packages; nothing of those whose key has not been made yet."""
    from pkgci.errors import PkgciError
    from pkgci.secrets.needs import REPOSITORY_KEYS, signing_name
    from pkgci.secrets.repository_keys import signing_subkeys
    from pkgci.secrets.store import SecretStore

    try:
        store = SecretStore.open(site.directory / "secrets")
        names = {purpose: signing_name(name) for name, purpose in REPOSITORY_KEYS.items()}
        return {purpose: signing_subkeys(store.public(name)) for purpose, name in names.items()}
    except PkgciError:
        return {}


def _show(status: Status) -> None:
    from rich.text import Text

    from pkgci.cli.screen import output
    from pkgci.status.report import screen

    console = output()
    width = console.width if console.is_terminal else 80
    for line in screen(status, width):
        text = Text.assemble(*line)
        text.rstrip()
        console.print(text)
