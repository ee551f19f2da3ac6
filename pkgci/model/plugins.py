"""Jenkins' plugins: those that something uses, with all that they need, each with its version and its checksum.

``plugins.json`` has what goes together with Jenkins 2.568, as its update centre gave it. Of a plugin without ``sha256``
no public record of the released file was found where this list was made; of one without ``version`` none at all.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from pkgci.model.site import Site

# What pkgci's own configuration and jobs use: Configuration as Code, agents over SSH with their keys, who may do what,
# and jobs from Zuul.
_ALWAYS = ("configuration-as-code", "credentials", "ssh-slaves", "matrix-auth", "gearman-plugin")


@dataclass(frozen=True)
class Pinned:
    """What Jenkins gets. ``checksums`` are by `name:version`; ``companions`` come along in any version."""

    versions: dict[str, str]
    checksums: dict[str, str]
    companions: tuple[str, ...]


def pinned(site: Site) -> Pinned:
    """The plugins of ``site``'s Jenkins, by name: the site file's own word about one comes before ours."""
    known = _known()
    entries = {name: known[name] for name in sorted(_closure(known, _used(site)))}
    entries |= {name: plugin.entry for name, plugin in sorted(site.jenkins.plugins.items())}
    versions = {name: entry["version"] for name, entry in entries.items() if "version" in entry}
    return Pinned(
        versions=versions,
        checksums={f"{name}:{versions[name]}": entry["sha256"] for name, entry in entries.items() if "sha256" in entry},
        companions=tuple(name for name in entries if name not in versions),
    )


def _used(site: Site) -> tuple[str, ...]:
    jenkins = site.jenkins
    relayed = site.mail is not None and site.mail.relay is not None
    more = {"ldap": jenkins.ldap is not None, "oic-auth": jenkins.oidc is not None, "mailer": relayed}
    return (*_ALWAYS, *(name for name, wanted in more.items() if wanted))


def _closure(known: dict[str, Any], names: tuple[str, ...]) -> set[str]:
    found: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += known[name].get("needs", ())
    return found


@cache
def _known() -> dict[str, Any]:
    from importlib import resources

    text = resources.files(__package__).joinpath("plugins.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found
