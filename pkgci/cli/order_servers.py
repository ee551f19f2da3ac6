"""``pkgci order-servers``: the request to the IT department."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pkgci.cli.options import json_option, site_option
from pkgci.cli.outputs import Output, output_file_option
from pkgci.cli.say import say
from pkgci.errors import ExitStatus, UsageError
from pkgci.model.plural import counted

if TYPE_CHECKING:
    from pkgci.model.site import Site


@click.command(epilog="Examples: pkgci order-servers --output order.md, pkgci order-servers --dns")
@site_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["markdown", "csv", "json"]),
    help="How to write the order.  [default: markdown]",
)
@json_option
@click.option("--dns", is_flag=True, help="Write the DNS records instead, as a snippet for BIND's zone files.")
@output_file_option("--output", default="-", help="Write to this file.  [default: standard output]")
def command(site_file: Path, form: str | None, as_json: bool, dns: bool, output: Output) -> int:
    """Write the order for the IT department: machines, DNS names, connections, totals.

    It is made from the site file and the role catalogue alone; no host is reached.
    """
    from pkgci.model.load import load_site

    if as_json and form not in (None, "json"):
        raise UsageError(f"--json cannot be combined with --format {form}")
    form = "json" if as_json else form
    if dns and form is not None:
        raise UsageError(
            f"--dns writes a zone snippet: it cannot be combined with --format {form}", "leave one of them out"
        )
    site = load_site(site_file)
    if dns:
        from pkgci.servers.zone import zone_text

        text = zone_text(site)
    else:
        text = _written(form or "markdown", site)
    output.write(text)
    if output.path is not None:
        say(
            f"{'DNS records' if dns else 'order'} of {counted(len(site.hosts), 'server')} written to {output}", err=True
        )
    return ExitStatus.AS_DECLARED


def _written(form: str, site: Site) -> str:
    from pkgci.servers.order import order
    from pkgci.servers.text import csv_text, data, markdown

    made = order(site)
    if form == "json":
        return json.dumps(data(made), indent=2, ensure_ascii=False) + "\n"
    return csv_text(made) if form == "csv" else markdown(made)
