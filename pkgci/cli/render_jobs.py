"""``pkgci render-jobs``: the Jenkins jobs, to be reviewed before they are deployed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pkgci.cli.options import json_option, site_option
from pkgci.cli.outputs import output_folder_option
from pkgci.cli.say import say
from pkgci.errors import ExitStatus
from pkgci.model.plural import counted

if TYPE_CHECKING:
    from pkgci.jobs.render import RenderedJob


@click.command(epilog="Examples: pkgci render-jobs, pkgci render-jobs --output review, pkgci render-jobs --json")
@site_option
@output_folder_option("--output", help="Write NAME.xml files to this folder.")
@json_option
def command(site_file: Path, output: Path | None, as_json: bool) -> int:
    """List the Jenkins jobs of the site's projects and of its own JJB files, or write the config.xml of each.

    In the folder of an earlier run, the files of jobs that are no longer wanted are removed; other files stay.
    """
    from pkgci.cli.screen import print_json
    from pkgci.jobs.render import render_jobs
    from pkgci.model.load import load_site

    site = load_site(site_file)
    jobs = render_jobs(site)
    if output is not None:
        _write(site.name, jobs, output)
    if as_json:
        print_json({job.name: job.xml for job in jobs})
    elif output is None:
        for job in jobs:
            say(job.name)
    return ExitStatus.AS_DECLARED


def _write(site: str, jobs: tuple[RenderedJob, ...], folder: Path) -> None:
    from pkgci.jobs.mark import earlier_files
    from pkgci.outputs import write_folder

    stale = write_folder(folder, {f"{job.name}.xml": job.xml for job in jobs}, earlier_files(folder, site))
    removed = f", {stale} stale removed" if stale else ""
    say(f"{counted(len(jobs), 'job')} written to {folder}{removed}", err=True)
