"""``pkgci topology``: a picture of the hosts and the flows between them."""

from __future__ import annotations

from pathlib import Path

import click

from pkgci.cli.options import json_option, site_option
from pkgci.cli.say import say_exactly
from pkgci.errors import ExitStatus, UsageError


@click.command(epilog="Example: pkgci topology --format dot | dot -Tsvg > site.svg")
@site_option
@click.option("--format", "form", type=click.Choice(["mermaid", "dot"]), help="The language.  [default: mermaid]")
@json_option
def command(site_file: Path, form: str | None, as_json: bool) -> int:
    """Draw the hosts and the flows between them, as a text that Mermaid or Graphviz makes a picture of."""
    from dataclasses import asdict

    from pkgci.cli.screen import print_json
    from pkgci.model.load import load_site
    from pkgci.topology import dot, mermaid, topology

    if as_json and form is not None:
        raise UsageError(f"--json cannot be combined with --format {form}", "leave one of them out")
    site = load_site(site_file)
    picture = topology(site)
    if as_json:
        print_json(asdict(picture))
    else:
        say_exactly((dot if form == "dot" else mermaid)(picture, site.name), nl=False)
    return ExitStatus.AS_DECLARED
