"""``pkgci render-pipelines``: the Zuul layout, to be reviewed before it is deployed."""

from __future__ import annotations

from pathlib import Path

import click

from pkgci.cli.no_pipelines import tell_no_pipelines
from pkgci.cli.options import json_option, site_option
from pkgci.cli.outputs import output_folder_option
from pkgci.cli.say import say, say_exactly
from pkgci.errors import ExitStatus


@click.command(epilog="Examples: pkgci render-pipelines, pkgci render-pipelines --output review")
@site_option
@output_folder_option("--output", help="Write the files into this folder.")
@json_option
def command(site_file: Path, output: Path | None, as_json: bool) -> int:
    """Show the Zuul layout: the pipelines check, gate, promote and periodic, and the jobs of each project.

    It is made from the site's projects and targets, and from the site's own layout files. In the folder of an earlier
    run, files that the layout no longer includes are removed; other files stay.
    """
    from pkgci.model.load import load_site
    from pkgci.pipelines.layout import render

    site = load_site(site_file)
    if site.gerrit is None:
        return tell_no_pipelines(site, as_json)
    layout = render(site)
    if output is not None:
        from pkgci.outputs import write_folder
        from pkgci.pipelines.own import earlier_files

        stale = write_folder(output, layout.files, earlier_files(output))
        removed = f", {stale} stale removed" if stale else ""
        say(f"{', '.join(layout.files)} written below {output}{removed}", err=True)
    if as_json:
        from pkgci.cli.screen import print_json

        print_json({"files": layout.files, "layout": layout.data})
    elif output is None:
        say_exactly(layout.text, nl=False)
    return ExitStatus.AS_DECLARED
