"""What becomes of a change whose merge cannot be tried, and of what one depends on, proven on Zuul itself.

Runs beside upstream's tests, with their fakes (see tests/zuul/__main__.py).
"""

import os
import time
from pathlib import Path

import fixtures

from tests.base import ZuulTestCase


class TestMerges(ZuulTestCase):
    def setUp(self):
        super().setUp()
        self.config.set("zuul", "layout_config", os.environ["REPORTS_LAYOUT"])
        self.sched.reconfigure(self.config)
        self.registerJobs()
        self.line = self.fake_gerrit.reporting
        search = self.fake_gerrit.simpleQuery

        def search_by_number_too(query):
            """As Gerrit does; upstream's fake knows ids only, and one word of a message."""
            kind, _, words = query.partition(":")
            word = words.split()[0]
            if kind == "change" and word.isdecimal():
                return [self.fake_gerrit.changes[int(word)].query()] if int(word) in self.fake_gerrit.changes else []
            return search(f"{kind}:{word}")

        self.fake_gerrit.simpleQuery = search_by_number_too

    def pauses(self, *seconds):
        self.useFixture(fixtures.MonkeyPatch("zuul_py3.untested.PAUSES", seconds))

    def repository(self, project="org/project"):
        return Path(self.upstream_root, project)

    def away(self):
        """The review's repository goes away; returns what brings it back."""
        here, there = self.repository(), Path(self.test_root, "away")
        here.rename(there)
        return lambda: there.rename(here)

    def propose(self, subject="A", branch="master"):
        change = self.fake_gerrit.addFakeChange("org/project", branch, subject)
        return change, change.getPatchsetCreatedEvent(1)

    def approved(self, change):
        change.addApproval("CRVW", 2)
        return change.addApproval("APRV", 1)

    def votes(self, change):
        return {vote["type"]: vote["value"] for vote in self.line._votes.get(str(change.number), ())}

    def until(self, condition):
        end = time.time() + 40
        while not condition():
            self.assertLess(time.time(), end)
            time.sleep(0.05)

    def test_a_change_is_tested_as_soon_as_it_can_be_fetched(self):
        self.pauses(0.5, 1, 60)
        change, event = self.propose()
        come_back = self.away()
        self.fake_gerrit.addEvent(event)
        self.until(lambda: self.merge_client.build_sets)
        self.until(lambda: any(one.__dict__.get("merge_tries") == 2 for one in self.merge_client.build_sets.values()))
        come_back()
        self.waitUntilSettled()
        self.assertEqual(self.votes(change), {"Verified": "1"})
        self.assertEqual([build.changes for build in self.history], ["1,1"])

    def test_a_change_that_cannot_be_fetched_for_long_is_told_so_without_a_vote_and_can_be_rechecked(self):
        self.pauses(0.1)
        change, event = self.propose()
        come_back = self.away()
        self.fake_gerrit.addEvent(event)
        self.until(lambda: change.messages)
        self.waitUntilSettled()
        self.assertIn("The change was not tested: git ", change.messages[-1])
        self.assertEqual((self.votes(change), self.history), ({}, []))
        come_back()
        self.fake_gerrit.addEvent(event)
        self.waitUntilSettled()
        self.assertEqual(self.votes(change), {"Verified": "1"})

    def test_in_the_gate_nobody_is_blamed_neither_the_change_nor_what_depends_on_it(self):
        self.pauses(0.1)
        first, _ = self.propose()
        second, _ = self.propose("B")
        second.setDependsOn(first, 1)
        come_back = self.away()
        self.approved(second)
        self.fake_gerrit.addEvent(self.approved(first))
        self.until(lambda: any("not tested" in message for message in first.messages))
        self.until(lambda: any("not tested" in message for message in second.messages))
        self.waitUntilSettled()
        come_back()
        for change in (first, second):
            self.assertEqual((self.votes(change), change.data["status"]), ({}, "NEW"))
            self.assertFalse(any("Starting" in message for message in change.messages))

    def test_a_conflict_is_told_at_once_with_its_files_and_a_vote(self):
        first, _ = self.propose()
        first.addPatchset(["conflict"])
        second, _ = self.propose("B")
        second.addPatchset(["conflict"])
        self.fake_gerrit.addEvent(self.approved(first))
        self.waitUntilSettled()
        self.assertEqual(first.data["status"], "MERGED")
        self.fake_gerrit.addEvent(self.approved(second))
        self.waitUntilSettled()
        self.assertIn("Why: conflicts in conflict.", second.messages[-1])
        self.assertEqual(self.votes(second), {"Verified": "-2"})

    def test_a_change_waits_for_one_that_it_names_by_its_address(self):
        first, _ = self.propose()
        second, event = self.propose("B")
        address = f"https://{self.fake_gerrit.server}/c/org/project/+/{first.number}"
        second.data["commitMessage"] = f"B\n\nDepends-On: {address}\n"
        self.fake_gerrit.addEvent(event)
        self.waitUntilSettled()
        self.assertEqual(self.history[-1].changes, "1,1 2,1")
        self.fake_gerrit.addEvent(self.approved(second))
        self.waitUntilSettled()
        self.assertEqual(second.data["status"], "NEW")
        self.fake_gerrit.addEvent(self.approved(first))
        self.waitUntilSettled()
        self.assertEqual(first.data["status"], "MERGED")

    def test_changes_that_depend_on_each_other_are_told_so_once_and_not_tested(self):
        first, event = self.propose()
        second, _ = self.propose("B")
        for change, other in ((first, second), (second, first)):
            change.data["commitMessage"] = f"{change.subject}\n\nDepends-On: {other.data['id']}\n"
        for _ in range(2):
            self.fake_gerrit.addEvent(event)
            self.waitUntilSettled()
        self.assertEqual((len(first.messages), second.messages, self.history), (1, [], []))
        self.assertIn("depends on this one", first.messages[0])

    def test_a_branch_with_any_name_is_tested(self):
        name = "größe#1"
        self.create_branch("org/project", name)
        change, event = self.propose(branch=name)
        self.worker.hold_jobs_in_build = True
        self.fake_gerrit.addEvent(event)
        self.waitUntilSettled()
        parameters = self.builds[0].parameters
        self.worker.hold_jobs_in_build = False
        self.worker.release()
        self.waitUntilSettled()
        self.assertEqual(self.votes(change), {"Verified": "1"})
        self.assertRegex(parameters["ZUUL_REF"], f"^refs/zuul/{parameters['ZUUL_BRANCH']}/Z[0-9a-f]+$")
        self.assertTrue(parameters["ZUUL_BRANCH"].isascii())
        self.assertTrue(self.ref_has_change(parameters["ZUUL_REF"], change))
