"""What cannot be submitted does not enter the gate, is told why, once, and enters as soon as it can."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest
from zuul_py3 import readiness, records, refusals

from tests.unit.zuul.test_records import Filter, recorded
from tests.unit.zuul.test_records import change as record_of


def test_a_notice_is_told_once_for_each_patch_set_and_reason_and_not_again_after_a_restart() -> None:
    text = readiness.notice(records.obstacles(recorded(34), {"Verified"}, "zuul"), "gate")
    assert text == (
        "This change is approved but cannot be merged yet: it is marked work in progress; it needs a vote on "
        "Code-Review; it enters the gate when it is marked ready for review and it has the vote on Code-Review."
    )
    one = SimpleNamespace(number="34", patchset="1", _data={"comments": []})
    told = readiness.Notices()
    assert told.is_new("gate", one, text, "zuul")
    assert not told.is_new("gate", one, text, "zuul")
    assert told.is_new("gate", one, f"{text} More.", "zuul")
    one._data["comments"].append(
        {"timestamp": 5, "reviewer": {"username": "zuul"}, "message": f"Patch Set 1:\n\n{text}"}
    )
    assert not readiness.Notices().is_new("gate", one, text, "zuul")


def test_a_change_that_was_told_why_it_waits_does_so_until_it_enters_also_after_a_restart() -> None:
    text = readiness.notice(records.obstacles(recorded(34), {"Verified"}, "zuul"), "gate")
    one = SimpleNamespace(number="34", patchset="1", _data={"comments": []})
    told = readiness.Notices()
    told.is_new("gate", one, text, "zuul")
    assert told.waits("gate", one, "zuul") and not told.waits("other", one, "zuul")
    told.forget("gate", one)
    assert not told.waits("gate", one, "zuul")
    comments = one._data["comments"]
    comments.append({"timestamp": 5, "reviewer": {"username": "zuul"}, "message": f"Patch Set 1:\n\n{text}"})
    comments.append({"timestamp": 6, "reviewer": {"username": "alice"}, "message": "Patch Set 1:\n\nWhat is it?"})
    again = readiness.Notices()
    assert again.waits("gate", one, "zuul") and not again.waits("other", one, "zuul")
    started = {"timestamp": 7, "reviewer": {"username": "zuul"}, "message": "Patch Set 1:\n\nStarting gate jobs."}
    comments.append(started)
    assert not again.waits("gate", one, "zuul")


def said(text: str) -> dict[str, Any]:
    return {"timestamp": 5, "reviewer": {"username": "zuul"}, "message": f"Patch Set 1:\n\n{text}"}


def test_a_change_that_left_the_gate_unmerged_enters_again_when_what_it_was_told_has_changed() -> None:
    lack = records.Lack("it has Code-Review -2", "Code-Review -2 is withdrawn")
    text = readiness.left([lack], "gate")
    assert text == (
        "The jobs succeeded, but this change was not submitted: it has Code-Review -2. It enters the gate again when "
        "Code-Review -2 is withdrawn."
    )
    one = SimpleNamespace(number="34", patchset="1", _data={"comments": [said(f"{text}\n\n- job : SUCCESS")]})
    told = readiness.Notices()
    assert told.waits("gate", one, "zuul") and not told.waits("other", one, "zuul")
    one._data["comments"].append(said("Starting gate jobs."))
    assert not told.waits("gate", one, "zuul")
    one._data["comments"].append(said(refusals.NOT_SUBMITTED))
    assert not told.waits("gate", one, "zuul")


class Connection:
    user = "zuul"

    def __init__(self) -> None:
        self.told: list[str] = []

    def outbox(self) -> Any:
        return SimpleNamespace(add=lambda report: self.told.append(report.steps[0].message))


class Change(SimpleNamespace):
    """Change 34 with these votes; Gerrit's own rules let it be merged unless ``wip``."""

    def __init__(self, *votes: tuple[str, int, str], wip: bool = False) -> None:
        record = record_of(*votes, submitRecords=[{"status": "OK"}], wip=wip)
        approvals = record["currentPatchSet"]["approvals"]
        super().__init__(number="34", patchset="1", branch="main", project=SimpleNamespace(name="demo/b"))
        self._data, self.approvals, self.open, self.is_current_patchset, self.status = (
            record,
            approvals,
            True,
            True,
            "NEW",
        )


