"""``pkgci validate``: is the site file right?"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pkgci.cli.options import json_option, site_option
from pkgci.cli.say import say

if TYPE_CHECKING:
    from pkgci.model.document import DocumentError


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
    from pkgci.leavers.leaving import leaving, leftovers
    from pkgci.leavers.memory import recall
    from pkgci.model.document import DocumentError
    from pkgci.model.load import json_schema, load_strictly
    from pkgci.rehearsal import check_files, missing_keys

    if schema:
        say(json.dumps(json_schema(), indent=2))
        return ExitStatus.AS_DECLARED
    try:
        loaded = load_strictly(site_file)
        check_files(loaded)
    except DocumentError as error:
        if not as_json:
            raise
        say(json.dumps({"site": str(site_file), "valid": False, "faults": _data(error)}, indent=2))
        return error.status
    site = loaded.site
    left = leftovers(site, leaving(site, recall(site)))
    counts = Counter(role.value for host in site.hosts for role in host.roles)
    if as_json:
        facts = {
            "site": str(site_file),
            "valid": True,
            "hosts": len(site.hosts),
            "roles": counts,
            "left": [asdict(one) for one in left],
            "missing_keys": list(missing_keys(site)),
        }
        say(json.dumps(facts))
        return ExitStatus.AS_DECLARED
    count = len(site.hosts)
    say(f"{site_file}: valid. Site '{site.name}', {count} host{'s' if count > 1 else ''}:")
    for host in site.hosts:
        say(f"  {host.name:<12} {host.address:<16} {', '.join(host.roles)}")
    for file in missing_keys(site):
        say(f"the private key {file} is not on this machine: hosts cannot be reached with it from here", err=True)
    for one in left:
        say(str(one), err=True)
    return ExitStatus.AS_DECLARED


def _data(error: DocumentError) -> list[dict[str, str | int]]:
    return [
        {
            "file": str(fault.file or error.path),
            "line": fault.position.line,
            "column": fault.position.column,
            "message": fault.message,
        }
        for fault in error.faults
    ]
