"""The layout where a package's upstream is a project of its own: a change of either starts the package's jobs."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pkgci.model.load import load_site
from pkgci.model.steps import Pipeline, all_jobs
from pkgci.pipelines.contents import jobs_of
from pkgci.pipelines.layout import Layout, render
from tests.unit.conftest import SITE

Write = Callable[[str], Path]
PROJECTS = """\
  packaging/greet: {targets: [el9], source: {project: openstack/greet}}
  packaging/greet-fixed: {targets: [trixie], source: {project: openstack/greet, branch: stable/1.0}}
"""


@pytest.fixture
def layout(write_site: Write) -> Layout:
    return render(load_site(write_site(f"{SITE}{PROJECTS}zuul: {{periodic: '0 2 * * *'}}\n")))


def skipped(layout: Layout, job: str, project: str, branch: str) -> bool:
    """Whether Zuul skips a job for a change: the last item that says it for a name counts."""
    conditions: list[dict[str, str]] = []
    for item in layout.data["jobs"]:
        if item.get("skip-if") and (item["name"] == job or re.match(item["name"], job)):
            conditions = item["skip-if"]
    words = {"project": project, "branch": branch}
    return any(all(re.match(pattern, words[key]) for key, pattern in one.items()) for one in conditions)


@pytest.mark.parametrize("pipeline", [Pipeline.CHECK, Pipeline.GATE, Pipeline.REPUBLISH, Pipeline.PROMOTE])
def test_a_change_of_upstream_starts_the_jobs_of_every_package_that_is_made_of_it(
    layout: Layout, pipeline: Pipeline
) -> None:
    jobs = jobs_of(layout.data)
    packages = ("packaging/greet", "packaging/greet-fixed")
    assert jobs[pipeline, "openstack/greet"] == jobs[pipeline, packages[0]] | jobs[pipeline, packages[1]]


def test_the_clock_builds_a_package_once(layout: Layout) -> None:
    jobs = jobs_of(layout.data)
    assert jobs["periodic", "packaging/greet"] == {"packaging-greet-build-el9"}
    assert ("periodic", "openstack/greet") not in jobs


def test_both_projects_are_gated_in_the_queue_of_all_packages_and_noop_never_runs(layout: Layout) -> None:
    jobs = jobs_of(layout.data)
    for project in ("openstack/greet", "packaging/greet", "packaging/hello"):
        assert "noop" in jobs["gate", project]
        assert skipped(layout, "noop", project, "main")


def test_of_a_package_that_is_made_of_one_branch_another_branch_of_upstream_starts_nothing(layout: Layout) -> None:
    fixed = [job for job in jobs_of(layout.data)["check", "openstack/greet"] if job.startswith("packaging-greet-fixed")]
    others = jobs_of(layout.data)["check", "packaging/greet"]
    assert fixed
    for job in fixed:
        assert not skipped(layout, job, "openstack/greet", "stable/1.0")
        assert skipped(layout, job, "openstack/greet", "stable/1.0.1")
        assert skipped(layout, job, "openstack/greet", "main")
        assert not skipped(layout, job, "packaging/greet-fixed", "main")
    assert not any(skipped(layout, job, "openstack/greet", "main") for job in others)


def test_an_upstream_may_be_a_package_itself(write_site: Write) -> None:
    own = "  openstack/greet: {targets: [trixie]}\n"
    site = load_site(write_site(f"{SITE}{own}{PROJECTS.splitlines()[0]}\n"))
    jobs: dict[tuple[str, str], Any] = dict(jobs_of(render(site).data))
    assert "openstack-greet-build-trixie" in jobs["check", "openstack/greet"]
    assert "packaging-greet-build-el9" in jobs["check", "openstack/greet"]
    assert [project["name"] for project in render(site).data["projects"]].count("openstack/greet") == 1


def test_the_jobs_are_the_packages_own(write_site: Write) -> None:
    site = load_site(write_site(f"{SITE}{PROJECTS}"))
    assert {job.project for job in all_jobs(site)} == {"packaging/hello", "packaging/greet", "packaging/greet-fixed"}
