"""What must be true of a project's ``source:`` beside its type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pkgci.model.document import Document, Fault


def check_source(document: Document, name: str, project: Any, repository: str) -> Iterator[Fault]:
    """The upstream of a project is another project, and only a package has one."""
    source = project.get("source") if isinstance(project, dict) else None
    if not isinstance(source, dict) or "project" not in source:
        return
    place = document.position(("projects", name, "source", "project"))
    if source["project"] == repository:
        hint = "where upstream's files are in it, it is `source: tree`"
        yield Fault(place, f"the project '{repository}' cannot be its own upstream: {hint}")
    if project.get("own_steps") is True:
        yield Fault(place, "an upstream project cannot be combined with own_steps: these make no package")
