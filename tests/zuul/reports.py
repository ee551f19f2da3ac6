"""What becomes of reports, proven on Zuul itself: Gerrit is away, refuses, or its people have changed their minds.

Runs beside upstream's tests, with their fakes (see tests/zuul/__main__.py).
"""

import os
import time
from pathlib import Path

from zuul_py3.asking import RefusedError, UnreachableError

from tests.base import ZuulTestCase

NOT_PERMITTED = "error: fatal: Failed to submit 1 change due to the following problems:\nChange 1: submit not permitted"


class TestReports(ZuulTestCase):
    def setUp(self):
        super().setUp()
        self.config.set("zuul", "layout_config", os.environ["REPORTS_LAYOUT"])
        self.sched.reconfigure(self.config)
        self.registerJobs()
        self.line = self.fake_gerrit.reporting

    def until(self, condition):
        for _ in range(300):
            if condition():
                return
            time.sleep(0.05)
        self.fail("it does not happen")

    def gate(self):
        return self.sched.layout.pipelines["gate"]

    def approved(self, subject="A", project="org/project"):
        change = self.fake_gerrit.addFakeChange(project, "master", subject)
        change.addApproval("CRVW", 2)
        return change, change.addApproval("APRV", 1)

    def go_away(self):
        """Gerrit answers nobody; returns what brings it back."""
        look, review = self.line.look, self.line.review

        def nobody(*args):
            raise UnreachableError("the port is closed")

        self.line.look = self.line.review = nobody

        def come_back():
            self.line.look, self.line.review = look, review

        return come_back

    def test_a_change_that_has_passed_waits_for_gerrit_in_its_queue_and_is_merged_then(self):
        change, event = self.approved()
        self.worker.hold_jobs_in_build = True
        self.fake_gerrit.addEvent(event)
        self.waitUntilSettled()
        come_back = self.go_away()
        self.worker.hold_jobs_in_build = False
        self.worker.release()
        self.until(lambda: any(hasattr(item, "reports") for item in self.gate().getAllItems()))
        self.assertEqual([item.change.number for item in self.gate().getAllItems()], ["1"])
        # The layout is loaded anew meanwhile, and the rest goes on.
        self.sched.reconfigure(self.config)
        other = self.fake_gerrit.addFakeChange("org/project", "master", "B")
        self.fake_gerrit.addEvent(other.getPatchsetCreatedEvent(1))
        self.until(lambda: any(build.name == "project-test1" and "2,1" in build.changes for build in self.history))
        self.assertEqual(change.data["status"], "NEW")
        come_back()
        self.until(lambda: change.data["status"] == "MERGED")
        self.waitUntilSettled()
        self.assertEqual(sum("Build succeeded" in message for message in change.messages), 1)
        self.assertEqual(sum("Build succeeded" in message for message in other.messages), 1)
        self.assertEqual(self.gate().getAllItems(), [])

    def test_a_failure_that_waits_for_gerrit_holds_up_nobody_behind_it(self):
        failing, first = self.approved()
        passing, second = self.approved("B")
        self.worker.addFailTest("project-test1", failing)
        self.worker.hold_jobs_in_build = True
        self.fake_gerrit.addEvent(first)
        self.fake_gerrit.addEvent(second)
        self.waitUntilSettled()
        review = self.line.review

        def away_for_the_first(project, change, message, action):
            if change == "1,1":
                raise UnreachableError("the port is closed")
            review(project, change, message, action)

        self.line.review = away_for_the_first
        self.worker.hold_jobs_in_build = False
        self.worker.release()
        self.until(lambda: passing.data["status"] == "MERGED")
        self.line.review = review
        self.until(lambda: not self.gate().getAllItems())
        self.waitUntilSettled()
        self.assertIn("Build failed", failing.messages[-1])

    def test_a_submit_that_gerrit_refuses_fails_the_change_and_those_behind_are_tested_anew(self):
        refused, first = self.approved()
        behind, second = self.approved("B")
        self.worker.hold_jobs_in_build = True
        self.fake_gerrit.addEvent(first)
        self.fake_gerrit.addEvent(second)
        self.waitUntilSettled()
        review = self.line.review

        def refuse(project, change, message, action):
            submits = change == "1,1" and action.get("submit")
            review(
                project,
                change,
                message,
                {key: value for key, value in action.items() if not submits or key != "submit"},
            )
            refused.data["comments"].append(
                {"timestamp": time.time(), "reviewer": {"username": "jenkins"}, "message": f"Patch Set 1:\n\n{message}"}
            )
            if submits:
                raise RefusedError(NOT_PERMITTED)

        self.line.review = refuse
        self.worker.hold_jobs_in_build = False
        self.worker.release()
        self.waitUntilSettled()
        self.assertEqual((refused.data["status"], behind.data["status"]), ("NEW", "MERGED"))
        self.assertIn("Change 1: submit not permitted", refused.messages[-1])
        self.assertIn("needs the right Submit on refs/heads/master of org/project", refused.messages[-1])
        self.assertEqual(self.line.look("1")["currentPatchSet"]["approvals"][-1]["value"], "-2")
        # Once on top of the first, once without it.
        self.assertEqual([build.changes for build in self.history if "2,1" in build.changes], ["1,1 2,1", "2,1"])
        # What is merged after it shows that the right is there.
        self.assertEqual((Path(self.state_root) / "alerts-gerrit.json").read_text(), "{}")

    def test_an_approval_that_is_withdrawn_or_a_veto_during_the_gate_stops_the_merge(self):
        for votes, lacks in (
            ([("APRV", 0)], "it has no Approved +1 any more"),
            ([("CRVW", -2)], "it has Code-Review -2"),
        ):
            change, event = self.approved()
            self.worker.hold_jobs_in_build = True
            self.fake_gerrit.addEvent(event)
            self.waitUntilSettled()
            for label, value in votes:
                change.addApproval(label, value)
            self.worker.hold_jobs_in_build = False
            self.worker.release()
            self.waitUntilSettled()
            self.assertEqual(change.data["status"], "NEW")
            self.assertIn(lacks, change.messages[-1])
            self.assertEqual(self.gate().getAllItems(), [])

    def test_a_change_that_left_for_a_veto_enters_again_when_the_veto_is_withdrawn(self):
        change, event = self.approved()
        self.worker.hold_jobs_in_build = True
        self.fake_gerrit.addEvent(event)
        self.waitUntilSettled()
        change.addApproval("CRVW", -2)
        self.worker.hold_jobs_in_build = False
        self.worker.release()
        self.waitUntilSettled()
        self.assertIn("It enters the gate again when", change.messages[-1])
        change.data["comments"].append(
            {
                "timestamp": time.time(),
                "reviewer": {"username": "jenkins"},
                "message": f"Patch Set 1:\n\n{change.messages[-1]}",
            }
        )
        # A vote that no trigger names.
        self.fake_gerrit.addEvent(change.addApproval("CRVW", 2))
        self.waitUntilSettled()
        self.assertEqual(change.data["status"], "MERGED")

    def test_a_change_that_leaves_with_its_parent_while_gerrit_is_away_is_told_why_when_it_is_back(self):
        parent, first = self.approved()
        child, second = self.approved("B")
        child.setDependsOn(parent, 1)
        self.fake_gerrit.addEvent(first)
        self.worker.hold_jobs_in_build = True
        self.fake_gerrit.addEvent(second)
        self.waitUntilSettled()
        self.worker.addFailTest("project-test1", child)
        come_back = self.go_away()
        self.worker.hold_jobs_in_build = False
        self.worker.release()
        self.until(lambda: any(hasattr(item, "reports") for item in self.gate().getAllItems()))
        parent.addPatchset()
        self.fake_gerrit.addEvent(parent.getPatchsetCreatedEvent(2))
        self.until(lambda: not self.gate().getAllItems())
        come_back()
        self.waitUntilSettled()
        self.assertIn("depends on a change that failed to merge", child.messages[-1])
        self.assertEqual((parent.data["status"], child.data["status"]), ("NEW", "NEW"))

    def test_an_approved_change_that_cannot_be_merged_yet_says_so_once_and_enters_when_it_can(self):
        change, event = self.approved()
        change.data["wip"] = True
        self.fake_gerrit.addEvent(event)
        self.fake_gerrit.addEvent(event)
        self.waitUntilSettled()
        self.assertEqual(
            change.messages,
            [
                "This change is approved but cannot be merged yet: it is marked work in progress; "
                "it enters the gate when it is marked ready for review."
            ],
        )
        self.assertEqual(len(self.history), 0)
        del change.data["wip"]
        ready = {**change.getChangeCommentEvent(1), "type": "wip-state-changed"}
        self.fake_gerrit.addEvent(ready)
        self.waitUntilSettled()
        self.assertEqual(change.data["status"], "MERGED")

    def test_an_approved_change_whose_parent_is_not_ready_says_so_and_follows_it(self):
        parent = self.fake_gerrit.addFakeChange("org/project", "master", "A")
        child, event = self.approved("B")
        child.setDependsOn(parent, 1)
        self.fake_gerrit.addEvent(event)
        self.waitUntilSettled()
        self.assertEqual(len(child.messages), 1)
        self.assertIn("it depends on change 1, which is not ready (it needs a vote on", child.messages[0])
        self.assertIn("it enters the gate when change 1 does.", child.messages[0])
        parent.addApproval("CRVW", 2)
        self.fake_gerrit.addEvent(parent.addApproval("APRV", 1))
        self.waitUntilSettled()
        self.assertEqual((parent.data["status"], child.data["status"]), ("MERGED", "MERGED"))
