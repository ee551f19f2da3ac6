"""What the shell completes: names of hosts, roles, targets and secrets, read from the site file as it is.

A shell asks while somebody types, perhaps in the middle of an edit of the site file. So the file is read without being
validated, whatever cannot be read completes to nothing, and no question ends in an error message.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Completer = Callable[[click.Context, str], "list[CompletionItem]"]


def _completer(names: Callable[[Path], Iterable[str]]) -> Completer:
    """Completes to those of ``names``, which are found by the path of the site file."""

    def complete(ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        try:
            found = list(names(_site_file(ctx)))
        except Exception:  # a shell's prompt is no place for an error message
            return []
        return [CompletionItem(name) for name in dict.fromkeys(found) if name.startswith(incomplete)]

    return complete


def _listing(complete: Completer) -> Completer:
    """Completes the last of several names between commas."""

    def complete_last(ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        before, comma, last = incomplete.rpartition(",")
        items = complete(ctx, last)
        for item in items:
            item.value = f"{before}{comma}{item.value}"
        return items

    return complete_last


def _site_file(ctx: click.Context) -> Path:
    """The site file that the command line names so far, or else the environment, or else the default."""
    named = ctx.params.get("site_file") or os.environ.get("PKGCI_SITE") or "site.yaml"
    return Path(named)


def _mapping(file: Path, key: str) -> dict[str, Any]:
    """The mapping ``key`` of the YAML file ``file``; the file's own where ``key`` is empty."""
    import yaml

    data = yaml.load(file.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    found = data.get(key) if key and isinstance(data, Mapping) else data
    return {str(name): value for name, value in found.items()} if isinstance(found, Mapping) else {}


def _hosts(site_file: Path) -> Iterable[str]:
    return _mapping(site_file, "hosts")


def _machines(site_file: Path) -> Iterable[str]:
    """The hosts of a lab, with those that the lab itself adds."""
    from pkgci.model.lab import STAND_INS

    return (*_hosts(site_file), "outside", STAND_INS)


def _left(site_file: Path) -> Iterable[str]:
    """The hosts that are remembered and no longer in the site file."""
    from pkgci.leavers.memory import recall
    from pkgci.model.load import load_site

    site = load_site(site_file)
    here = {host.name for host in site.hosts}
    return (name for name in recall(site) if name not in here)


def _roles(_site_file: Path) -> Iterable[str]:
    from pkgci.model.roles import Role

    return (role.value for role in Role)


def _secrets(site_file: Path) -> Iterable[str]:
    """The secrets that there are, and those that a valid site needs besides."""
    yield from _mapping(site_file.parent / "secrets" / "secrets.eyaml", "") if _has_secrets(site_file) else ()
    from pkgci.errors import PkgciError
    from pkgci.model.load import load_site
    from pkgci.secrets.needs import needs

    try:
        yield from needs(load_site(site_file))
    except (PkgciError, OSError):
        return


def _to_rotate(site_file: Path) -> Iterable[str]:
    from pkgci.secrets.rotation import NAMES

    return (*NAMES, *_secrets(site_file))


def _has_secrets(site_file: Path) -> bool:
    return (site_file.parent / "secrets" / "secrets.eyaml").is_file()


def _targets(site_file: Path) -> Iterable[str]:
    return _mapping(site_file, "targets")


def _projects(site_file: Path) -> Iterable[str]:
    return _mapping(site_file, "projects")


# Parameter, as a command's function knows it → the names that complete it; then those of single commands.
_OF_PARAMETERS = {
    name: _completer(names)
    for name, names in {
        "hosts": _hosts,
        "roles": _roles,
        "target": _targets,
        "project": _projects,
    }.items()
}
_OF_PARAMETERS |= dict.fromkeys(("limit", "exclude"), _listing(_OF_PARAMETERS["hosts"]))
_OF_COMMANDS = {
    one: _completer(names)
    for one, names in {
        ("retire", "name"): _left,
        ("secrets show", "name"): _secrets,
        ("secrets set", "name"): _secrets,
        ("secrets rotate", "name"): _to_rotate,
        ("lab ssh", "host"): _machines,
        ("lab exec", "host"): _machines,
    }.items()
}


def complete_names(name: str, command: click.Command) -> None:
    """Has the parameters of ``command``, called ``name``, and of the commands below it complete the site's names."""
    if isinstance(command, click.Group):
        for below, one in command.commands.items():
            complete_names(f"{name} {below}", one)
    for parameter in command.params:
        of_command = _OF_COMMANDS.get((name, parameter.name or ""))
        completer = of_command or _OF_PARAMETERS.get(parameter.name or "")
        if completer is not None:
            parameter.shell_complete = completer  # type: ignore[method-assign, assignment]
