"""What is released was merged, and passed the gate, all of it: no job's word counts, but what Zuul noted for itself."""

from __future__ import annotations

from tests.lab.conftest import Lab
from tests.lab.prepared import Build, call, hand_over, pass_and_merge


def gated(change: str) -> Build:
    """What the gate would build of that change."""
    return Build(change, "1.0-1", pipeline="gate", name=f"lab-attack-{change}")


def published(lab: Lab, change: str) -> Build:
    """What the gate did build, and publish for its tests. The review has not merged it."""
    build = gated(change)
    lab.exec("zuul01", "rm", "-f", f"/var/lib/zuul/vouched/merged/{change}.json")
    hand_over(lab, build)
    status, words = call(lab, build)
    assert status == 0, words
    return build


def run(lab: Lab, account: str, program: str, build: Build, **told: str) -> tuple[int, str]:
    """Calls a program as a job does, with other words than the build's own."""
    words = " ".join(f"{name}={value}" for name, value in (build.told() | told).items())
    script = (
        f"cd / && r=$(mktemp -d /srv/pkgci/results/lab-XXXXXX) && chmod 777 $r && {words} RESULTS=$r "
        f"sudo -n -u {account} /usr/local/bin/pkgci-{program}"
    )
    done = lab.exec("pub01", "runuser", "-u", "jenkins", "--", "sh", "-c", script, check=False)
    return done.returncode, done.stdout.strip().rpartition("\n")[2]


def generation(lab: Lab) -> str:
    return lab.exec("pub01", "readlink", "/srv/publisher/public/release/current").stdout


def test_who_says_gate_and_then_promote_publishes_nothing(deployed: Lab) -> None:
    """Whoever reaches Gearman can start the jobs, with any parameters."""
    build, before = gated("997001"), generation(deployed)
    hand_over(deployed, build, zuul_began=False)
    status, words = call(deployed, build)
    assert status == 1 and f"Zuul runs no build set {build.build_id} in gate" in words, words
    status, words = call(deployed, build, "promote")
    assert status == 1 and "is not merged, as far as the review told Zuul" in words, words
    assert generation(deployed) == before
    gone = deployed.exec("pub01", "sh", "-c", "ls -d /srv/publisher/public/gate/997001-*", check=False)
    assert gone.returncode == 2


def test_a_merge_past_a_failed_gate_publishes_nothing_and_says_why(deployed: Lab) -> None:
    before = generation(deployed)
    build = published(deployed, "997002")
    # Not merged; merged, and one test failed.
    status, words = call(deployed, build, "promote")
    assert status == 1 and "is not merged" in words, words
    pass_and_merge(deployed, build, failed="systest")
    status, words = call(deployed, build, "promote")
    assert status == 1 and "the gate did not pass (packaging-tidy-logs-systest-" in words, words
    assert "republish" in words and generation(deployed) == before


def test_a_merge_of_another_tree_than_the_gate_tested_publishes_nothing(deployed: Lab) -> None:
    before = generation(deployed)
    build = published(deployed, "997003")
    pass_and_merge(deployed, build, tree="b" * 40)
    # Whatever the caller says of the tree.
    for claim, why in ((build.tree, "is merged as tree"), ("b" * 40, "not those that the gate tested")):
        status, words = run(deployed, "publisher", "promote", build, TREE=claim)
        assert status == 1 and why in words, words
    assert generation(deployed) == before


def test_a_job_of_the_gate_publishes_only_the_commit_that_zuul_began_it_for(deployed: Lab) -> None:
    """A run of the gate that Zuul did begin, and another commit's build under its name."""
    build = gated("997004")
    hand_over(deployed, build)
    status, words = run(deployed, "pkgci-gate", "publish-review", build, COMMIT="e" * 40)
    assert status == 1 and "and not of what this job says" in words, words


def test_nobody_but_zuul_writes_what_zuul_notes(deployed: Lab) -> None:
    for account in ("www-data", "nobody", "geard"):
        write = ("runuser", "-u", account, "--", "touch", "/var/lib/zuul/vouched/merged/1.json")
        assert "Permission denied" in deployed.exec("zuul01", *write, check=False).stderr
