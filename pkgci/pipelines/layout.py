"""The Zuul layout of a site, as text with comments: from projects × targets, and the site's own layout files.

A pure function of the site and of the files that it names. The layout itself is written in ``layout.yaml.j2``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2

from pkgci.errors import UsageError
from pkgci.model.document import Document, Path_
from pkgci.model.roles import Role
from pkgci.model.site import Site
from pkgci.model.steps import STEPS, Pipeline, Scope, Step, job_name
from pkgci.model.timer import zuul_time
from pkgci.model.urls import web_url
from pkgci.pipelines.names import (
    ONCE,
    calls,
    job_pattern,
    of_upstream,
    other_branches,
    targets_of_upstreams,
    template_name,
)
from pkgci.pipelines.own import SECTIONS, Item, OwnLayouts, hashed_name, read_own
from pkgci.pipelines.reading import parse_layout
from pkgci.pipelines.text import dump, quoted
from pkgci.pipelines.trust import (
    VERIFIED,
    Trigger,
    check_triggers,
    escaped,
    exactly,
    republish_triggers,
    zuul_account,
    zuul_passes,
    zuul_votes,
)
from pkgci.pipelines.votes import check_votes

LAYOUT = "layout.yaml"
_CLOCK = Pipeline.PERIODIC.value
# What these test is what promote publishes (pkgci_steps/inputs.py).
RELEASING = (Pipeline.GATE.value, Pipeline.REPUBLISH.value)
# Zuul's connection to the mail relay, in zuul.conf.
MAIL = "mail"
# In a template, what stands for the beginning of the job names of a project.
_JOBS = "{jobs}"
# Gerrit's own label. Its lowest vote is a veto.
_REVIEW = "Code-Review"

_DESCRIPTIONS = {
    Pipeline.CHECK: "Tests each patch set on top of its branch. A comment with the line: recheck, runs it again.",
    Pipeline.GATE: "Tests approved changes in the order in which they will be merged, and merges them.",
    Pipeline.REPUBLISH: "Builds and tests a merged change once more, to be published, where what was tested is lost.",
    Pipeline.PROMOTE: "Publishes the packages of merged changes.",
    Pipeline.PERIODIC: "Builds each branch of each package.",
}
_MESSAGES = {
    # They travel in double quotes, unescaped, on Gerrit's command line (reference: zuul, "Security"): no quotes here.
    "failed": "Build failed. To run the jobs again, write a comment with a line that says only: recheck",
    "unpublished": "Merged, but not published: the log says why. To build, test and publish the branch as it is now, "
    "write a comment with a line that says only: republish",
    # It starts what publishes: no other message has this line.
    "republished": "Tested once more, to be published.",
    "periodic": "The build failed without a change of the package: its log shows what has changed around it.",
    "unmergeable": "This change, or one that it depends on, cannot be merged with the current state of its branch. "
    "Please rebase it and push a new patch set.",
}


@dataclass(frozen=True)
class Layout:
    """A rendered layout: ``files`` by their names on the host, ``LAYOUT`` first, then the Python files it includes."""

    files: dict[str, str]
    document: Document
    own: OwnLayouts

    @property
    def text(self) -> str:
        return self.files[LAYOUT]

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = self.document.data
        return data

    def own_item(self, path: Path_) -> tuple[Item, Path_] | None:
        """The part of the site's own files that stands at ``path`` of the layout, and the rest of the path in it."""
        if len(path) < 2 or path[0] not in SECTIONS or not isinstance(path[1], int):
            return None
        own = self.own.items.get(str(path[0]), ())
        index = path[1] - (len(self.data[str(path[0])] or ()) - len(own))
        return (own[index], path[2:]) if 0 <= index < len(own) else None

    def where(self, path: Path_, *, key: bool = False) -> str:
        """FILE:LINE:COLUMN of ``path``: in the site's own file where it comes from there, else in the layout."""
        found = self.own_item(path)
        if found is not None:
            return found[0].where(found[1], key=key)
        position = self.document.position(path, key=key)
        return f"{LAYOUT}:{position.line}:{position.column}"


def render(site: Site) -> Layout:
    """The layout of ``site``. Raises ``UsageError`` and ``DocumentError``."""
    own = read_own(site)
    labels = sorted({step.role.value for step in STEPS.values()})
    functions = _template("functions.py.j2").render(
        labels=labels,
        publishing=Role.PUBLISHER.value,
        promote=Pipeline.PROMOTE.value,
        releasing=RELEASING,
    )
    name = hashed_name("functions", functions)
    text = _template("layout.yaml.j2").render(_context(site, own, name))
    text = re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"
    layout = Layout({LAYOUT: text, name: functions, **own.python}, parse_layout(site.path.parent / LAYOUT, text), own)
    _check_names(layout)
    check_votes(layout.data, site, layout.where, own=lambda path: layout.own_item(path) is not None)
    return layout


