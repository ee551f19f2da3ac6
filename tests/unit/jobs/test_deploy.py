"""A plan is made from the live Jenkins, and exactly this plan is done."""

from __future__ import annotations

import pytest

from pkgci.errors import PkgciError
from pkgci.jobs.deploy import carry_out, plan_for
from pkgci.jobs.plan import Action
from pkgci.jobs.render import render_jobs
from pkgci.jobs.server import JenkinsServer
from pkgci.model.site import Site
from tests.unit.jobs.fake_jenkins import FakeJenkins

FOREIGN = "<project><description>mine</description></project>"


def test_the_first_deployment_creates_everything_and_the_second_nothing(
    site: Site, fake: FakeJenkins, server: JenkinsServer
) -> None:
    jobs = render_jobs(site)
    carry_out(plan_for(site.name, jobs, server).changes, server)
    assert fake.jobs == {job.name: job.xml for job in jobs}
    again = plan_for(site.name, jobs, server)
    assert (again.changes, again.unchanged) == ((), len(jobs))


def test_only_what_differs_is_written(site: Site, fake: FakeJenkins, server: JenkinsServer) -> None:
    jobs = render_jobs(site)
    fake.jobs = {job.name: job.xml for job in jobs} | {"theirs": FOREIGN}
    fake.jobs[jobs[3].name] = jobs[3].xml.replace("pkgci-job", "other-job")
    plan = plan_for(site.name, jobs, server)
    assert [(change.name, change.action) for change in plan.changes] == [(jobs[3].name, Action.CHANGED)]
    carry_out(plan.changes, server)
    assert fake.writes() == [f"POST /jenkins/job/{jobs[3].name}/config.xml"]
    assert fake.jobs == {job.name: job.xml for job in jobs} | {"theirs": FOREIGN}


def test_jobs_of_others_are_not_even_read(site: Site, fake: FakeJenkins, server: JenkinsServer) -> None:
    fake.jobs = {"theirs": FOREIGN}
    plan_for(site.name, render_jobs(site), server)
    assert not [request for request in fake.requests if "theirs" in request]


def test_only_restricts_what_is_added_and_what_is_retired(site: Site, fake: FakeJenkins, server: JenkinsServer) -> None:
    jobs = render_jobs(site)
    fake.jobs = {job.name: job.xml for job in jobs[:2]}
    plan = plan_for(site.name, jobs[1:], server, only="*-promote")
    assert [change.name for change in plan.changes] == ["packaging-hello-promote"]
    retired = plan_for(site.name, jobs[1:], server, only=jobs[0].name)
    assert [(change.name, change.action) for change in retired.changes] == [(jobs[0].name, Action.RETIRED)]


def test_a_retired_job_is_known_also_where_somebody_changed_its_description(
    site: Site, fake: FakeJenkins, server: JenkinsServer
) -> None:
    job, *others = render_jobs(site)
    fake.jobs = {job.name: job.xml.replace("Made by pkgci", "Once made by pkgci", 1)}
    assert [change.name for change in plan_for(site.name, others, server).of(Action.RETIRED)] == [job.name]


@pytest.mark.parametrize("meanwhile", ["changed", "deleted"])
def test_a_job_that_somebody_changed_after_the_plan_is_left_alone(
    site: Site, fake: FakeJenkins, server: JenkinsServer, meanwhile: str
) -> None:
    job = render_jobs(site)[0]
    fake.jobs = {job.name: job.xml.replace("pkgci-job", "other-job")}
    plan = plan_for(site.name, [job], server)
    fake.jobs = {job.name: job.xml.replace("pkgci-job", "a-third-job")} if meanwhile == "changed" else {}
    before = dict(fake.jobs)
    with pytest.raises(PkgciError, match=f"changed the job '{job.name}'"):
        carry_out(plan.changes, server)
    assert fake.jobs == before


def test_a_job_that_somebody_created_after_the_plan_is_left_alone(
    site: Site, fake: FakeJenkins, server: JenkinsServer
) -> None:
    job = render_jobs(site)[0]
    plan = plan_for(site.name, [job], server)
    fake.jobs = {job.name: FOREIGN}
    with pytest.raises(PkgciError):
        carry_out(plan.changes, server)
    assert fake.jobs == {job.name: FOREIGN}


def test_a_failure_in_the_middle_leaves_what_was_done_and_a_new_plan_has_the_rest(
    site: Site, fake: FakeJenkins, server: JenkinsServer
) -> None:
    jobs = render_jobs(site)
    plan = plan_for(site.name, jobs, server)
    fake.wrong = lambda handler: (
        handler.command == "POST" and len(fake.writes()) == 3 and handler.answer(500, "disk full")
    )
    done = []
    with pytest.raises(PkgciError, match="disk full"):
        carry_out(plan.changes, server, done.append)
    assert list(fake.jobs) == [change.name for change in done] == [job.name for job in jobs[:2]]
    fake.wrong = lambda _: False
    assert len(plan_for(site.name, jobs, server).changes) == len(jobs) - 2


def test_a_half_read_jenkins_gives_no_plan(site: Site, fake: FakeJenkins, server: JenkinsServer) -> None:
    jobs = render_jobs(site)
    fake.jobs = {job.name: job.xml for job in jobs}
    fake.wrong = lambda handler: jobs[4].name in handler.path and handler.answer(500, "oops")
    with pytest.raises(PkgciError, match=jobs[4].name):
        plan_for(site.name, jobs, server)
    assert not fake.writes()
