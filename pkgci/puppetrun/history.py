"""Which hosts the last bootstrap left undone, so that `--rerun failed` repeats only those."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pkgci.files import rewrite
from pkgci.model.site import Site
from pkgci.remembering import remembering


def _file(site: Site) -> Path:
    return site.directory / ".pkgci" / "bootstrap.json"


def undone(site: Site) -> tuple[str, ...]:
    """The hosts of ``site`` that failed or were not reached when they were last tried, in the order of the site."""
    try:
        outcomes = _outcomes(_file(site).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    return tuple(host.name for host in site.hosts if outcomes.get(host.name) is False)


def remember(site: Site, outcomes: Mapping[str, bool]) -> None:
    """Writes down for each host of ``outcomes`` whether it is done. What is known of other hosts stays."""
    names = {host.name for host in site.hosts}

    def merged(text: str) -> str:
        known = {name: done for name, done in {**_outcomes(text), **outcomes}.items() if name in names}
        return json.dumps({"done": known}, indent=2) + "\n"

    with remembering("the outcome of this run is", _file(site)):
        rewrite(_file(site), merged)


def _outcomes(text: str) -> dict[str, object]:
    """What the file says of each host; nothing where it says nothing that can be understood."""
    try:
        outcomes = json.loads(text)["done"]
    except (ValueError, KeyError, TypeError):
        return {}
    return outcomes if isinstance(outcomes, dict) else {}
