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

Completer = Callable[[click.Context, click.Parameter, str], "list[CompletionItem]"]


def _completer(names: Callable[[Path], Iterable[str]]) -> Completer:
    """Completes to those of ``names``, which are found by the path of the site file."""

    def complete(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        try:
            found = list(names(_site_file(ctx)))
        except Exception:  # a shell's prompt is no place for an error message
            return []
        return [CompletionItem(name) for name in dict.fromkeys(found) if name.startswith(incomplete)]

    return complete


def _site_file(ctx: click.Context) -> Path:
    """The site file that the command line names so far, or else the environment, or else the default."""
    named = ctx.params.get("site_file") or os.environ.get("PKGCI_SITE") or "site.yaml"
    return Path(named)


def _mapping(file: Path, key: str) -> dict[str, Any]:
    """The mapping ``key`` of the YAML file ``file``; the file's own where ``key`` is empty."""
    import yaml

    data = yaml.load(file.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    found = data.get(key) if key and isinstance(data, Mapping) else data
    return {str(name): value for name, value in found.items()} if isinstance(found, Mapping) else {}


def _hosts(site_file: Path) -> Iterable[str]:
    return _mapping(site_file, "hosts")


def _machines(site_file: Path) -> Iterable[str]:
    """The hosts of a lab, with those that the lab itself adds."""
    from pkgci.model.stand_ins import STAND_INS

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


hosts = _completer(_hosts)
machines = _completer(_machines)
hosts_that_left = _completer(_left)
roles = _completer(_roles)
targets = _completer(lambda site_file: _mapping(site_file, "targets"))
projects = _completer(lambda site_file: _mapping(site_file, "projects"))
secrets = _completer(_secrets)
secrets_to_rotate = _completer(_to_rotate)
