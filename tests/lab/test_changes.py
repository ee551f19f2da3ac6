"""A change's way through the CI: jobs on the right slaves, votes with links that open, the gate, and the refusals."""

import json
import re
from pathlib import Path

import pytest

from pkgci.model.steps import STEPS, Pipeline, jobs_of
from tests.lab.conftest import Lab
from tests.lab.reviewing import PROJECT, Change, Clone, other_gerrit, script, wait_until

# Zuul holds every event back this long (reference: zuul, "What Zuul asks of Gerrit").
ZUULS_DELAY = 10.0


@pytest.fixture
def clone(deployed: Lab, tmp_path: Path) -> Clone:
    return Clone(deployed, tmp_path / "hello")


def opened(lab: Lab, url: str) -> str:
    """The page at ``url``, as the outside host sees it: names resolved there, the site's authority trusted."""
    return lab.exec("outside", "curl", "-sSf", "--max-time", "20", url).stdout


def links_of(report: str) -> list[str]:
    return re.findall(r"https://\S+", report)


def jobs_in(lab: Lab, pipeline: Pipeline) -> set[str]:
    return {job.name for job in jobs_of(lab.site, PROJECT) if pipeline in job.step.pipelines}


def test_a_change_runs_its_jobs_on_the_right_slaves_and_gets_a_vote_with_links_that_open(
    deployed: Lab, clone: Clone
) -> None:
    change = clone.propose("Say hello", {"hello.txt": "hello\n"})
    taken = change.wait_for_vote(1)
    assert taken < ZUULS_DELAY + 60

    started, report = change.messages()[0], change.report()
    assert links_of(started) == ["https://zuul01.pkg.lab.test/zuul/"]
    assert all(opened(deployed, link) for link in links_of(started))

    lines = re.findall(r"^- (\S+) (https://\S+) (https://\S+) : SUCCESS in .*$", report, re.MULTILINE)
    assert {name for name, _, _ in lines} == jobs_in(deployed, Pipeline.CHECK)
    hosts = {role: {host.name for host in deployed.site.with_role(role)} for role in {s.role for s in STEPS.values()}}
    roles = {job.name: job.step.role for job in jobs_of(deployed.site, PROJECT)}
    for name, log, build in lines:
        assert "result.json" in opened(deployed, log)
        result = json.loads(opened(deployed, f"{log}result.json"))
        assert result["node"] in hosts[roles[name]]
        assert name in opened(deployed, build)


def test_a_failing_change_gets_a_minus_and_names_the_job(deployed: Lab, clone: Clone) -> None:
    change = clone.propose("Break the build", {"ci/build": script("echo it does not build", "exit 1")})
    change.wait_for_vote(-1)
    failed = re.findall(r"^- (\S+) (https://\S+) \S+ : FAILURE", change.report(), re.MULTILINE)
    assert {name for name, _ in failed} == {
        job.name for job in jobs_of(deployed.site, PROJECT) if job.step.name == "build"
    }
    assert "    because: ci/build ended with exit status 1" in change.report().splitlines()
    assert "it does not build" in opened(deployed, f"{failed[0][1]}console.txt")


def test_recheck_runs_the_jobs_again(clone: Clone) -> None:
    change = clone.propose("Check me twice", {"twice.txt": "1\n"})
    change.wait_for_vote(1)
    before = len(change.messages())
    change.comment("recheck")
    wait_for_messages(change, before + 2)
    assert change.verified() == 1


def wait_for_messages(change: Change, count: int) -> None:
    wait_until(lambda: len(change.messages()) >= count, 120, lambda: str(change.messages()))


def test_approved_changes_that_depend_on_each_other_merge_in_order_and_are_promoted(
    deployed: Lab, clone: Clone
) -> None:
    clone.start()
    clone.commit("First", {"first.txt": "1\n"})
    first = clone.push()
    clone.commit("Second", {"second.txt": "2\n"})
    second = clone.push()
    first.wait_for_vote(1)
    second.wait_for_vote(1)
    second.approve()
    first.approve()
    first.wait_for_merge()
    second.wait_for_merge()
    clone.start()
    log = clone.git("log", "--format=%s").stdout
    assert log.index("Second") < log.index("First")
    wait_for_promotions(first, 1)
    wait_for_promotions(second, 1)


def wait_for_promotions(change: Change, count: int) -> None:
    def promoted() -> bool:
        said = "\n".join(change.messages())
        return len(re.findall(rf"^- \S+-{Pipeline.PROMOTE} \S+ \S+ : SUCCESS", said, re.MULTILINE)) == count

    wait_until(promoted, 120, lambda: str(change.messages()))


def trees_of(change: Change, pipeline: Pipeline) -> set[str]:
    """The git trees that the publishing jobs of a pipeline were told of the change."""
    log = change.lab.exec("zuul01", "grep", "PKGCI_TREE", "/var/log/zuul/server.log").stdout
    words = (f"'ZUUL_CHANGE': '{change.number}'", f"'ZUUL_PIPELINE': '{pipeline}'")
    told = (line for line in log.splitlines() if all(word in line for word in words))
    return {tree for line in told for tree in re.findall(r"'PKGCI_TREE': '([0-9a-f]{40})'", line)}


def test_a_change_that_gerrit_rebased_to_merge_it_has_the_tree_that_was_tested_and_can_be_published_again(
    deployed: Lab, clone: Clone
) -> None:
    with other_gerrit(deployed, "submit-type", "REBASE_ALWAYS", "MERGE_IF_NECESSARY"):
        change = clone.propose("Publish me twice", {"again.txt": "1\n"})
        change.wait_for_vote(1)
        change.approve()
        change.wait_for_merge()
    assert change.patch_set == f"{change.number},2"
    wait_for_promotions(change, 1)
    assert trees_of(change, Pipeline.GATE) == trees_of(change, Pipeline.PROMOTE) != set()
    change.comment("republish")
    wait_for_promotions(change, 2)
    tested = next(text for text in change.messages() if "once more" in text)
    assert set(re.findall(r"^- (\S+) ", tested, re.MULTILINE)) == jobs_in(deployed, Pipeline.REPUBLISH)


def test_a_change_that_does_not_merge_is_told_so(clone: Clone) -> None:
    clone.start()
    clone.commit("One side", {"same.txt": "one\n"})
    one = clone.push()
    clone.start()
    clone.commit("Other side", {"same.txt": "other\n"})
    other = clone.push()
    one.wait_for_vote(1)
    one.approve()
    one.wait_for_merge()
    other.wait_for_vote(1, -1)
    other.comment("recheck")
    other.wait_for_vote(-1)
    assert "merge" in other.report().lower()


def test_a_second_deploy_changes_nothing(deployed: Lab) -> None:
    said = deployed.pkgci("deploy", "--yes", timeout=1800).stdout
    assert f"0 changes on {len(deployed.site.hosts)} hosts" in said, said
