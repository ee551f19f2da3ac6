"""What nobody needs goes, what somebody may need stays."""

from __future__ import annotations

import fcntl
import os
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from pkgci_steps.repository.engine import GRACE_SECONDS, Repository
from pkgci_steps.repository.state import State
from pkgci_steps.repository_admin.prune import prune, unneeded

from .conftest import NOW, World

DAYS = timedelta(days=14)  # the default of `repository: {closed_days: …}`
GREET = "packaging/greet"


def ago(**long: float) -> str:
    return (NOW - timedelta(**long)).isoformat(timespec="seconds")


@pytest.mark.parametrize(
    ("state", "goes"),
    [
        (State(ago(days=13.9), {"1": GREET}), False),
        (State(ago(days=14), {"1": GREET}), True),
        (State(), False),
    ],
)
def test_a_review_repository_goes_some_days_after_anything_came_to_it(state: State, goes: bool) -> None:
    assert unneeded(NOW, DAYS)(state) is goes


def test_an_old_review_repository_goes_with_the_links_to_it_and_a_young_one_stays(world: World) -> None:
    old = world.review("group-icehouse", {"12": GREET}, timedelta(days=15))
    young = world.review("13", {"13": GREET}, timedelta(days=1))
    (world.publisher.public / "review/12").symlink_to("group-icehouse")
    # It is another account's.
    assert list(prune(replace(world.publisher, desks=("release", "gate")), world.work)) == []
    assert list(prune(world.publisher, world.work)) == [("repositories", str(old.folder))]
    assert sorted(path.name for path in (world.publisher.public / "review").iterdir()) == ["13"]
    assert young.exists
    assert list(prune(world.publisher, world.work)) == []


def test_what_the_gate_built_goes_some_days_after_its_change_was_released(world: World) -> None:
    for run, age in (("Z1", 15), ("Z2", 1)):
        world.publish(f"gate/12-{run}", ("trixie", "greet", "1.1"))
        repository = Repository(f"gate/12-{run}", world.publisher)
        with repository.update():
            repository.set_state(State(ago(days=age), {"12": GREET[1]}))
    (world.publisher.public / "gate/lost+found").mkdir()
    assert list(prune(world.publisher, world.work)) == [("repositories", str(world.publisher.public / "gate/12-Z1"))]
    assert Repository("gate/12-Z2", world.publisher).exists


def test_packages_go_with_the_last_state_that_has_them(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.publish("release", ("trixie", "greet", "0"))
    for number in range(world.publisher.settings.repository.generations):
        world.publish("release", ("trixie", "greet", "1"), ("trixie", "greet", f"1.{number}"))
    released = Repository("release", world.publisher)
    # Readers may be at the old state for a while.
    assert list(prune(world.publisher, world.work)) == []
    for one in released.generations():
        long_ago = time.time() - GRACE_SECONDS - 60
        os.utime(one.folder / "manifest.json", (long_ago, long_ago))
    gone = [path.rpartition("shared/")[2] for _, path in prune(world.publisher, world.work)]
    assert gone == ["deb/pool/trixie/greet/0.0"]
    assert len(released.generations()) == world.publisher.settings.repository.generations
    assert (released.folder / "shared/deb/pool/trixie/greet/1.0").is_dir()


def test_what_a_killed_program_left_goes_after_a_day(world: World) -> None:
    for name in ("old", "new"):
        (world.work / name).mkdir(parents=True)
    (world.work / "file").write_text("")
    (world.work / "link").symlink_to(world.publisher.public)
    day = time.time() - 25 * 3600
    for name in ("old", "file"):
        os.utime(world.work / name, (day, day))
    os.utime(world.work / "link", (day, day), follow_symlinks=False)
    assert sorted(path.rpartition("/")[2] for _, path in prune(world.publisher, world.work)) == ["file", "link", "old"]
    assert [path.name for path in world.work.iterdir()] == ["new"]


def test_whether_a_repository_goes_is_decided_while_nobody_can_publish_to_it(world: World) -> None:
    repository = world.review("13", {"13": GREET}, timedelta(days=15))
    asked: list[State] = []

    def decide(state: State) -> bool:
        asked.append(state)
        with (world.publisher.locks / "review/13.lock").open() as lock, pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False

    assert not repository.delete(decide)
    assert repository.exists
    assert [list(state.changes) for state in asked] == [["13"]]
