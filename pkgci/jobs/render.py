"""From the site to the config.xml of every job: pkgci's own jobs, and those of the site's own JJB files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from pkgci.errors import UsageError
from pkgci.jobs.builder import Built, build
from pkgci.jobs.mark import mark, mark_of_command
from pkgci.jobs.normal import parse
from pkgci.model.plugins import pinned
from pkgci.model.site import Site
from pkgci.model.steps import Job, Scope, Step, all_jobs
from pkgci.paths import beside

DEFINITIONS = Path(__file__).with_name("definitions.yaml")
# What JJB puts at the end of each description: by it `jenkins-jobs --delete-old` would take pkgci's jobs for its own.
_JJB_MARK = "<!-- Managed by Jenkins Job Builder -->"
# What Jenkins has in no name.
_FORBIDDEN = frozenset("?*\\%!@#$^&|<>[]:;")


@dataclass(frozen=True)
class RenderedJob:
    """A job as it should be. ``place`` is where the site's JJB files define it; '' for a job of a project."""

    name: str
    xml: str
    place: str = ""


def render_jobs(site: Site) -> tuple[RenderedJob, ...]:
    """Every job of ``site``, sorted by name.

    Equal sites give equal text. Raises ``UsageError`` where one of the site's JJB files is wrong, and where two jobs
    have one name.
    """
    jobs: dict[str, RenderedJob] = {}
    for job in (*_own(site), *_written_by_hand(site)):
        if job.name in jobs:
            raise UsageError(
                f"{job.place or site.path}: two jobs would be named '{job.name}'",
                "rename one of the projects, or the job in the site's own JJB file",
            )
        jobs[job.name] = job
    return tuple(jobs[name] for name in sorted(jobs))


def projects_of(site: str, jobs: Iterable[Job]) -> Iterator[dict[str, Any]]:
    """The JJB `project` elements that make ``jobs`` out of the template in ``DEFINITIONS``."""
    for job in jobs:
        yield _project(site, job.name, job.project, job.target, job.step)


def _project(site: str, name: str, project: str, target: str | None, step: Step) -> dict[str, Any]:
    return {
        "name": name,
        "job": name,
        "mark": mark_of_command(site, name),
        "project": project,
        "and_target": f" {target}" if target else "",
        "for_target": f" for {target}" if target else "",
        "step": step.name,
        "title": step.title,
        "role": str(step.role),
        "timeout": step.timeout,
        "concurrent": step.concurrent,
        "retention": step.retention,
        "jobs": ["step"],
    }


# What stands for a job's own words in the template of its step: nothing that a name can hold.
_NAME, _PROJECT, _TARGET = "@name@", "@project@", "@target@"


def _own(site: Site) -> Iterator[RenderedJob]:
    """The jobs of the projects. JJB builds each step once; a step's jobs differ only in the three words."""
    jobs = all_jobs(site)
    steps = {job.step.name: job.step for job in jobs}
    blanks = [
        _project(site.name, f"{_NAME}{step.name}", _PROJECT, _TARGET if step.scope is Scope.TARGET else None, step)
        for step in steps.values()
    ]
    built = build((DEFINITIONS,), blanks, pinned(site).versions)
    templates = {
        step: _text(_marked(item.root, site.name, f"{_NAME}{step}")).replace(f"{_NAME}{step}", _NAME)
        for step, item in zip(steps, built, strict=True)
    }
    for job in jobs:
        words = {_NAME: job.name, _PROJECT: job.project, _TARGET: job.target or ""}
        yield RenderedJob(job.name, _filled(templates[job.step.name], words))


def _filled(template: str, words: Mapping[str, str]) -> str:
    for blank, word in words.items():
        template = template.replace(blank, escape(word))
    return template


def _written_by_hand(site: Site) -> Iterator[RenderedJob]:
    """The jobs of the site's own JJB files."""
    files = [beside(site.directory, path) for path in site.jenkins.jobs]
    if not files:
        return
    for job in build(files, (), pinned(site).versions):
        _check_name(job)
        text = _text(_marked(job.root, site.name, job.name))
        try:
            parse(text)
        except ElementTree.ParseError:
            raise UsageError(f"{job.place}: the job '{job.name}' has characters that XML cannot hold") from None
        yield RenderedJob(job.name, text, job.place)


def _check_name(job: Built) -> None:
    """Raises ``UsageError`` for a name that Jenkins (its checkGoodName) or the Gearman plugin would refuse."""
    if "/" in job.name:
        raise UsageError(
            f"{job.place}: the job '{job.name}' is in a folder",
            "the Gearman plugin knows no folders: leave `folder` out",
        )
    bad = sorted({character for character in job.name if character in _FORBIDDEN or not character.isprintable()})
    if bad or not job.name or job.name.endswith(".") or job.name != job.name.strip():
        raise UsageError(
            f"{job.place}: Jenkins takes no job with the name '{job.name}'",
            f"leave out {' '.join(bad)}" if bad else "a name is not empty, and has no space or dot at its end",
        )


def _marked(root: ElementTree.Element, site: str, name: str) -> ElementTree.Element:
    """``root`` with the job's mark at the end of its description, in place of JJB's."""
    description = root.find("description")
    if description is None:
        description = ElementTree.SubElement(root, "description")
    text = (description.text or "").removesuffix(_JJB_MARK).rstrip()
    description.text = "\n".join(filter(None, (text, mark(site, name))))
    return root


def _text(root: ElementTree.Element) -> str:
    ElementTree.indent(root)
    return "<?xml version='1.0' encoding='UTF-8'?>\n" + ElementTree.tostring(root, encoding="unicode") + "\n"
