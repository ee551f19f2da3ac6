"""zuul-queue: what was in Zuul's pipelines is put back after a crash, in order, once, and only where it still waits."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import zuul_queue as zq

CHECK = zq.Pipeline(False, frozenset({("Verified", 1), ("Verified", -1)}))
GATE = zq.Pipeline(False, frozenset({("Verified", 2), ("Verified", -2)}))
PROMOTE = zq.Pipeline(True, frozenset())
PIPELINES = {"check": CHECK, "gate": GATE, "promote": PROMOTE}


def status(**pipelines: list[str]) -> dict[str, Any]:
    """status.json with these changes in these pipelines."""

    def one(number: str) -> dict[str, Any]:
        return {"id": number, "project": "p", "live": True, "enqueue_time": 100_000}

    shown = [
        {"name": name, "change_queues": [{"name": "p", "heads": [[one(number) for number in numbers]]}]}
        for name, numbers in pipelines.items()
    ]
    return {"last_reconfigured": 1, "pipelines": shown}


class Zuul:
    """A scheduler that can be killed, beside a Gerrit."""

    def __init__(self) -> None:
        self.present = "first"
        self.shown: dict[str, Any] | None = status()
        self.changes: dict[str, zq.Change] = {}
        self.enqueued: list[tuple[str, str]] = []
        self.refuses: Exception | None = None

    def run(self) -> str:
        return self.present

    def status(self) -> dict[str, Any] | None:
        return self.shown

    def pipelines(self) -> dict[str, zq.Pipeline]:
        return PIPELINES

    def change(self, number: str) -> zq.Change | None:
        return self.changes.get(number, zq.Change("1", "NEW", ()))

    def enqueue(self, item: zq.Item) -> None:
        if self.refuses:
            raise self.refuses
        self.enqueued.append((item.pipeline, item.change))


@pytest.fixture
def zuul() -> Zuul:
    return Zuul()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "pipelines.json"


def crash(zuul: Zuul, state: Path, before: dict[str, Any]) -> zq.Snapshot | None:
    """Zuul has ``before`` in its pipelines, is killed, and comes back with nothing."""
    zuul.shown = before
    known = zq.step(zuul, state, None)  # type: ignore[arg-type]
    zuul.present, zuul.shown = "second", None
    known = zq.step(zuul, state, known)  # type: ignore[arg-type]
    zuul.shown = status()
    return zq.step(zuul, state, known)  # type: ignore[arg-type]


def test_after_a_crash_the_changes_of_the_gate_are_enqueued_in_their_order(zuul: Zuul, state: Path) -> None:
    crash(zuul, state, status(gate=["5,1", "3,1", "4,1"]))
    assert zuul.enqueued == [("gate", "5"), ("gate", "3"), ("gate", "4")]


def test_nothing_is_enqueued_twice(zuul: Zuul, state: Path) -> None:
    known = crash(zuul, state, status(check=["5,1"]))
    zq.step(zuul, state, known)  # type: ignore[arg-type]
    zq.step(zuul, state, zq.read(state))  # type: ignore[arg-type]
    assert zuul.enqueued == [("check", "5")]


def test_a_reload_of_the_layout_enqueues_nothing(zuul: Zuul, state: Path) -> None:
    zuul.shown = status(check=["5,1"])
    known = zq.step(zuul, state, None)  # type: ignore[arg-type]
    zuul.shown = {**status(check=["5,1"]), "last_reconfigured": 2}
    zq.step(zuul, state, known)  # type: ignore[arg-type]
    assert zuul.enqueued == []


def test_what_a_crash_of_its_own_left_is_put_back_from_the_file(zuul: Zuul, state: Path) -> None:
    zq.write(state, zq.Snapshot("before the reboot", (zq.Item("check", "p", "5", "1", 100),)))
    zq.step(zuul, state, zq.read(state))  # type: ignore[arg-type]
    assert zuul.enqueued == [("check", "5")]


def test_what_could_not_be_put_back_is_tried_again(zuul: Zuul, state: Path) -> None:
    zuul.refuses = subprocess.TimeoutExpired("zuul", 300)
    with pytest.raises(subprocess.TimeoutExpired):
        crash(zuul, state, status(check=["5,1", "6,1"]))
    zuul.refuses = None
    zq.step(zuul, state, zq.read(state))  # type: ignore[arg-type]
    assert zuul.enqueued == [("check", "5"), ("check", "6")]


def test_a_change_that_zuul_refuses_for_gerrit_has_gone_is_tried_again(zuul: Zuul, state: Path) -> None:
    away = subprocess.CalledProcessError(255, "ssh", stderr="Connection refused")

    class Going(Zuul):
        """Gerrit goes after the first change was looked up, and before Zuul looks it up."""

        asked = 0

        def change(self, number: str) -> zq.Change | None:
            self.asked += 1
            if self.asked == 2:
                raise away
            return super().change(number)

    going = Going()
    going.refuses = subprocess.CalledProcessError(1, "zuul", stderr="Invalid change")
    with pytest.raises(subprocess.CalledProcessError):
        crash(going, state, status(check=["5,1"]))
    going.refuses = None
    zq.step(going, state, zq.read(state))  # type: ignore[arg-type]
    assert going.enqueued == [("check", "5")]


def test_a_change_that_zuul_refuses_holds_no_other_up(zuul: Zuul, state: Path) -> None:
    zuul.refuses = subprocess.CalledProcessError(1, "zuul", stderr="Invalid project")
    crash(zuul, state, status(check=["5,1", "6,1"]))
    assert zuul.enqueued == [] and json.loads(state.read_text())["items"] == []


def test_a_change_with_a_newer_patch_set_or_that_was_abandoned_stays_out(zuul: Zuul, state: Path) -> None:
    zuul.changes = {"5": zq.Change("2", "NEW", ()), "6": zq.Change("1", "ABANDONED", ())}
    crash(zuul, state, status(check=["5,1", "6,1", "7,1"]))
    assert zuul.enqueued == [("check", "7")]


def test_only_a_pipelines_own_votes_end_its_work() -> None:
    item = zq.Item("gate", "p", "5", "1", 100)
    checked = zq.Change("1", "NEW", (zq.Vote("Verified", 1, 110),))
    assert zq.still_waits(item, checked, GATE)
    assert not zq.still_waits(item, checked, CHECK)
    assert not zq.still_waits(item, zq.Change("1", "NEW", (zq.Vote("Verified", -2, 100),)), GATE)
    assert zq.still_waits(item, zq.Change("1", "NEW", (zq.Vote("Verified", -2, 99),)), GATE)
    assert not zq.still_waits(item, zq.Change("1", "NEW", (zq.Vote("verified", -2, 100),)), GATE)


def test_a_merged_change_is_done_in_the_gate_and_waits_in_a_pipeline_of_merged_changes() -> None:
    merged = zq.Change("1", "MERGED", ())
    assert not zq.still_waits(zq.Item("gate", "p", "5", "1", 100), merged, GATE)
    assert zq.still_waits(zq.Item("promote", "p", "5", "1", 100), merged, PROMOTE)


def test_refs_and_changes_that_are_there_for_others_are_not_noted() -> None:
    shown = status(check=["5,1", "0123abcd"])
    shown["pipelines"][0]["change_queues"][0]["heads"][0][0]["live"] = False
    assert list(zq.items_of(shown)) == []


def test_pipelines_are_read_from_the_layout() -> None:
    layout = {
        "pipelines": [
            {
                "name": "gate",
                "trigger": {"gerrit": [{"event": "comment-added"}]},
                "success": {"gerrit": {"Verified": 2, "submit": True}},
                "failure": {"gerrit": {"Verified": -2}},
            },
            {"name": "promote", "trigger": {"gerrit": {"event": ["change-merged"]}}, "success": {"gerrit": {}}},
            {"name": "periodic", "trigger": {"timer": [{"time": "0 2 * * *"}]}, "success": {"smtp": {"to": "a@b"}}},
        ]
    }
    merging = zq.Pipeline(False, frozenset({("Verified", -2)}))
    assert zq.pipelines_of(layout) == {"gate": merging, "promote": PROMOTE, "periodic": zq.Pipeline(False, frozenset())}


def test_what_passed_the_gate_and_is_not_merged_was_cut_off_and_waits_for_it_still() -> None:
    report = {"success": {"gerrit": {"Verified": 2, "submit": True}}, "failure": {"gerrit": {"Verified": -2}}}
    gate = zq.pipelines_of({"pipelines": [{"name": "gate", **report}]})["gate"]
    item = zq.Item("gate", "p", "5", "1", 100)
    assert zq.still_waits(item, zq.Change("1", "NEW", (zq.Vote("Verified", 2, 110),)), gate)
    assert not zq.still_waits(item, zq.Change("1", "MERGED", (zq.Vote("Verified", 2, 110),)), gate)


def test_a_failure_of_which_gerrit_took_less_than_the_layout_says_ends_the_gates_work() -> None:
    item = zq.Item("gate", "p", "5", "1", 100)
    assert not zq.still_waits(item, zq.Change("1", "NEW", (zq.Vote("Verified", -1, 110),)), GATE)


def test_gerrits_answer_is_read_with_zuuls_votes_only() -> None:
    approvals = [
        {"type": "Verified", "value": "-1", "grantedOn": 7, "by": {"username": "zuul"}},
        {"type": "Code-Review", "value": "2", "grantedOn": 8, "by": {"username": "alice"}},
    ]
    change = {"status": "NEW", "currentPatchSet": {"number": 3, "approvals": approvals}}
    answer = json.dumps(change) + '\n{"type":"stats","rowCount":1}\n'
    assert zq.change_of(answer, "zuul") == zq.Change("3", "NEW", (zq.Vote("Verified", -1, 7.0),))
    assert zq.change_of('{"type":"stats","rowCount":0}\n', "zuul") is None


def test_a_broken_snapshot_is_made_anew(state: Path) -> None:
    state.write_text('{"run": "x", "ite')
    assert zq.read(state) is None
