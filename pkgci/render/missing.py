"""Which value a template missed: the template, the line, and the key of the site file that would give it."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import nodes

from pkgci.errors import UsageError
from pkgci.model.site import Host


def explain(error: Exception, environment: jinja2.Environment, context: dict[str, Any], host: Host) -> UsageError:
    """The error to show for an undefined value. ``error`` was raised while a template was rendered."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(".j2")]
    if not frames:
        return UsageError(f"a Hiera template cannot be rendered for host {host.name}: {error}")
    template, line = Path(frames[-1].filename), frames[-1].lineno or 1
    where = f"{template}:{line}"
    undefined = isinstance(error, jinja2.UndefinedError)
    chain = _missing_chain(environment, template, line, context) if undefined else None
    if chain is None:
        return UsageError(f"{where}: {error} (host {host.name})")
    key = _site_key(chain, host)
    return UsageError(
        f"{where}: host {host.name} needs a value that the site does not have: {key}", f"add '{key}' to the site file"
    )


def _missing_chain(
    environment: jinja2.Environment, template: Path, line: int, context: dict[str, Any]
) -> tuple[str, ...] | None:
    """The first chain of names on ``line`` (``site.gerrit.host``) that leads nowhere."""
    chains = list(_chains(environment.parse(template.read_text(encoding="utf-8")), line))
    for chain in chains:
        part_of_another = any(other[: len(chain)] == chain and len(other) > len(chain) for other in chains)
        if not part_of_another and _leads_nowhere(chain, context):
            return chain
    return None


def _leads_nowhere(chain: tuple[str, ...], context: dict[str, Any]) -> bool:
    value: Any = context
    for part in chain:
        value = value.get(part) if isinstance(value, dict) else getattr(value, part, None)
        if value is None:
            return True
    return False


def _chains(tree: nodes.Template, line: int) -> Iterator[tuple[str, ...]]:
    for node in tree.find_all((nodes.Getattr, nodes.Getitem, nodes.Name)):
        if node.lineno == line:
            chain = _chain(node)
            if chain:
                yield chain


def _chain(node: nodes.Node) -> tuple[str, ...] | None:
    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr):
        before = _chain(node.node)
        return before and (*before, node.attr)
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        before = _chain(node.node)
        return before and (*before, str(node.arg.value))
    return None


def _site_key(chain: tuple[str, ...], host: Host) -> str:
    if chain[0] == "site":
        return ".".join(chain[1:]) or "site"
    if chain[0] == "host":
        return ".".join(("hosts", host.name, *chain[1:]))
    return ".".join(chain)
