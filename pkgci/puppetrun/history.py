"""Which hosts the last bootstrap left undone, so that `--rerun failed` repeats only those."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pkgci.files import write_atomically
from pkgci.model.site import Site


def _file(site: Site) -> Path:
    return site.directory / ".pkgci" / "bootstrap.json"


def undone(site: Site) -> tuple[str, ...]:
    """The hosts of ``site`` that failed or were not reached when they were last tried, in the order of the site."""
    try:
        outcomes = json.loads(_file(site).read_text())["done"]
    except (OSError, ValueError, KeyError, TypeError):
        return ()
    if not isinstance(outcomes, dict):
        return ()
    return tuple(host.name for host in site.hosts if outcomes.get(host.name) is False)


def remember(site: Site, outcomes: Mapping[str, bool]) -> None:
    """Writes down for each host of ``outcomes`` whether it is done. What is known of other hosts stays."""
    file = _file(site)
    try:
        known = json.loads(file.read_text())["done"]
        known = known if isinstance(known, dict) else {}
    except (OSError, ValueError, KeyError, TypeError):
        known = {}
    names = {host.name for host in site.hosts}
    merged = {name: done for name, done in {**known, **outcomes}.items() if name in names}
    write_atomically(file, json.dumps({"done": merged}, indent=2) + "\n")
