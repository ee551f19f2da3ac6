"""What is released was merged, and passed the gate, all of it: no job's word counts, but what Zuul noted for itself."""

from __future__ import annotations

from tests.lab.conftest import Lab
from tests.lab.prepared import Build, call, hand_over, pass_and_merge

TARGETS_OF = "packaging/tidy-logs"


def gated(lab: Lab, change: str) -> list[Build]:
    """What the gate would build of that change, for each target."""
    targets = lab.site.projects[TARGETS_OF].targets
    return [Build(change, "1.0-1", target, pipeline="gate", name=f"lab-attack-{change}") for target in targets]


def generation(lab: Lab) -> str:
    return lab.exec("pub01", "readlink", "/srv/publisher/public/release/current").stdout


def test_who_says_gate_and_then_promote_publishes_nothing(deployed: Lab) -> None:
    """Whoever reaches Gearman can start the jobs, with any parameters."""
    builds, before = gated(deployed, "997001"), generation(deployed)
    hand_over(deployed, *builds, zuul_began=False)
    for build in builds:
        status, words = call(deployed, build)
        assert status == 1 and f"Zuul runs no build set {build.build_id} in gate" in words, words
    status, words = call(deployed, builds[0], "promote")
    assert status == 1 and "is not merged, as far as the review told Zuul" in words, words
    assert generation(deployed) == before
    gone = deployed.exec("pub01", "sh", "-c", "ls -d /srv/publisher/public/gate/997001-*", check=False)
    assert gone.returncode == 2


def test_a_merge_past_a_failed_gate_publishes_nothing_and_says_why(deployed: Lab) -> None:
    builds, before = gated(deployed, "997002"), generation(deployed)
    hand_over(deployed, *builds)
    for build in builds:
        assert call(deployed, build)[0] == 0
    # Passed, and not merged; merged, and one test failed.
    status, words = call(deployed, builds[0], "promote")
    assert status == 1 and "is not merged" in words, words
    pass_and_merge(deployed, *builds, failed="systest")
    status, words = call(deployed, builds[0], "promote")
    assert status == 1 and "the gate did not pass (packaging-tidy-logs-systest-" in words, words
    assert "republish" in words and generation(deployed) == before


def test_a_merge_of_another_tree_than_the_gate_tested_publishes_nothing(deployed: Lab) -> None:
    builds, before = gated(deployed, "997003"), generation(deployed)
    hand_over(deployed, *builds)
    for build in builds:
        assert call(deployed, build)[0] == 0
    pass_and_merge(deployed, *builds, tree="b" * 40)
    status, words = call(deployed, builds[0], "promote")
    # What the caller says of the tree does not help him.
    assert status == 1 and "is merged as tree" in words, words
    assert generation(deployed) == before


def test_a_job_of_the_gate_publishes_only_the_commit_that_zuul_began_it_for(deployed: Lab) -> None:
    """A run of the gate that Zuul did begin, and another commit's build under its name."""
    build = gated(deployed, "997004")[0]
    hand_over(deployed, build)
    told = build.told() | {"COMMIT": "e" * 40}
    words = " ".join(f"{name}={value}" for name, value in told.items())
    script = (
        f"cd / && r=$(mktemp -d /srv/pkgci/results/lab-XXXXXX) && chmod 777 $r && {words} RESULTS=$r "
        "sudo -n -u pkgci-gate /usr/local/bin/pkgci-publish-review"
    )
    done = deployed.exec("pub01", "runuser", "-u", "jenkins", "--", "sh", "-c", script, check=False)
    assert done.returncode == 1 and "and not of what this job says" in done.stdout, done.stdout


def test_nobody_but_zuul_writes_what_zuul_notes(deployed: Lab) -> None:
    for account in ("www-data", "nobody", "geard"):
        write = ("runuser", "-u", account, "--", "touch", "/var/lib/zuul/vouched/merged/1.json")
        assert "Permission denied" in deployed.exec("zuul01", *write, check=False).stderr
