"""What this project promises of look-ups, on Zuul itself: its scheduler, merger and queues, with Zuul's own fakes.

Runs in the suite's virtual environment, beside upstream's package ``tests``: `make zuul-suite FILES=lookups`.
"""

import time

import fixtures
from zuul.source.gerrit import GerritSource
from zuul_py3 import events, losses, merged
from zuul_py3.asking import UnreachableError

from tests.base import ZuulTestCase

LAYOUT = """
pipelines:
  - name: check
    manager: IndependentPipelineManager
    trigger:
      gerrit:
        - event: patchset-created
    reject:
      approval: [{code-review: -2}]
    success:
      gerrit: {verified: 1}
  - name: gate
    manager: DependentPipelineManager
    trigger:
      gerrit:
        - event: comment-added
          approval: [{approved: 1}]
projects:
  - name: org/project1
    check: [project-test1]
    gate: [project-test1, noop]
  - name: org/project2
    gate: [project-test2, noop]
"""


class TestLookups(ZuulTestCase):
    def setUp(self):
        super().setUp()
        for module in (events, losses):
            self.useFixture(fixtures.MonkeyPatch(f"{module.__name__}.LOOK_AGAIN", 0.1))
        # The numbers of changes that Gerrit cannot be asked for, and how often; those that it does not show.
        self.away = {}
        self.hidden = set()
        query = self.fake_gerrit.query

        def query_or_not(number):
            if self.away.get(str(number), 0):
                self.away[str(number)] -= 1
                raise UnreachableError("Gerrit is away")
            return {"type": "stats", "rowCount": 0} if str(number) in self.hidden else query(number)

        self.fake_gerrit.query = query_or_not

    def change(self, project, subject):
        return self.fake_gerrit.addFakeChange(project, "master", subject)

    def approve(self, change):
        change.addApproval("CRVW", 2)
        self.fake_gerrit.addEvent(change.addApproval("APRV", 1))

    def wait(self, condition):
        end = time.time() + 40
        while not condition():
            self.assertLess(time.time(), end)
            time.sleep(0.05)

    def test_an_event_whose_look_up_fails_is_handled_when_gerrit_is_there(self):
        a, b = self.change("org/project", "A"), self.change("org/project", "B")
        self.away["1"] = 3
        self.fake_gerrit.addEvent(a.getPatchsetCreatedEvent(1))
        self.fake_gerrit.addEvent(b.getPatchsetCreatedEvent(1))
        self.waitUntilSettled()
        self.assertEqual((a.reported, b.reported, self.away["1"]), (1, 1, 0))
        self.assertEqual(self.history[0].changes, "1,1")

    def test_an_event_of_a_hidden_change_stops_no_other(self):
        a, b = self.change("org/project", "A"), self.change("org/project", "B")
        self.hidden.add("1")
        self.fake_gerrit.addEvent(a.getPatchsetCreatedEvent(1))
        self.fake_gerrit.addEvent(b.getPatchsetCreatedEvent(1))
        self.waitUntilSettled()
        self.assertEqual((a.reported, b.reported), (0, 1))

    def test_a_hidden_change_that_needs_a_change_does_not_keep_it_out(self):
        a, b = self.change("org/project", "A"), self.change("org/project", "B")
        b.setDependsOn(a, 1)
        self.hidden.add("2")
        self.fake_gerrit.addEvent(a.getPatchsetCreatedEvent(1))
        self.waitUntilSettled()
        self.assertEqual(a.reported, 1)

    def test_a_change_that_left_the_cache_is_looked_up_by_the_scheduler_until_gerrit_is_there(self):
        a = self.change("org/project", "A")
        self.sched.run_handler_lock.acquire()
        self.fake_gerrit.addEvent(a.getPatchsetCreatedEvent(1))
        self.wait(lambda: self.sched.trigger_event_queue.qsize() == 1)
        self.fake_gerrit.maintainCache(set())
        self.away["1"] = 3
        self.sched.run_handler_lock.release()
        self.waitUntilSettled()
        self.assertEqual((a.reported, self.away["1"]), (1, 0))

    def test_a_gerrit_that_is_away_after_a_submit_delays_no_other_queue_and_unmerges_nothing(self):
        self.worker.hold_jobs_in_build = True
        a, b = self.change("org/project", "A"), self.change("org/project1", "B")
        c = self.change("org/project", "C")
        for change in (a, c, b):
            self.approve(change)
        self.waitUntilSettled()
        self.away["1"] = 10**9
        self.worker.hold_jobs_in_build = False
        self.worker.release()
        # Reports are delivered beside the scheduler.
        self.wait(lambda: (a.data["status"], b.data["status"]) == ("MERGED", "MERGED"))
        self.assertEqual(c.data["status"], "NEW")
        self.away.clear()
        self.wait(lambda: c.data["status"] == "MERGED")
        self.waitUntilSettled()
        self.assertEqual([build.result for build in self.history if build.result != "SUCCESS"], [])
        tested = [build.changes for build in self.history if build.name == "project-test1"]
        self.assertEqual(tested, ["1,1", "1,1 3,1"], "what was tested behind it was not begun anew")

    def test_branches_are_read_with_git(self):
        references = self.fake_gerrit.getInfoRefs("org/project")
        self.assertIn("refs/heads/master", references)

    def test_only_what_is_built_on_a_branch_that_is_behind_waits_for_it(self):
        a, b, c = (self.change(project, project) for project in ("org/project", "org/project", "org/project1"))
        look, stuck = GerritSource.getRefSha, {"org/project"}

        def look_or_see_nothing_move(source, project, ref):
            return "old" if project in stuck else look(source, project, ref)

        self.useFixture(fixtures.MonkeyPatch("zuul.source.gerrit.GerritSource.getRefSha", look_or_see_nothing_move))
        self.useFixture(fixtures.MonkeyPatch("zuul.source.gerrit.GerritSource.replication_timeout", 600))
        self.approve(a)
        self.wait(lambda: merged.branches_behind(self.fake_gerrit))
        self.approve(b)
        self.approve(c)
        self.wait(lambda: c.data["status"] == "MERGED")
        self.assertEqual((a.data["status"], b.data["status"]), ("MERGED", "NEW"))
        stuck.clear()
        self.wait(lambda: b.data["status"] == "MERGED")
        self.waitUntilSettled()
        self.assertEqual(merged.branches_behind(self.fake_gerrit), set())

    def test_noop_makes_no_queue_and_a_rejected_vote_that_nobody_gave_rejects_nothing(self):
        layout = self.useFixture(fixtures.TempDir()).join("layout.yaml")
        with open(layout, "w") as file:  # noqa: PTH123 - as Zuul's own tests do
            file.write(LAYOUT)
        self.config.set("zuul", "layout_config", layout)
        self.sched.reconfigure(self.config)
        self.assertEqual(len(self.sched.layout.pipelines["gate"].queues), 2)
        a, b = self.change("org/project1", "A"), self.change("org/project1", "B")
        b.addApproval("CRVW", -2)
        for change in (a, b):
            self.fake_gerrit.addEvent(change.getPatchsetCreatedEvent(1))
        self.waitUntilSettled()
        self.assertEqual([build.changes for build in self.history], ["1,1"])

    def test_what_a_merge_makes_of_other_changes_is_made_when_gerrit_is_there(self):
        self.config.set("zuul", "layout_config", "tests/fixtures/layout-zuultrigger-merged.yaml")
        self.sched.reconfigure(self.config)
        self.registerJobs()
        a, b = self.change("org/project", "A"), self.change("org/project", "B")
        for change in (a, b):
            change.addPatchset(["conflict"])
        self.away["2"] = 2
        self.approve(a)
        self.wait(lambda: b.reported)
        self.waitUntilSettled()
        self.assertEqual((a.data["status"], self.away["2"]), ("MERGED", 0))
