"""``jenkins-plugin-cli`` of the stand-in: the plugin manager's arguments, and placeholders in place of plugins.

From reference/jenkins.md ("Plugins") and the plugin installation manager's own documentation.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from .plugins import Plugin, placeholder

_LINE = re.compile(r"^(?P<id>[A-Za-z0-9._-]+)(?::(?P<version>[A-Za-z0-9._+-]+))?$")


class PluginListError(Exception):
    """A list of plugins that the real tool would refuse, or that pkgci never wants: one without versions."""


def parse_list(lines: Iterable[str], source: str) -> list[Plugin]:
    """The plugins in ``id:version`` lines; ``#`` begins a comment. Raises ``PluginListError``."""
    found: dict[str, Plugin] = {}
    for number, line in enumerate(lines, start=1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        match = _LINE.match(text)
        if match is None:
            raise PluginListError(f"{source}:{number}: {text!r} is not id:version")
        if not match["version"] or match["version"] == "latest":
            raise PluginListError(f"{source}:{number}: {text!r} has no version")
        known = found.get(match["id"])
        if known is not None and known.version != match["version"]:
            raise PluginListError(f"{source}:{number}: {match['id']} has two versions")
        found[match["id"]] = Plugin(match["id"], match["version"])
    return list(found.values())


def install(plugins: Iterable[Plugin], folder: Path) -> list[Plugin]:
    """Puts the placeholders into ``folder``; those that were not there, or in another version."""
    folder.mkdir(parents=True, exist_ok=True)
    changed = []
    for plugin in plugins:
        file, content = folder / f"{plugin.id}.jpi", placeholder(plugin)
        if not file.is_file() or file.read_text(encoding="utf-8") != content:
            file.write_text(content, encoding="utf-8")
            changed.append(plugin)
    return changed


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. 0 done, 1 a list that cannot be used, 2 a command line that is wrong."""
    given = _parser().parse_args(arguments)
    try:
        plugins = parse_list(given.plugins or [], "--plugins")
        if given.plugin_file is not None:
            plugins += parse_list(given.plugin_file.read_text(encoding="utf-8").splitlines(), str(given.plugin_file))
        if given.war is not None and not given.war.is_file():
            raise PluginListError(f"--war: {given.war} is not there")
        changed = install(plugins, given.plugin_download_directory)
    except (PluginListError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    for plugin in changed:
        print(f"{plugin.id}:{plugin.version} (a placeholder: this is pkgci's stand-in for Jenkins)")
    print("Done")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jenkins-plugin-cli",
        description="pkgci's stand-in for Jenkins' plugin manager: writes placeholders, downloads nothing.",
        allow_abbrev=False,
    )
    parser.add_argument("--war", "-w", type=Path)
    parser.add_argument("--plugin-download-directory", "-d", type=Path, default=Path("/usr/share/jenkins/ref/plugins"))
    parser.add_argument("--plugin-file", "-f", type=Path)
    parser.add_argument("--plugins", "-p", nargs="*")
    parser.add_argument("--latest", nargs="?", const="true", choices=("true", "false"), default="true")
    for address in ("--jenkins-update-center", "--jenkins-update-center-download-url", "--jenkins-plugin-info"):
        parser.add_argument(address)
    parser.add_argument("--verbose", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main())
