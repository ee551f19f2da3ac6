"""What is killed in the middle of a change's way: it ends in another try or a clear result, and is never lost."""

from pathlib import Path

import docker
import pytest

from tests.lab.conftest import Lab
from tests.lab.reviewing import Change, Clone, script, wait_until

# Long enough to be in the middle of it, on a slow machine too.
SLOW = script("echo started", "sleep 12", "echo done")
PATIENCE = 300.0
# It ends by nothing but force, nor does what it sends away; the second try is of the same change.
STUBBORN = script("trap '' TERM HUP INT", "setsid sleep 311 >/dev/null 2>&1 &", "echo started", "sleep 13", "echo done")


@pytest.fixture
def slow_change(deployed: Lab, tmp_path: Path) -> Change:
    """A change whose builds have begun, and will take a while."""
    change = Clone(deployed, tmp_path / "hello").propose("Take your time", {"ci/build": SLOW})
    running = "pgrep -f '[c]i/build'"  # not the shell that asks
    wait_until(
        lambda: deployed.exec("build01", "sh", "-c", running, check=False).returncode == 0,
        90,
        lambda: f"no build began: {change.so_far()}",
    )
    return change


@pytest.mark.parametrize(
    ("host", "unit"),
    [("zuul01", "geard"), ("zuul01", "zuul-server"), ("zuul01", "zuul-merger"), ("jenkins01", "jenkins")],
)
def test_a_service_killed_in_mid_build_loses_no_change(
    deployed: Lab, slow_change: Change, host: str, unit: str
) -> None:
    deployed.exec(host, "systemctl", "kill", "--signal=KILL", unit)
    slow_change.wait_for_vote(1, seconds=PATIENCE)
    assert deployed.exec(host, "systemctl", "is-active", unit).stdout == "active\n"


def test_a_slave_that_dies_in_mid_build_ends_in_another_try_or_a_clear_result(
    deployed: Lab, slow_change: Change
) -> None:
    container = docker.from_env().containers.get(f"pkgci-{deployed.site.name}-build01")
    container.kill()
    try:
        wait_until(
            lambda: deployed.pkgci("status", check=False).returncode == 1,
            60,
            lambda: "status does not tell that a slave is away",
        )
    finally:
        container.start()
    slow_change.wait_for_vote(1, -1, seconds=PATIENCE)
    slow_change.comment("recheck")
    slow_change.wait_for_vote(1, seconds=PATIENCE)


def test_a_change_that_came_while_zuul_was_away_is_checked_when_it_is_back(deployed: Lab, tmp_path: Path) -> None:
    deployed.exec("zuul01", "systemctl", "stop", "zuul-server")
    try:
        change = Clone(deployed, tmp_path / "hello").propose("Nobody listens", {"unheard.txt": "1\n"})
    finally:
        deployed.exec("zuul01", "systemctl", "start", "zuul-server")
    change.wait_for_vote(1, seconds=PATIENCE)


def stubborn_processes(lab: Lab) -> set[str]:
    """What builds of STUBBORN run on the slave, by number."""
    words = ("pgrep", "-f", "(tree/ci/build|sleep (311|13))$")
    return set(lab.exec("build01", *words, check=False).stdout.split())


def test_a_restart_of_jenkins_ends_the_builds_that_run_and_their_second_try_passes(
    deployed: Lab, tmp_path: Path
) -> None:
    change = Clone(deployed, tmp_path / "hello").propose("Do not listen", {"ci/build": STUBBORN})
    wait_until(lambda: len(stubborn_processes(deployed)) >= 3, 90, lambda: f"no build began: {change.so_far()}")
    first = stubborn_processes(deployed)
    deployed.exec("jenkins01", "systemctl", "restart", "jenkins")
    # The connection ended with Jenkins; what ran gets ten seconds to end by itself.
    wait_until(
        lambda: not first & stubborn_processes(deployed), 40, lambda: f"still there: {stubborn_processes(deployed)}"
    )
    change.wait_for_vote(1, -1, seconds=PATIENCE)
    assert change.verified() == 1, change.so_far()
    assert change.report().count(" : SUCCESS in ") >= 1
    wait_until(lambda: not stubborn_processes(deployed), 30, lambda: f"left: {stubborn_processes(deployed)}")
    # Nothing of the first try is where the second one worked, either.
    folders = "for workspace in /srv/jenkins/workspace/*-build-*; do ls -A $workspace/.pkgci | wc -l; done"
    counts = deployed.exec("build01", "sh", "-c", folders).stdout.split()
    assert counts and set(counts) <= {"0", "1"}
