"""What must be true of what Zuul starts: that it has a Gerrit to listen to, and that each job's name means one job."""

from __future__ import annotations

from collections.abc import Iterator

from pkgci.model.document import Document, Fault
from pkgci.model.schema import SiteFile
from pkgci.model.steps import job_prefix, job_steps, steps_named


def check_jobs(document: Document, site_file: SiteFile) -> Iterator[Fault]:
    """The faults of Zuul's Gerrit, and of the names of the projects' jobs."""
    yield from _gerrit(document, site_file)
    yield from _trust(document, site_file)
    yield from _names(document, site_file)


def _gerrit(document: Document, site_file: SiteFile) -> Iterator[Fault]:
    if site_file.gerrit is not None:
        return
    for key, there in ((("projects",), site_file.projects), (("zuul", "layouts"), site_file.zuul.layouts)):
        if there:
            place = document.position(key, key=True)
            what = "changes of projects start no job" if key == ("projects",) else "a layout has no pipelines"
            yield Fault(place, f"there is no 'gerrit', and without one {what}: add 'gerrit: {{host: …}}'")


def _trust(document: Document, site_file: SiteFile) -> Iterator[Fault]:
    """Nothing where it is to be said whom the site trusts would be: everybody."""
    if site_file.zuul.trust is None and ("zuul", "trust") in document.keys:
        place = document.position(("zuul", "trust"), key=True)
        yield Fault(place, "'trust' is empty: write whom the site trusts, or leave the key out: then every change runs")


def _names(document: Document, site_file: SiteFile) -> Iterator[Fault]:
    """Each name of a job is that of one project, target and step: else Jenkins or Zuul takes one for another."""
    targets = tuple(site_file.targets)
    seen: dict[str, tuple[str, str]] = {}
    for name, project in site_file.projects.items():
        for index, target in enumerate(project.targets):
            if target in project.targets[:index]:
                place = document.position(("projects", name, "targets", index))
                yield Fault(place, f"'{target}' is named twice among the targets of '{name}'")
        for job, step, of in job_steps(name, project.targets):
            what = f"{name} {step.name}{f' {of}' if of else ''}"
            other, owner = seen.setdefault(job.lower(), (what, name))
            # Of projects whose jobs all have the same names there is a word already.
            if other != what and job_prefix(owner).lower() != job_prefix(name).lower():
                place = document.position(("projects", name), key=True)
                yield Fault(place, f"the jobs for '{other}' and '{what}' would both be named {job}: rename one of them")
            alike = steps_named(job, targets)
            if len(alike) > 1:
                place = document.position(("targets", of) if of else ("projects", name), key=True)
                steps = " and ".join(alike)
                yield Fault(place, f"the job {job} of '{name}' could be of the steps {steps}: rename the target '{of}'")
