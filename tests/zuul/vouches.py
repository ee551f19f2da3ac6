"""What Zuul notes of its build sets, and of merges, proven on Zuul itself.

Runs beside upstream's tests, with their fakes (see tests/zuul/__main__.py).
"""

import json
from pathlib import Path

from zuul_py3 import vouching

from tests.base import ZuulTestCase

TREE = "a" * 40


def on_publisher(item, job, params):
    """As the function of pkgci's layout for the jobs that publish."""
    if item.pipeline.name == "gate":
        vouching.begun(item.pipeline.source.sched.config, item, params, TREE)


class TestVouches(ZuulTestCase):
    def setUp(self):
        super().setUp()
        self.registerJobs()
        self.sched.layout.jobs["project-merge"].parameter_function = on_publisher
        self.folder = Path(self.config.get("zuul", "state_dir")) / vouching.FOLDER
        for kind in ("tested", "merged"):
            (self.folder / kind).mkdir(parents=True)

    def gate(self, change):
        change.addApproval("CRVW", 2)
        self.fake_gerrit.addEvent(change.addApproval("APRV", 1))
        self.waitUntilSettled()

    def notes(self):
        return [json.loads(path.read_text()) for path in sorted((self.folder / "tested").iterdir())]

    def test_the_results_of_the_gate_are_there_when_the_change_is_merged(self):
        change = self.fake_gerrit.addFakeChange("org/project", "master", "A")
        self.gate(change)
        self.assertEqual(change.data["status"], "MERGED")
        (note,) = self.notes()
        self.assertEqual((note["project"], note["change"], note["patchset"]), ("org/project", "1", "1"))
        self.assertEqual((note["pipeline"], note["tree"]), ("gate", TREE))
        jobs = ("project-merge", "project-test1", "project-test2")
        self.assertEqual(note["jobs"], {name: {"result": "SUCCESS", "voting": True} for name in jobs})

    def test_a_gate_that_fails_is_noted_as_that_and_its_change_as_not_merged(self):
        change = self.fake_gerrit.addFakeChange("org/project", "master", "A")
        self.worker.addFailTest("project-test1", change)
        self.gate(change)
        (note,) = self.notes()
        self.assertEqual(note["jobs"]["project-test1"], {"result": "FAILURE", "voting": True})
        self.assertEqual(note["jobs"]["project-test2"], {"result": "SUCCESS", "voting": True})
        item = type("Item", (), {"change": self.seen(change), "pipeline": self.sched.layout.pipelines["gate"]})
        with self.assertRaises(ValueError):
            vouching.merged(self.config, item, {"ZUUL_CHANGE": "1"}, TREE)
        self.assertEqual(list((self.folder / "merged").iterdir()), [])

    def test_a_check_is_not_noted(self):
        change = self.fake_gerrit.addFakeChange("org/project", "master", "A")
        self.fake_gerrit.addEvent(change.getPatchsetCreatedEvent(1))
        self.waitUntilSettled()
        self.assertEqual(len(self.history), 3)
        self.assertEqual(self.notes(), [])

    def seen(self, change):
        """The change as Zuul knows it."""
        source = self.sched.layout.pipelines["gate"].source
        return source._getChange(str(change.number), "1", refresh=True)
