"""What reads Gerrit on Zuul's host, on the recorded answers of a real one and on the stand-in's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.lab.contract.recordings import VERSIONS, Json, events, queries
from tests.unit.lab.contract.replay import Lab
from tests.unit.lab.contract.zuul_side import Item, Pipeline, change_of, loads_gerrit, missed_events, still_waits


@pytest.fixture
def ours(tmp_path: Path) -> list[Json]:
    """What the stand-in tells of a change from its first patch set to its merge."""
    lab = Lab(tmp_path, projects=("demo/b",))
    change = lab.land(lab.propose("demo/b", "B one", f"I{3:040x}"))
    lab.say(change, "zuul", "Patch Set 1:\n\nPublished.", {})
    return lab.told


@pytest.mark.parametrize("version", VERSIONS)
def test_numbers_of_changes_and_patch_sets_are_text_in_every_recorded_event(version: str, ours: list[Json]) -> None:
    for told in (*events(version), *ours):
        read = loads_gerrit(json.dumps(told))
        assert read["type"] == told["type"]
        if "change" in told:
            assert read["change"]["number"] == str(told["change"]["number"])
            assert read["patchSet"]["number"] == str(told["patchSet"]["number"])


def recorded(number: str, version: str = "gerrit-3.11") -> Json:
    return dict(loads_gerrit(json.dumps(queries(version)[number][0])))


@pytest.mark.parametrize(
    ("number", "missed"),
    [
        # Merged, and Zuul said later that it was published: that is all of it that may start something.
        ("3", ["comment-added"]),
        ("7", ["comment-added"]),
        # Merged, published, and approved no more: as before.
        ("26", ["comment-added"]),
        # Zuul has voted since its patch set came: the vote may complete what the gate waits for.
        ("11", ["comment-added"]),
        # Its report after the vote was dropped: what people wrote comes again.
        ("22", ["patchset-created", "comment-added", "comment-added", "comment-added"]),
        ("33", ["patchset-created"]),
        ("34", ["patchset-created"]),
    ],
)
def test_what_was_missed_of_a_recorded_change_is_found(number: str, missed: list[str]) -> None:
    assert [event["type"] for _, event in missed_events(recorded(number), 0, "zuul")] == missed


def test_a_merge_that_nobody_heard_of_is_found_by_who_submitted_it() -> None:
    change = recorded("7")
    # As it was when it had just been merged.
    change["comments"].pop()
    ((when, event),) = missed_events(change, 0, "zuul")
    assert (event["type"], event["patchSet"]["number"]) == ("change-merged", "2")
    assert when == change["currentPatchSet"]["createdOn"]


def test_the_queue_of_a_restarted_zuul_is_judged_by_recorded_changes() -> None:
    gate = Pipeline(False, frozenset({("Verified", 2), ("Verified", -2)}))
    promote = Pipeline(True, frozenset())

    def waits(number: str, patch_set: str, pipeline: Pipeline) -> bool:
        answer = "".join(f"{json.dumps(line)}\n" for line in queries()[number])
        return still_waits(Item("x", "demo/b", number, patch_set, 0.0), change_of(answer, "zuul"), pipeline)

    assert not waits("3", "1", gate)
    assert waits("3", "1", promote)
    assert waits("7", "2", promote)
    assert not waits("7", "1", promote)
    assert waits("33", "1", gate)
    assert not waits("27", "1", gate)
    assert waits("27", "2", gate)
    assert not waits("999", "1", gate)
    assert not waits("13", "1", gate)
