"""``pkgci validate``: is the site file right?"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pkgci.cli.invocation import pasteable
from pkgci.cli.options import json_option, site_option
from pkgci.cli.say import say

if TYPE_CHECKING:
    from pkgci.leavers.leaving import Leftover
    from pkgci.model.site import Site


@click.command(epilog="Example: pkgci validate --site mysite/site.yaml")
@site_option
@json_option
@click.option("--schema", is_flag=True, help="Print the JSON Schema of a site file, for editors.")
def command(site_file: Path, as_json: bool, schema: bool) -> int:
    """Check the site file and name every fault, each with file:line:column.

    The files that it names are read, too: jobs, layouts, Hiera templates and manifests. What this accepts, no later
    command refuses for what stands in it.
    """
    import json

    from pkgci.errors import ExitStatus
    from pkgci.model.load import json_schema, load_strictly
    from pkgci.model.plural import counted
    from pkgci.rehearsal import check_files, missing_keys

    if schema:
        say(json.dumps(json_schema(), indent=2))
        return ExitStatus.AS_DECLARED
    loaded = load_strictly(site_file)
    check_files(loaded)
    site = loaded.site
    left = _left(site)
    counts = Counter(role.value for host in site.hosts for role in host.roles)
    if as_json:
        facts = {
            "site": str(site_file),
            "valid": True,
            "hosts": len(site.hosts),
            "roles": counts,
            "left": [{**asdict(one), "next": pasteable(one.next)} for one in left],
            "missing_keys": list(missing_keys(site)),
        }
        say(json.dumps(facts))
        return ExitStatus.AS_DECLARED
    say(f"{site_file}: valid. Site '{site.name}', {counted(len(site.hosts), 'host')}:")
    for host in site.hosts:
        say(f"  {host.name:<12} {host.address:<16} {', '.join(host.roles)}")
    for file in missing_keys(site):
        say(f"the private key {file} is not on this machine: hosts cannot be reached with it from here", err=True)
    for one in left:
        say(pasteable(str(one)), err=True)
    return ExitStatus.AS_DECLARED


def _left(site: Site) -> tuple[Leftover, ...]:
    """What has left the site file and is still there. Where no host was ever bootstrapped, nothing is loaded for it."""
    from pkgci.leavers import MEMORY

    if not (site.directory / MEMORY).exists():
        return ()
    from pkgci.leavers.leaving import leaving, leftovers
    from pkgci.leavers.memory import recall

    return leftovers(site, leaving(site, recall(site)))
