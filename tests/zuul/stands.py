"""What a build set of the gate stands on, and groups, proven on Zuul itself.

Runs beside upstream's tests, with their fakes (see tests/zuul/__main__.py).
"""

import json

from zuul_py3 import ahead, grouping

from tests.base import ZuulTestCase


def on_publisher(item, params):
    """As the function of pkgci's layout for the jobs that publish."""


class TestStands(ZuulTestCase):
    def setUp(self):
        super().setUp()
        self.registerJobs()
        ahead.MERGED = ahead.Merged()
        grouping.GROUPS = grouping.Path(self.test_root, "groups.json")
        grouping.GROUPS.write_text(json.dumps({"icehouse": ["org/project"]}))

    def approve(self, *changes):
        for change in changes:
            change.addApproval("CRVW", 2)
            self.fake_gerrit.addEvent(change.addApproval("APRV", 1))
        self.waitUntilSettled()

    def name(self, change):
        """What the publisher calls the present build set of a change, by what its jobs are told."""
        (ref,) = {self.told(build, "ZUUL_REF") for build in self.running(change)}
        return f"{change.number}-{ref.rpartition('/')[2]}"

    def running(self, change):
        return [build for build in self.builds if self.told(build, "ZUUL_CHANGE") == str(change.number)]

    def release(self, change, job):
        next(build for build in self.running(change) if build.name == job).release()
        self.waitUntilSettled()

    def told(self, build, name):
        return build.parameters.get(name)

    def ahead_of(self, change):
        (text,) = {self.told(build, "PKGCI_AHEAD") for build in self.running(change)}
        return text

    def test_a_build_set_of_the_gate_is_told_those_ahead_of_it_and_after_a_failure_none_of_them(self):
        self.worker.hold_jobs_in_build = True
        one, two, three = (self.fake_gerrit.addFakeChange("org/project", "master", name) for name in "ABC")
        self.worker.addFailTest("project-test1", one)
        self.approve(one, two, three)
        for change in (one, two, three):
            # The layout has the others wait for it.
            self.release(change, "project-merge")
        first, second = self.name(one), self.name(two)
        self.assertEqual([self.ahead_of(change) for change in (one, two, three)], [None, first, f"{first} {second}"])
        self.release(one, "project-test1")
        self.release(two, "project-merge")
        renewed = self.name(two)
        self.assertNotEqual(renewed, second)
        self.assertEqual([self.ahead_of(change) for change in (two, three)], [None, renewed])
        self.worker.hold_jobs_in_build = False
        self.worker.release()
        self.waitUntilSettled()

    def test_what_is_merged_and_not_released_is_told_to_what_comes_after_it(self):
        self.sched.layout.jobs["project-merge"].parameter_function = on_publisher
        one, two = (self.fake_gerrit.addFakeChange("org/project", "master", name) for name in "AB")
        self.approve(one)
        self.assertEqual(one.data["status"], "MERGED")
        (ref,) = {build.parameters["ZUUL_REF"] for build in self.history if build.name == "project-merge"}
        self.worker.hold_jobs_in_build = True
        self.approve(two)
        self.assertEqual(self.ahead_of(two), f"1-{ref.rpartition('/')[2]}")
        self.worker.hold_jobs_in_build = False
        self.worker.release()
        self.waitUntilSettled()

    def test_a_change_is_built_when_what_it_needs_is_published(self):
        self.sched.layout.jobs["project1-merge"].parameter_function = on_publisher
        self.worker.hold_jobs_in_build = True
        one = self.fake_gerrit.addFakeChange("org/project1", "master", "A")
        two = self.fake_gerrit.addFakeChange("org/project2", "master", "B")
        two.data["commitMessage"] = f"B\n\nDepends-On: {one.data['id']}\n"
        for change in (one, two):
            self.fake_gerrit.addEvent(change.getPatchsetCreatedEvent(1))
        self.waitUntilSettled()
        self.assertEqual([build.name for build in self.running(one)], ["project1-merge"])
        self.assertEqual(self.running(two), [])
        self.release(one, "project1-merge")
        self.assertEqual([build.name for build in self.running(two)], ["project2-merge"])
        self.worker.hold_jobs_in_build = False
        self.worker.release()
        self.waitUntilSettled()
        self.assertEqual((one.reported, two.reported), (1, 1))

    def checked(self, topic, project="org/project"):
        change = self.fake_gerrit.addFakeChange(project, "master", "A")
        change.data["topic"] = topic
        self.fake_gerrit.addEvent(change.getPatchsetCreatedEvent(1))
        self.waitUntilSettled()
        return change

    def test_a_change_with_an_undeclared_group_is_told_so_and_runs_nothing(self):
        change = self.checked("group/havana")
        self.assertEqual(self.history, [])
        self.assertIn("which the site does not declare", change.messages[-1])
        self.assertEqual([name for name, _ in self.votes(change)], [])

    def test_a_change_of_a_project_outside_of_its_group_is_told_so_and_runs_nothing(self):
        change = self.checked("group/icehouse", "org/project1")
        self.assertEqual(self.history, [])
        self.assertIn("which org/project1 is not in", change.messages[-1])

    def test_a_change_of_a_declared_group_is_tested(self):
        self.checked("group/icehouse")
        self.assertEqual(len(self.history), 3)

    def votes(self, change):
        return [(one["type"], one["value"]) for one in change.patchsets[-1]["approvals"]]
