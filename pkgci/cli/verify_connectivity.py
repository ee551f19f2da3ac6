"""``pkgci verify-connectivity``: is the network as open and as closed as declared?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pkgci.cli.invocation import pasteable
from pkgci.cli.options import connection_options, json_option, junit_option, site_option
from pkgci.cli.outputs import Output, also, check_one_result
from pkgci.errors import ExitStatus

if TYPE_CHECKING:
    from pkgci.connectivity.judge import Result
    from pkgci.model.site import Site


@click.command(
    epilog="Examples: pkgci verify-connectivity, pkgci verify-connectivity --json, "
    "pkgci verify-connectivity --junit connectivity.xml"
)
@site_option
@json_option
@junit_option
@connection_options
def command(site_file: Path, as_json: bool, junit: Output | None, parallel: int, accept_new_host_keys: bool) -> int:
    """Prove that the network is as open and as closed as declared.

    From every host, from this machine and from the outside host, every port that the site names is tried on every
    host. What the flows permit must be open and answer as its service does; everything else must be closed. Exit
    status 1 names every surprise, either way.
    """
    from pkgci.cli.connect import site_trust
    from pkgci.cli.screen import print_json, remarks
    from pkgci.connectivity.report import as_data, cases
    from pkgci.connectivity.run import verify
    from pkgci.junit import junit_xml
    from pkgci.model.load import load_site
    from pkgci.model.plural import counted, noun

    check_one_result(junit, as_json)
    site = load_site(site_file)
    places = len(site.hosts) + (site.outside is not None)
    authority = _authority(site)
    with remarks().status("") as status:
        waiting = places

        def done(name: str) -> None:
            nonlocal waiting
            waiting -= 1
            probed = f"{places - waiting} of {counted(places, 'place')}"
            status.update(f"{probed} {noun(places, 'has', 'have')} been probed from, last {name}")

        status.update(f"probing from {counted(places, 'place')}")
        result = verify(site, site_trust(site, accept_new_host_keys), authority, parallel=parallel, done=done)
    result = _pasteable(result)
    with also(junit, lambda: junit_xml("connectivity", cases(result))) as shown:
        if shown and as_json:
            print_json({"site": site.name, **as_data(result)})
        elif shown:
            _show(result)
    if result.reached == 0:
        return ExitStatus.NOTHING_REACHED
    wrong = any(verdict.wrong for verdict in result.verdicts)
    return ExitStatus.NOT_AS_DECLARED if wrong else ExitStatus.AS_DECLARED


def _pasteable(result: Result) -> Result:
    """The verdicts, with the commands in them for this site."""
    from dataclasses import replace

    told = (replace(one, advice=pasteable(one.advice)) if one.advice else one for one in result.verdicts)
    return replace(result, verdicts=tuple(told))


def _authority(site: Site) -> str | None:
    """The certificate of the site's CA; None for a site without secrets, whose certificates others have issued."""
    from pkgci.secrets.needs import CA
    from pkgci.secrets.store import SecretStore

    folder = site.directory / "secrets"
    return SecretStore.open(folder).public(CA) if (folder / "secrets.eyaml").exists() else None


def _show(result: Result) -> None:
    """The matrix, every surprise, and the sum of it."""
    import textwrap

    from rich.text import Text

    from pkgci.cli.screen import output
    from pkgci.connectivity.judge import State
    from pkgci.connectivity.report import grid, summary, surprises

    console = output()
    width = console.width if console.is_terminal else 80
    for line in grid(result, width):
        console.print(Text.assemble(*line))
    styles = {State.SURPRISE: "red", State.UNPROVEN: "yellow", State.WARNING: "yellow"}
    for state, text in surprises(result):
        folded = textwrap.wrap(text, width, subsequent_indent="    ") if console.is_terminal else [text]
        console.print(Text("\n".join(folded), styles[state]))
    wrong = any(verdict.wrong for verdict in result.verdicts)
    console.print(Text(summary(result), "bold red" if wrong else "bold green"))
