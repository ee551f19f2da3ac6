"""What is killed in the middle of a change's way: it ends in another try or a clear result, and is never lost."""

from pathlib import Path

import docker
import pytest

from tests.lab.conftest import Lab
from tests.lab.reviewing import Change, Clone, script, wait_until

# Long enough to be in the middle of it, on a slow machine too.
SLOW = script("echo started", "sleep 12", "echo done")
PATIENCE = 300.0


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