def _context(site: Site, own: OwnLayouts, functions: str) -> dict[str, Any]:
    return {
        "site": site,
        "functions": functions,
        "own": {section: own.text(section) for section in ("includes", *SECTIONS)},
        "descriptions": {pipeline.value: text for pipeline, text in _DESCRIPTIONS.items()},
        "messages": _MESSAGES,
        "triggers": _as_text(check_triggers(site)),
        "republish_triggers": _as_text(republish_triggers(site)),
        "republished": f"(?m)^{escaped(_MESSAGES['republished'])}$",
        "gate": site.zuul.gate,
        "verified": VERIFIED,
        "votes": zuul_votes(site),
        "passes": zuul_passes(site),
        "vetoes": _vetoes(site),
        "zuul_account": zuul_account(site),
        "periodic": _periodic(site),
        "mail": MAIL if site.mail and site.mail.relay else None,
        "steps": list(_steps(site)),
        "every_job": job_pattern(site, STEPS.values()),
        "addresses": _addresses(site),
        "templates": list(_templates(site)),
        "other_branches": list(other_branches(site)),
        "projects": [
            {"name": name, "pattern": exactly(name), "calls": list(calls(site, name))} for name in site.repositories
        ],
    }


def _vetoes(site: Site) -> dict[str, list[int]]:
    """Label → people's votes that keep a change out of the gate."""
    return {site.zuul.gate.label: [-2, -1], _REVIEW: [-2]}


def _as_text(triggers: Iterable[Trigger]) -> list[dict[str, str]]:
    return [{"why": trigger.why, "text": dump([trigger.event])} for trigger in triggers]


def _steps(site: Site) -> Iterator[dict[str, str]]:
    # Without targets there are no projects, and no jobs.
    for step in STEPS.values() if site.targets else ():
        title = step.title[0].upper() + step.title[1:] + "."
        yield {"title": title, "pattern": job_pattern(site, [step]), "function": f"on_{step.role.value}"}


def _addresses(site: Site) -> str:
    """Where a result is: on the log server (where the site has one), and in Jenkins."""
    log = f"{web_url(site, Role.LOG_SERVER)}{{build.parameters[LOG_PATH]}}/ " if site.with_role(Role.LOG_SERVER) else ""
    return f"{log}{{build.url:s}}"


def _periodic(site: Site) -> str:
    return zuul_time(site.zuul.periodic) if site.zuul.periodic.strip() else ""


def _templates(site: Site) -> Iterator[dict[str, str]]:
    for name, target in site.targets.items():
        what = f"Debian or Ubuntu {target.deb}" if target.deb else str(target.rpm)
        yield {
            "title": f"For {what}.",
            "name": template_name(name),
            "text": dump(dict(_trees(site, Scope.TARGET, name))),
        }
        if name in targets_of_upstreams(site):
            trees = {pipeline: jobs for pipeline, jobs in _trees(site, Scope.TARGET, name) if pipeline != _CLOCK}
            yield {
                "title": f"For {what}, where upstream's project changes. The clock starts these with the packaging.",
                "name": of_upstream(template_name(name)),
                "text": dump(trees),
            }
    once = dict(_trees(site, Scope.PROJECT, None))
    once[Pipeline.GATE.value] = [*once.get(Pipeline.GATE.value, []), "noop"]
    yield {"title": "Once for a package, whatever its targets.", "name": ONCE, "text": dump(once)}


def _trees(site: Site, scope: Scope, target: str | None) -> Iterator[tuple[str, list[Any]]]:
    """Pipeline → its jobs, as Zuul writes them: a job with those that its success starts."""
    for pipeline in Pipeline:
        if pipeline is Pipeline.PERIODIC and not _periodic(site):
            continue
        steps = [step for step in STEPS.values() if step.scope is scope and pipeline in step.pipelines]
        if steps:
            yield pipeline.value, _tree(steps, None, target)


def _tree(steps: list[Step], after: str | None, target: str | None) -> list[Any]:
    found: list[Any] = []
    for step in steps:
        if step.after == after:
            name = job_name(_JOBS, step, target)
            inner = _tree(steps, step.name, target)
            found.append({name: inner} if inner else name)
    return found


def _check_names(layout: Layout) -> None:
    """Raises ``UsageError`` where a name of the site's own files is there already."""
    for section in SECTIONS:
        seen: dict[str, Path_] = {}
        for index, item in enumerate(layout.data[section] or ()):
            path: Path_ = (section, index, "name")
            name = item["name"]
            if name in seen:
                kind = section.removesuffix("s").replace("-", " ")
                raise UsageError(
                    f"{layout.where(path)}: there is a {kind} '{name}' already: {layout.where(seen[name])}",
                    "see `pkgci render-pipelines` for pkgci's own names",
                )
            seen[name] = path


@cache
def _template(name: str) -> jinja2.Template:
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - YAML, not HTML: every value passes the `quoted` filter
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["quoted"] = quoted
    return environment.from_string((files(__package__) / name).read_text(encoding="utf-8"))