@pytest.fixture
def gate() -> Any:
    """A pipeline's manager, of Zuul's as far as the mending touches it."""

    class Base:
        log = logging.getLogger("tests.readiness")
        changes_merge = True
        changeish_filters = (Filter([{"Workflow": 1}], [{"Code-Review": -2}], current_patchset=True),)

        def __init__(self) -> None:
            connection = Connection()
            reporter = SimpleNamespace(connection=connection)
            source = SimpleNamespace(connection=connection)
            self.pipeline = SimpleNamespace(name="gate", source=source, success_actions=[reporter])
            self.connection = connection

        def getSubmitAllowNeeds(self) -> set[str]:  # noqa: N802 - Zuul's name
            return {"Verified"}

        def eventMatches(self, event: Any, change: Any) -> bool:  # noqa: N802 - Zuul's name
            return False

        def addChange(self, change: Any, ignore_requirements: bool = False) -> bool:  # noqa: N802 - Zuul's name
            return bool(self.isChangeReadyToBeEnqueued(change)) and (ignore_requirements or not vetoed(change))

        def isChangeReadyToBeEnqueued(self, change: Any) -> bool:  # noqa: N802 - Zuul's name
            return not records.obstacles(change._data, {"Verified"}, "zuul")

    class Dependent(Base):
        def enqueueChangesAhead(self, change: Any) -> bool:  # noqa: N802 - Zuul's name
            return True

        isChangeReadyToBeEnqueued = Base.isChangeReadyToBeEnqueued  # noqa: N815 - Zuul's name

    def vetoed(change: Any) -> bool:
        return any((vote["description"], vote["value"]) == ("Code-Review", "-2") for vote in change.approvals)

    module = SimpleNamespace(BasePipelineManager=Base, DependentPipelineManager=Dependent)
    readiness.say_why_an_approved_change_does_not_enter(module)
    return Dependent()


APPROVED, VETO = ("Workflow", 1, "bob"), ("Code-Review", -2, "carol")
EVENT = SimpleNamespace(forced_pipeline=None)


def test_an_approved_change_with_a_veto_is_told_so_and_enters_when_the_veto_is_withdrawn(gate: Any) -> None:
    vetoed = Change(APPROVED, VETO)
    for _ in range(2):
        assert not gate.addChange(vetoed)
    assert gate.connection.told == [
        "This change is approved but cannot be merged yet: it has Code-Review -2; it enters the gate when "
        "Code-Review -2 is withdrawn."
    ]
    withdrawn = Change(APPROVED)
    assert gate.eventMatches(EVENT, withdrawn) and gate.addChange(withdrawn)
    assert not gate.eventMatches(EVENT, withdrawn)


def test_a_veto_for_which_a_change_left_the_gate_is_not_told_a_second_time_but_what_else_lacks_is(gate: Any) -> None:
    left = readiness.left([records.Lack("it has Code-Review -2", "Code-Review -2 is withdrawn")], "gate")
    vetoed, marked = Change(APPROVED, VETO), Change(APPROVED, VETO, wip=True)
    for change in (vetoed, marked):
        change._data["comments"] = [said(left)]
    assert not gate.addChange(vetoed) and gate.connection.told == []
    assert not gate.addChange(marked) and len(gate.connection.told) == 1


def test_a_veto_is_told_with_what_else_lacks_in_one_comment(gate: Any) -> None:
    assert not gate.addChange(Change(APPROVED, VETO, wip=True))
    (text,) = gate.connection.told
    assert "it is marked work in progress; it has Code-Review -2;" in text


def test_a_veto_on_a_change_that_nobody_approved_or_that_is_let_in_by_hand_is_not_told(gate: Any) -> None:
    assert not gate.addChange(Change(VETO))
    assert gate.addChange(Change(APPROVED, VETO), ignore_requirements=True)
    assert gate.connection.told == []
