"""The names in a layout: which jobs belong to a step or a package, and which templates a project has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pkgci.model.site import Site
from pkgci.model.steps import STEPS, Scope, Step, job_name, job_prefix
from pkgci.pipelines.trust import escaped, exactly

# The template of what is done once for a project, not for each of its targets.
ONCE = "packages"


def job_pattern(site: Site, steps: Iterable[Step], start: str = ".+") -> str:
    """The pattern of the names of the jobs of ``steps``, of the projects whose jobs' names begin with ``start``."""
    ends = []
    for scope, targets in ((Scope.TARGET, list(site.targets)), (Scope.PROJECT, None)):
        names = [job_name("", step, None) for step in steps if step.scope is scope]
        if names and targets is None:
            ends.append(_one_of(names))
        elif names and targets:
            ends.append(f"{_one_of(names)}{_one_of([f'-{target}' for target in targets])}")
    return f"^{start}{_one_of(ends, plain=False)}$"


def _one_of(words: list[str], *, plain: bool = True) -> str:
    """A pattern for one of ``words``, with what they all begin with in front of the bracket."""
    start = "-" if all(word.startswith("-") for word in words) else ""
    rest = [escaped(word.removeprefix(start)) if plain else word.removeprefix(start) for word in words]
    return start + (rest[0] if len(rest) == 1 else f"({'|'.join(rest)})")


def template_name(target: str) -> str:
    return f"packages-{target}"


def of_upstream(template: str) -> str:
    """The template in place of ``template`` for the project with a package's upstream: without what a clock starts."""
    return template if template == ONCE else f"upstream-of-{template}"


def targets_of_upstreams(site: Site) -> set[str]:
    """The targets of the packages whose upstream is a project of its own."""
    return {target for project in site.projects.values() if project.upstream for target in project.targets}


def calls(site: Site, repository: str) -> Iterator[dict[str, str]]:
    """The templates of a project: those of its own packages, and of the packages that are made of it."""
    for name, project in site.projects.items():
        own = name == repository
        if own or (project.upstream and project.upstream.project == repository):
            for template in (*(template_name(target) for target in project.targets), ONCE):
                called = template if own else of_upstream(template)
                yield {"template": called, "prefix": job_prefix(project.name)}


def other_branches(site: Site) -> Iterator[dict[str, str]]:
    """For packages that are made of one branch of their upstream: what starts no jobs of theirs."""
    for project in site.projects.values():
        if project.upstream and project.upstream.branch:
            yield {
                "pattern": job_pattern(site, STEPS.values(), escaped(job_prefix(project.name))),
                "project": exactly(project.upstream.project),
                "branch": f"^(?!{escaped(project.upstream.branch)}$)",
            }
