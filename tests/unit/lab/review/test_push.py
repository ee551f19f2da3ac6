"""What pushes make: changes, patch sets, or a refusal that says why."""

import os
import subprocess
from pathlib import Path

import pytest

from pkgci.lab.stand_ins.review import ssh
from pkgci.lab.stand_ins.review.model import Status
from pkgci.lab.stand_ins.review.remarks import report
from tests.unit.lab.review.conftest import PROJECT, SETTINGS, Bench


def test_a_project_begins_with_a_commit_on_main_and_small_steps_that_run(bench: Bench) -> None:
    listing = bench.git("ls-tree", "-r", "main")
    assert {line.split()[0] for line in listing.splitlines() if "ci/" in line} == {"100755"}
    assert "ci/build" in listing
    before = bench.head
    bench.review.make_projects()
    assert bench.head == before


def test_a_pushed_commit_becomes_a_change_with_a_ref_and_an_event(bench: Bench) -> None:
    commit = bench.commit("one")
    pushed = bench.push(commit)
    assert pushed.refusal is None
    assert "  https://review.test/c/packaging/hello/+/1 Change one [NEW]\n" in report([pushed], "https://review.test")
    change = bench.review.changes[1]
    assert (change.status, change.owner.username, change.branch) == (Status.NEW, "alice", "main")
    assert bench.git("rev-parse", "refs/changes/01/1/1") == commit
    assert [file.path for file in change.current.files] == ["/COMMIT_MSG", "one"]
    (event,) = bench.events
    assert event["type"] == "patchset-created"
    assert event["change"]["number"] == 1
    assert event["patchSet"]["ref"] == "refs/changes/01/1/1"
    assert event["uploader"]["username"] == "alice"


def test_the_same_change_id_makes_a_new_patch_set_without_the_old_ones_votes(bench: Bench) -> None:
    change = bench.change()
    bench.vote(change, "bob", Code_Review=2)
    assert bench.push(bench.commit("one", "better\n", footer=f"Change-Id: {change.id}")).refusal is None
    change = bench.review.changes[1]
    assert [item.number for item in change.patch_sets] == [1, 2]
    assert change.current.approvals == ()
    assert len(change.patch_sets[0].approvals) == 1
    assert bench.events[-1]["patchSet"]["ref"] == "refs/changes/01/1/2"


def test_several_commits_in_one_push_are_changes_that_depend_on_each_other(bench: Bench) -> None:
    first = bench.commit("one")
    assert bench.push(bench.commit("two", on=first)).refusal is None
    assert [change.current.subject for change in bench.review.changes.values()] == ["Change one", "Change two"]
    assert bench.review.changes[2].current.parents == (first,)


def test_a_topic_comes_with_the_branch_or_as_an_option(bench: Bench) -> None:
    bench.push(bench.commit("one"), "refs/for/main%topic=spring")
    bench.push(bench.commit("two"), "refs/for/refs/heads/main", "alice", "topic=summer")
    assert [change.topic for change in bench.review.changes.values()] == ["spring", "summer"]


@pytest.mark.parametrize(
    ("footer", "why"),
    [
        ("", "missing Change-Id in message footer"),
        ("Change-Id: I123", "invalid Change-Id"),
        (f"Change-Id: I{1:040x}\nChange-Id: I{2:040x}", "multiple Change-Id"),
    ],
)
def test_a_commit_without_one_good_change_id_is_refused_and_the_hook_named(bench: Bench, footer: str, why: str) -> None:
    pushed = bench.push(bench.commit("one", footer=footer))
    assert why in str(pushed.refusal)
    assert any("scp -p -P 29418 alice@review.test:hooks/commit-msg" in line for line in pushed.last)
    assert not bench.review.changes


def test_one_bad_commit_refuses_the_whole_push(bench: Bench) -> None:
    pushed = bench.push(bench.commit("two", on=bench.commit("one"), footer=""))
    assert pushed.refusal
    assert not bench.review.changes


@pytest.mark.parametrize("ref", ["refs/heads/main", "refs/heads/new", "refs/tags/v1", "refs/changes/01/1/1"])
@pytest.mark.parametrize("user", ["alice", "zuul"])
def test_nobody_pushes_past_the_review(bench: Bench, ref: str, user: str) -> None:
    before = bench.git("for-each-ref")
    assert "prohibited" in str(bench.push(bench.commit("one"), ref, user).refusal)
    assert bench.git("for-each-ref") == before


