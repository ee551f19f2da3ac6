"""The plugins that are installed: what ``jenkins-plugin-cli`` puts into ``$JENKINS_HOME/plugins``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Plugin:
    """A plugin and its version."""

    id: str
    version: str


def installed(home: Path) -> Iterator[Plugin]:
    """The plugins in ``home``, by name. A file that is no placeholder (a real plugin) has an unknown version."""
    for file in sorted((home / "plugins").glob("*.jpi")):
        try:
            yield Plugin(file.stem, str(json.loads(file.read_text(encoding="utf-8"))["version"]))
        except (OSError, ValueError, KeyError, TypeError):
            yield Plugin(file.stem, "unknown")


def placeholder(plugin: Plugin) -> str:
    """The content of a plugin's file: the stand-in has no plugins, only their names."""
    note = "A placeholder of pkgci's stand-in for Jenkins. It is not the plugin."
    return json.dumps({"id": plugin.id, "version": plugin.version, "note": note}, indent=1) + "\n"
