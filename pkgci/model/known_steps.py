"""What a host lacks of what the site's jobs need there: its /etc/pkgci/steps.json beside the site. Pure.

A job of a project, or for a target, that its host does not know ends at once; so does one on a host that has not become
what the site says it is.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pkgci.model.packages import step_settings
from pkgci.model.roles import SLAVES
from pkgci.model.site import Host, Site


def lacking(site: Site, host: Host, text: str | None, projects: Collection[str]) -> tuple[str, ...]:
    """What ``host`` does not know yet, in words; ``text`` is its steps.json, None where it has none.

    ``projects`` are those whose jobs matter, as Gerrit calls them. What a host knows besides is not asked for.
    """
    told = _read(text)
    wanted = json.loads(json.dumps(step_settings(site, host, lambda name: [])))
    targets = {target for project in projects for target in site.projects[project].targets}
    return (
        *_of(wanted["projects"], told.get("projects"), projects, "{}"),
        *_of(wanted["targets"], told.get("targets"), targets, "the target {}"),
        *(f"the role {role}" for role in host.roles if role in SLAVES and not _has(told, role)),
    )


def _read(text: str | None) -> Mapping[str, Any]:
    try:
        told = json.loads(text or "{}")
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _of(wanted: Mapping[str, Any], told: Any, names: Collection[str], words: str) -> Iterator[str]:
    told = told if isinstance(told, dict) else {}
    for name in (name for name in wanted if name in names):
        if name not in told:
            yield words.format(name)
        elif not _same(wanted[name], told[name]):
            yield f"{words.format(name)} as it is now"


def _same(wanted: Mapping[str, Any], told: Any) -> bool:
    """Whether the host knows the same. What only one of them has a word for is another release's of pkgci."""
    return isinstance(told, dict) and all(told[key] == value for key, value in wanted.items() if key in told)


def _has(told: Mapping[str, Any], role: str) -> bool:
    """Whether the host has become this; hosts of an earlier release do not say."""
    return bool(told) and role in told.get("roles", [role])
