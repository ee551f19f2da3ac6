"""What must be true of a project's ``source:`` beside its type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pkgci.model.document import Document, Fault


def check_source(document: Document, name: str, project: Any, repository: str) -> Iterator[Fault]:
    """The upstream of a project is another project, and only a package has one."""
    source = upstream(project)
    if not source:
        return
    place = document.position(("projects", name, "source", "project"))
    if source["project"] == repository:
        hint = "where upstream's files are in it, it is `source: tree`"
        yield Fault(place, f"the project '{repository}' cannot be its own upstream: {hint}")
    if project.get("own_steps") is True:
        yield Fault(place, "an upstream project cannot be combined with own_steps: these make no package")


def check_targets(document: Document, projects: dict[str, Any]) -> Iterator[Fault]:
    """A change of an upstream project is built once for a target: its builds are known by both alone."""
    seen: dict[tuple[str, str], dict[str, str | None]] = {}
    for name, project in projects.items():
        for target in _targets(project):
            if project.get("own_steps") is not True:
                # What is built of the upstream project itself is built of each of its branches.
                seen[(str(project.get("repository") or name), str(target))] = {str(name): None}
    for name, project in projects.items():
        source = upstream(project)
        for index, target in enumerate(_targets(project) if source else []):
            branch = source.get("branch")
            others = seen.setdefault((str(source["project"]), str(target)), {})
            for other, fixed in others.items():
                if other != name and (branch is None or fixed is None or branch == fixed):
                    place = document.position(("projects", name, "targets", index))
                    what = f"'{other}' is made of {source['project']} for {target}, too"
                    yield Fault(place, f"{what}: a change of that would be built twice for one target")
                    break
            others[name] = branch


def _targets(project: Any) -> list[Any]:
    targets = project.get("targets") if isinstance(project, dict) else None
    return targets if isinstance(targets, list) else []


def upstream(project: Any) -> dict[str, Any]:
    """What a project's entry says of an upstream project; nothing where it says none."""
    source = project.get("source") if isinstance(project, dict) else None
    return source if isinstance(source, dict) and "project" in source else {}