def test_who_has_the_right_pushes_branches_and_tags_but_loses_nothing(bench: Bench) -> None:
    bench.review.policies.set("push-right", "on", PROJECT)
    first = bench.commit("one", footer="")
    tag = bench.git("mktag", stdin=f"object {first}\ntype commit\ntag v1\ntagger a <a@test> 1 +0000\n\nx\n")
    pushes = {"refs/heads/pristine-tar": first, "refs/tags/v1": tag}
    for ref, revision in pushes.items():
        assert bench.push(revision, ref).refusal is None
        assert bench.git("rev-parse", ref) == revision
    told = [event["refUpdate"]["refName"] for event in bench.everything if event["type"] == "ref-updated"]
    assert told == list(pushes)
    later = bench.commit("two", on=first, footer="")
    assert bench.push(later, "refs/heads/pristine-tar").refusal is None
    assert bench.push(later, "refs/tags/v1").refusal == "non-fast-forward"
    assert bench.push(first, "refs/heads/pristine-tar").refusal == "non-fast-forward"
    for revision, ref in (("0" * 40, "refs/heads/pristine-tar"), (first, "refs/changes/01/1/1")):
        assert "prohibited" in str(bench.push(revision, ref).refusal)
    assert not bench.review.changes


def test_pushes_that_make_nothing_say_why(bench: Bench) -> None:
    change = bench.change()
    old = change.current.revision
    assert bench.push(old).refusal == "no new changes"
    assert "branch nope not found" in str(bench.push(bench.commit("two"), "refs/for/nope").refusal)
    assert "stand-in for Gerrit cannot" in str(bench.push(bench.commit("two"), "refs/for/main%submit").refusal)
    bench.push(bench.commit("one", "better\n", footer=f"Change-Id: {change.id}"))
    assert "older patch set of change 1" in str(bench.push(old).refusal)
    bench.review.abandon("alice", bench.review.changes[1], "")
    late = bench.commit("one", "late\n", footer=f"Change-Id: {change.id}")
    assert bench.push(late).refusal == "change https://review.test/c/packaging/hello/+/1 closed"


def test_zuul_has_its_own_key_and_every_other_name_the_labs(bench: Bench) -> None:
    assert SETTINGS.keys_of("zuul") == ("ssh-ed25519 ZUUL",)
    assert SETTINGS.keys_of("bob") == ("ssh-ed25519 LAB",)
    assert SETTINGS.keys_of("alice") == ("ssh-ed25519 LAB", "ssh-ed25519 ALICE")
    assert SETTINGS.keys_of("../bob") == ()


def test_the_hook_writes_one_change_id_and_leaves_it_when_the_commit_is_amended(tmp_path: Path) -> None:
    def git(*words: str) -> str:
        person = ["-c", "user.name=a", "-c", "user.email=a@test"]
        environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null"}
        command = ["git", "-C", str(tmp_path), *person, *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()

    git("init", "--quiet")
    hook = tmp_path / ".git/hooks/commit-msg"
    hook.parent.mkdir(exist_ok=True)
    hook.write_bytes(ssh.COMMIT_MSG.read_bytes())
    hook.chmod(0o755)
    git("commit", "--allow-empty", "-m", "Do it\n\nBecause.\n\nSigned-off-by: A <a@test>")
    message = git("log", "-1", "--format=%B")
    assert message.splitlines()[-2:-1] == ["Signed-off-by: A <a@test>"]
    assert message.splitlines()[-1].startswith("Change-Id: I")
    git("commit", "--allow-empty", "--amend", "-m", message.replace("Do it", "Do that"))
    assert git("log", "-1", "--format=%B").count("Change-Id") == 1
    git("commit", "--allow-empty", "-m", "fixup! Do that")
    assert "Change-Id" not in git("log", "-1", "--format=%B")


def test_a_project_outside_the_reviews_folder_is_not_found(bench: Bench) -> None:
    for name in ("../changes", "/etc", "", "packaging/../packaging/hello", ".packaging/hello"):
        with pytest.raises(Exception, match="not found"):
            bench.review.repository(name)
    assert bench.review.projects() == [PROJECT]
