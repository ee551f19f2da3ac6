"""What must be true across the projects of a site file: whose repository is whose, and whose jobs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pkgci.model.check_source import check_source, check_targets, upstream
from pkgci.model.document import Document, Fault, Path_
from pkgci.model.steps import job_prefix
from pkgci.model.words import nearest


def check_projects(document: Document, projects: dict[str, Any]) -> Iterator[Fault]:
    """Gerrit's repositories are one project each, the jobs of two projects have different names, and sources fit."""
    repositories: dict[str, str] = {}
    jobs: dict[str, str] = {}
    for name, project in projects.items():
        given = project.get("repository") if isinstance(project, dict) else None
        repository = given if isinstance(given, str) else name
        # To Jenkins, names that differ in capitals only are the same.
        start = job_prefix(str(name)).lower()
        if repository in repositories:
            path: Path_ = ("projects", name, "repository") if given else ("projects", name)
            place = document.position(path, key=not given)
            yield Fault(place, f"the project '{repositories[repository]}' has the repository '{repository}' already")
        elif start in jobs:
            yield Fault(
                document.position(("projects", name), key=True),
                f"the jobs of '{name}' and '{jobs[start]}' would have the same names, {job_prefix(str(name))}-…: "
                "give one of them another name, with `repository:` for Gerrit's",
            )
        repositories.setdefault(repository, name)
        jobs.setdefault(start, name)
        yield from check_source(document, name, project, repository)
        yield from _own_steps(document, str(name), project)
    yield from check_targets(document, projects)
    yield from _check_groups(document, projects)


def _own_steps(document: Document, name: str, project: Any) -> Iterator[Fault]:
    """Programs of a project's own are run for those whom the site trusts."""
    zuul = document.data.get("zuul")
    if not isinstance(project, dict) or project.get("own_steps") is not True:
        return
    if not (isinstance(zuul, dict) and isinstance(zuul.get("trust"), dict)):
        yield Fault(
            document.position(("projects", name, "own_steps")),
            f"the project '{name}' has own_steps, and every change runs: say whose may, with "
            "`zuul: {trust: {accounts: […], approval: {label: …, value: …}}}`",
        )


def _check_groups(document: Document, projects: dict[str, Any]) -> Iterator[Fault]:
    """A group has projects of the site, or upstreams of them: the changes of others start no jobs."""
    groups = document.data.get("groups")
    upstreams = [str(source["project"]) for project in projects.values() if (source := upstream(project))]
    known = [*map(str, projects), *upstreams]
    for name, named in groups.items() if isinstance(groups, dict) else ():
        for index, project in enumerate(named) if isinstance(named, list) else ():
            if str(project) not in known:
                place = document.position(("groups", name, index))
                yield Fault(place, f"group '{name}': there is no project '{project}'{nearest(str(project), known)}")
