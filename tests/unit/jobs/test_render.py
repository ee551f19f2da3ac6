"""What the Jenkins jobs of a site are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pkgci.errors import UsageError
from pkgci.jobs.builder import build
from pkgci.jobs.normal import normal, parse
from pkgci.jobs.render import DEFINITIONS, projects_of, render_jobs
from pkgci.model.document import DocumentError
from pkgci.model.load import load_site
from pkgci.model.site import Site
from pkgci.model.steps import STEPS, all_jobs
from tests.unit.conftest import SITE
from tests.unit.jobs.payload import SENT

Write = Callable[[str], Path]
BUILD = "packaging-hello-build-trixie"


def root_of(site: Site, name: str) -> ElementTree.Element:
    return ElementTree.fromstring({job.name: job.xml for job in render_jobs(site)}[name].encode())


def parameters(root: ElementTree.Element) -> dict[str, str]:
    items = root.iterfind("properties/*/parameterDefinitions/*")
    return {item.findtext("name") or "": item.findtext("defaultValue") or "" for item in items}


def test_there_is_one_job_for_each_step_of_each_target(site: Site) -> None:
    assert [job.name for job in render_jobs(site)] == sorted(job.name for job in all_jobs(site))


def test_a_job_runs_pkgci_job_on_the_slaves_of_its_step(site: Site) -> None:
    for job in all_jobs(site):
        root = root_of(site, job.name)
        assert root.tag == "project"
        assert root.findtext("assignedNode") == job.step.role
        assert root.findtext("canRoam") == "false"
        mark = f"# Made by pkgci from the site test as {job.name}."
        own = " ".join(filter(None, (job.step.name, job.project, job.target)))
        command = f"#!/bin/sh\n{mark}\nexec /usr/local/bin/pkgci-job {own} --minutes {job.step.timeout}\n"
        assert [item.text for item in root.iterfind("builders/*/command")] == [command]


def test_limits_come_from_the_step(site: Site) -> None:
    for job in all_jobs(site):
        root = root_of(site, job.name)
        assert root.findall("buildWrappers/*") == [], "no plugin is needed for them"
        assert root.findtext("concurrentBuild") == str(job.step.concurrent).lower()
        assert root.findtext("properties/*/strategy/daysToKeep") == str(job.step.retention)
        assert root.findtext("quietPeriod") == "0"
    assert not STEPS["publish"].concurrent


def test_a_job_declares_all_that_zuul_sends_because_jenkins_drops_the_rest_with_a_warning_each(site: Site) -> None:
    for job in all_jobs(site):
        assert set(SENT) == set(parameters(root_of(site, job.name)))


def test_no_job_relies_on_a_default_of_a_parameter(site: Site) -> None:
    for job in all_jobs(site):
        assert set(parameters(root_of(site, job.name)).values()) == {""}


def test_the_description_says_what_it_is_and_who_made_it(site: Site) -> None:
    text = root_of(site, BUILD).findtext("description") or ""
    assert text.startswith("Step build of packaging/hello for trixie:")
    assert text.endswith(f"Made by pkgci from the site test as {BUILD}. Changes made here are overwritten.")
    assert "Jenkins Job Builder" not in text


def test_equal_sites_give_equal_text(site: Site, write_site: Write) -> None:
    assert render_jobs(site) == render_jobs(load_site(write_site(SITE)))


def test_what_is_filled_in_is_what_jenkins_job_builder_makes_of_each_job(site: Site) -> None:
    built = build((DEFINITIONS,), projects_of(site.name, all_jobs(site)), {})
    rendered = {job.name: job.xml for job in render_jobs(site)}
    assert {job.name for job in built} == set(rendered)
    for job in built:
        ours = parse(rendered[job.name])
        for root in (ours, job.root):
            description = root.find("description")
            assert description is not None
            description.text = (description.text or "").partition("Started by Zuul.")[0]
        assert normal(ours) == normal(job.root)


def test_settings_of_the_machine_and_of_the_person_change_nothing(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = render_jobs(site)
    (tmp_path / ".config/jenkins_jobs").mkdir(parents=True)
    (tmp_path / ".config/jenkins_jobs/jenkins_jobs.ini").write_text("[job_builder]\nallow_empty_variables=bad\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert render_jobs(site) == before


def with_file(write_site: Write, text: str) -> Site:
    path = write_site(SITE + "jenkins: {jobs: [jobs]}\n")
    (path.parent / "jobs").mkdir()
    (path.parent / "jobs/mine.yaml").write_text(text)
    return load_site(path)


def test_the_sites_own_jobs_are_added_and_marked(write_site: Write) -> None:
    site = with_file(write_site, "- job: {name: nightly, builders: [{shell: 'true'}]}\n")
    root = root_of(site, "nightly")
    assert root.findtext("description") == (
        "Made by pkgci from the site test as nightly. Changes made here are overwritten."
    )
    (place,) = (job.place for job in render_jobs(site) if job.name == "nightly")
    assert place.endswith("/jobs/mine.yaml:1:3")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- job: {name: a, builders: [{shel: 'x'}]}\n", "mine.yaml:1:3: In job 'a'"),
        ("- job: {name: a, builders: [{shel: 'x'}]}\n", "Unknown entry point or macro 'shel'"),
        ("- job: {name: a\n", "mine.yaml"),
        ("- jobb: {name: a}\n", "Unknown topmost element type : 'jobb'"),
        ("- job: {name: a}\n- job: {name: a}\n", "Duplicate job: 'a'"),
        ("- job: {name: a, folder: f}\n", "f/a"),
        ("- view: {name: v, view-type: list}\n", "not views: v"),
        ("- job: {name: a, parameters: 5}\n", "mine.yaml:1:3: the job 'a': jenkins-job-builder gives up"),
        ("hello\n", "mine.yaml: jenkins-job-builder gives up"),
        (f"- job: {{name: {BUILD}}}\n", f"mine.yaml:1:3: two jobs would be named '{BUILD}'"),
        ("- job: {name: 'a*b?'}\n", "mine.yaml:1:3: Jenkins takes no job with the name 'a*b?'"),
        ("- job: {name: ''}\n", "mine.yaml:1:3: Jenkins takes no job with the name ''"),
        ('- job: {name: a, description: "\\x01"}\n', "mine.yaml:1:3: the job 'a' has characters"),
    ],
)
def test_a_fault_in_the_sites_own_jobs_is_told_in_jenkins_job_builders_words(
    write_site: Write, text: str, words: str
) -> None:
    with pytest.raises(UsageError) as caught:
        render_jobs(with_file(write_site, text))
    assert words in caught.value.message


def test_a_file_of_jobs_that_is_not_there_is_named(write_site: Write) -> None:
    with pytest.raises(DocumentError, match=r"21:18: there is no .*/absent\.yaml"):
        load_site(write_site(SITE + "jenkins: {jobs: [absent.yaml]}\n"))


def test_a_folder_of_jobs_without_any_is_named(write_site: Write) -> None:
    path = write_site(SITE + "jenkins: {jobs: [jobs]}\n")
    (path.parent / "jobs").mkdir()
    (path.parent / "jobs/mine.txt").write_text("- job: {name: a}\n")
    with pytest.raises(DocumentError, match=r"there are no jenkins-job-builder files .* in .*/jobs"):
        load_site(path)
