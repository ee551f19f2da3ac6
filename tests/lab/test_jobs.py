"""The Jenkins jobs on a live Jenkins: deployed, compared, repaired, and never another's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from pkgci.jobs.server import JenkinsServer, open_server
from pkgci.model.roles import Role
from pkgci.model.steps import all_jobs
from pkgci.secrets.store import SecretStore
from tests.lab.conftest import Lab

FOREIGN = "<project><description>Alice's own.</description><builders/></project>"
NIGHTLY = "- job: {name: nightly, node: slave_build, builders: [{shell: 'true'}]}\n"


@dataclass(frozen=True)
class Jobs:
    """The lab with its jobs deployed, and its Jenkins as an administrator uses it over REST."""

    lab: Lab
    jenkins: JenkinsServer

    def plan(self, *options: str) -> tuple[int, dict[str, str]]:
        """The exit status of a plan, and its changes: job → what becomes of it."""
        result = self.lab.pkgci("deploy-jobs", "--plan", "--json", *options, check=False)
        return result.returncode, {item["name"]: item["action"] for item in json.loads(result.stdout)["changes"]}

    def deploy(self, *options: str) -> None:
        self.lab.pkgci("deploy-jobs", "--yes", *options)


@pytest.fixture(scope="module")
def jobs(bootstrapped: Lab) -> Iterator[Jobs]:
    bootstrapped.pkgci("deploy-jobs", "--yes")
    with open_server(bootstrapped.site, SecretStore.open(bootstrapped.directory / "secrets")) as jenkins:
        yield Jobs(bootstrapped, jenkins)


def test_after_a_deployment_every_job_is_there_and_a_second_plan_is_empty(jobs: Jobs) -> None:
    there = {job.name for job in jobs.jenkins.jobs()}
    assert {job.name for job in all_jobs(jobs.lab.site)} <= there
    assert jobs.plan() == (0, {})


def test_a_change_made_in_jenkins_is_found_and_repaired(jobs: Jobs) -> None:
    name = all_jobs(jobs.lab.site)[0].name
    before = jobs.jenkins.config(name) or ""
    jobs.jenkins.update(name, before.replace("/usr/local/bin/pkgci-job", "/bin/echo"))
    assert jobs.plan() == (1, {name: "changed"})
    shown = jobs.lab.pkgci("deploy-jobs", "--plan", check=False).stdout
    assert "-" in shown
    assert "/bin/echo" in shown
    jobs.deploy("--only", name)
    assert jobs.jenkins.config(name) == before
    assert jobs.plan() == (0, {})


def test_a_job_that_somebody_else_made_is_not_touched(jobs: Jobs) -> None:
    jobs.jenkins.create("alices-job", FOREIGN)
    try:
        theirs = jobs.jenkins.config("alices-job")
        assert jobs.plan("--delete-retired") == (0, {})
        jobs.deploy("--delete-retired")
        assert jobs.jenkins.config("alices-job") == theirs
    finally:
        jobs.jenkins.delete("alices-job")


def test_a_job_of_the_sites_own_file_is_deployed_and_deleted_only_when_asked_for(jobs: Jobs) -> None:
    folder = jobs.lab.directory
    (folder / "nightly.yaml").write_text(NIGHTLY)
    (folder / "more.yaml").write_text((folder / "site.yaml").read_text() + "jenkins: {jobs: [nightly.yaml]}\n")
    jobs.deploy("--site", "more.yaml")
    assert jobs.plan("--site", "more.yaml") == (0, {})
    assert jobs.plan() == (0, {"nightly": "retired"})
    jobs.deploy()
    assert jobs.jenkins.config("nightly") is not None
    assert jobs.plan("--delete-retired") == (1, {"nightly": "retired"})
    jobs.deploy("--delete-retired")
    assert jobs.jenkins.config("nightly") is None
    assert jobs.plan("--delete-retired") == (0, {})


def test_a_project_that_the_hosts_do_not_know_gets_no_jobs_yet(jobs: Jobs) -> None:
    text = (jobs.lab.directory / "site.yaml").read_text()
    (jobs.lab.directory / "later.yaml").write_text(
        text.replace("projects:\n", "projects:\n  demo/a: {targets: [rpm]}\n")
    )
    result = jobs.lab.pkgci("deploy-jobs", "--site", "later.yaml", check=False)
    assert result.returncode == 1
    assert "do not know demo/a yet" in result.stderr
    assert "pkgci bootstrap --site later.yaml" in result.stderr
    assert not [job.name for job in jobs.jenkins.jobs() if job.name.startswith("demo-a-")]


def test_a_jenkins_that_is_down_is_told_so(jobs: Jobs) -> None:
    host = jobs.lab.site.with_role(Role.JENKINS_MASTER)[0].name
    jobs.lab.exec(host, "systemctl", "stop", "jenkins")
    try:
        result = jobs.lab.pkgci("deploy-jobs", "--plan", check=False)
    finally:
        jobs.lab.exec(host, "systemctl", "start", "jenkins")
    assert result.returncode == 3
    assert "no Jenkins behind it" in result.stderr
    assert "systemctl status jenkins" in result.stderr
