"""The model and the scheduler."""

from collections.abc import Iterable
from typing import Any

from zuul_py3.hook import mends
from zuul_py3.tools import SnapshotDict, safe_yaml
from zuul_py3.upstream import Build, BuildSet, Change, ChangeQueue, Job


@mends("zuul.model")
def filter_to_lists(module: Any) -> None:
    """zuul/model.py:926: what filterJobs() gives is tested for truth and walked more than once."""
    module.filter = lambda function, values: [value for value in values if function(value)]


@mends("zuul.model")
def sort_builds(module: Any) -> None:
    """zuul/model.py:689 sorts dict.keys() in place."""

    def builds_by_name(self: BuildSet) -> list[Build]:
        return [self.builds[name] for name in sorted(self.builds)]

    module.BuildSet.getBuilds = builds_by_name


@mends("zuul.model")
def count_tries_from_zero(module: Any) -> None:
    """zuul/launcher/gearman.py:372 asks whether None > attempts, before the first try."""

    def tries(self: BuildSet, job_name: str) -> int:
        return self.tries.get(job_name, 0)

    module.BuildSet.getTries = tries


@mends("zuul.model")
def keep_times_in_binary_files(module: Any) -> None:
    """zuul/model.py:1415 and 1431 open the file of job times, which holds struct data, as text."""

    def open_binary(path: str, mode: str = "r") -> Any:
        return open(path, mode + "b")  # noqa: PTH123 - it stands in for open()

    module.open = open_binary


@mends("zuul.model")
def let_projects_be_added_while_they_are_walked(module: Any) -> None:
    """zuul/model.py, Layout: the web application walks the projects while the scheduler adds foreign ones."""
    init = module.Layout.__init__

    def with_snapshots(self: Any) -> None:
        init(self)
        self.projects = SnapshotDict()

    module.Layout.__init__ = with_snapshots


@mends("zuul.model")
def reject_nothing_where_nobody_voted(module: Any) -> None:
    """zuul/model.py:1124: a change that nobody has voted on never comes in where votes are rejected. (Not Python 3.)"""

    def matches(self: Any, change: Change) -> Any:
        return self.matchesRequiredApprovals(change) and self.matchesNoRejectApprovals(change)

    module.BaseFilter.matchesApprovals = matches


@mends("zuul.scheduler")
def let_projects_share_no_queue_for_doing_nothing(module: Any) -> None:
    """zuul/scheduler.py:2040: projects whose only common job is noop, which tests nothing, wait for each other.

    Where the layout gives noop a ``queue-name``, that is what it wants. (Not about Python 3.)
    """
    cls = module.DependentPipelineManager

    class Queue:
        """The change queue ``base``, with the jobs that make others belong to it."""

        def __init__(self, base: ChangeQueue) -> None:
            self.base = base

        def getJobs(self) -> set[Job]:  # noqa: N802 - Zuul's name
            return {job for job in self.base.getJobs() if job.name != "noop" or job.queue_name}

        def mergeChangeQueue(self, other: "Queue") -> None:  # noqa: N802 - Zuul's name
            self.base.mergeChangeQueue(other.base)

        def __str__(self) -> str:
            return str(self.base)

    combine = cls.combineChangeQueues

    def combine_by_tests(self: Any, change_queues: Iterable[ChangeQueue]) -> list[ChangeQueue]:
        return [queue.base for queue in combine(self, [Queue(queue) for queue in change_queues])]

    cls.combineChangeQueues = combine_by_tests


@mends("zuul.scheduler")
def load_the_layout(module: Any) -> None:
    """zuul/scheduler.py:405: yaml.load(file). Python objects in a layout are refused, too."""
    module.yaml = safe_yaml()


@mends("zuul.scheduler")
def map_to_lists(module: Any) -> None:
    """zuul/scheduler.py:1500: what map() gives becomes JSON."""
    module.map = lambda function, values: [function(value) for value in values]


@mends("zuul.lib.cloner")
def load_the_clone_map(module: Any) -> None:
    """zuul/lib/cloner.py:66: yaml.load(file)."""
    module.yaml = safe_yaml()
