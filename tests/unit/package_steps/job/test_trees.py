"""Which commits a build is of where upstream is a project of its own, fetched from the merger's repositories."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pkgci_steps.job.task import read_task
from pkgci_steps.status import Ended, Status

from tests.unit.package_steps.job.conftest import Slave, git
from tests.unit.package_steps.job.test_task import GOOD

PACKAGE, UPSTREAM = "packaging/greet", "openstack/greet"


class Merger:
    """The merger's repositories of a package and of its upstream, and a slave whose site says that they are these."""

    def __init__(self, folder: Path, slave: Slave) -> None:
        self._folder, self.slave = folder, slave
        for project in (PACKAGE, UPSTREAM):
            repository = folder / "p" / project
            repository.mkdir(parents=True)
            git(repository, "init", "--quiet", "--initial-branch=main")
            self.commit(project, "refs/heads/main")
            self.commit(project, "refs/remotes/origin/HEAD")
        self.has_branch()
        slave.step_program("pkgci-build", 0, more="echo tags: $(git -C ${UPSTREAM:-.} tag)")

    def has_branch(self, branch: str = "") -> None:
        """The site file's branch of upstream."""
        file = self._folder / "steps.json"
        settings = json.loads(file.read_text())
        source = {"kind": "project", "project": UPSTREAM, **({"branch": branch} if branch else {})}
        settings["projects"][PACKAGE]["source"] = source
        file.write_text(json.dumps(settings))

    def commit(self, project: str, ref: str) -> str:
        """A commit of its own, at ``ref``."""
        repository = self._folder / "p" / project
        git(repository, "commit", "--quiet", "--allow-empty", "-m", ref)
        git(repository, "update-ref", ref, "HEAD")
        return git(repository, "rev-parse", "HEAD")

    def run(self, step: str, project: str, commit: str = "", ref: str = "refs/zuul/main/Z1") -> tuple[int, str]:
        return self.slave.run(step, commit, own_project=PACKAGE, ZUUL_PROJECT=project, ZUUL_REF=ref)


@pytest.fixture
def merger(tmp_path: Path, slave: Slave) -> Merger:
    return Merger(tmp_path, slave)


def test_a_change_of_the_package_is_built_with_what_the_merger_names_of_its_upstream(merger: Merger) -> None:
    commit = merger.commit(PACKAGE, "refs/zuul/main/Z1")
    beside = merger.commit(UPSTREAM, "refs/zuul/HEAD/Z1")
    git(merger.slave.workspace.parent / "p" / UPSTREAM, "tag", "1.0.0")
    status, said = merger.run("build", PACKAGE, commit)
    assert status == 0, said
    assert {f"COMMIT={commit}", f"UPSTREAM_COMMIT={beside}", "PROJECT=packaging/greet"} <= set(said.splitlines())
    assert "tags: 1.0.0\n" in said
    assert "CHANGE_PROJECT=" not in said
    assert (merger.slave.result["project"], merger.slave.result["commit"]) == (PACKAGE, commit)


def test_a_change_of_upstream_is_built_with_what_the_merger_names_of_the_package(merger: Merger) -> None:
    commit = merger.commit(UPSTREAM, "refs/zuul/main/Z1")
    beside = merger.commit(PACKAGE, "refs/zuul/HEAD/Z1")
    status, said = merger.run("build", UPSTREAM, commit)
    assert status == 0, said
    assert {f"COMMIT={beside}", f"UPSTREAM_COMMIT={commit}", "PROJECT=packaging/greet"} <= set(said.splitlines())
    assert "CHANGE_PROJECT=openstack/greet" in said
    assert (merger.slave.result["project"], merger.slave.result["commit"]) == (PACKAGE, beside)


def test_upstreams_change_is_the_one_that_zuul_named(merger: Merger) -> None:
    merger.commit(UPSTREAM, "refs/zuul/main/Z1")
    merger.commit(PACKAGE, "refs/zuul/HEAD/Z1")
    status, said = merger.run("build", UPSTREAM, "f" * 40)
    assert status == 3 and "not ffff" in said


def test_without_what_the_merger_names_nothing_is_built(merger: Merger) -> None:
    status, said = merger.run("build", PACKAGE, merger.commit(PACKAGE, "refs/zuul/main/Z1"))
    assert status == 3 and "could not fetch" in said and "it runs as" not in said


@pytest.mark.parametrize(
    ("branch", "there", "expected"),
    [
        ("", "refs/heads/stable", "refs/heads/stable"),
        ("", "refs/heads/stable2", "refs/remotes/origin/HEAD"),
        ("fixed/1", "refs/heads/fixed/1", "refs/heads/fixed/1"),
    ],
)
def test_what_a_clock_starts_takes_the_branch_that_the_site_names_or_the_same_or_the_main_one(
    merger: Merger, branch: str, there: str, expected: str
) -> None:
    merger.has_branch(branch)
    commit = merger.commit(PACKAGE, "refs/heads/stable")
    merger.commit(UPSTREAM, there)
    wanted = git(merger.slave.workspace.parent / "p" / UPSTREAM, "rev-parse", expected)
    status, said = merger.run("build", PACKAGE, commit, "refs/heads/stable")
    assert status == 0, said
    assert f"UPSTREAM_COMMIT={wanted}" in said.splitlines()


@pytest.mark.parametrize(("step", "program"), [("publish", "pkgci-publish-review"), ("promote", "pkgci-promote")])
def test_what_publishes_an_upstreams_change_compares_upstreams_commit(merger: Merger, step: str, program: str) -> None:
    merger.slave.step_program(program, 0)
    status, said = merger.run(step, UPSTREAM, "a" * 40)
    assert status == 0, said
    lines = said.splitlines()
    assert {f"UPSTREAM_COMMIT={'a' * 40}", "CHANGE_PROJECT=openstack/greet", "PROJECT=packaging/greet"} <= set(lines)
    assert not [line for line in lines if line.startswith(("COMMIT=", "SOURCE=", "UPSTREAM="))]


def test_a_job_does_nothing_for_the_upstream_of_another(tmp_path: Path) -> None:
    upstreams = {"packaging/other": UPSTREAM}
    given = {**GOOD, "WORKSPACE": str(tmp_path), "ZUUL_PROJECT": UPSTREAM}
    assert read_task(["promote", "packaging/other"], given, upstreams.get).project == "packaging/other"
    with pytest.raises(Ended, match="it does nothing for openstack/greet") as ended:
        read_task(["promote", "packaging/hello"], given, upstreams.get)
    assert ended.value.status is Status.MISUSED
