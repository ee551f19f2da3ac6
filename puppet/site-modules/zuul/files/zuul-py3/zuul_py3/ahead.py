"""Not about Python 3: which results of the gate a build set stands on, and when its jobs may begin.

What the gate builds of a change is published under the name of its build set, and what is behind it in the queue is
built with that. When the queue is made up anew, build sets have new names: no result of an old one is seen again.
"""

import time
from collections.abc import Callable
from typing import Any

from zuul_py3.hook import mends
from zuul_py3.upstream import BuildSet, Change, Item, Job, Launcher, Manager

# As pkgci's layout calls them: the pipelines whose builds may be released, and the one that releases them.
RELEASING, PROMOTE = ("gate", "republish"), "promote"
# The function of the jobs that publish, as pkgci's layout calls it.
_PUBLISHING = "on_publisher"
# Seconds after which what was merged, and was not released, is not waited for any more; and how many such changes.
_PATIENCE, _MOST = 6 * 3600, 50


class Merged:
    """What the gate has merged, and promote has not yet released: change → its build set, and since when.

    It is in the released repository a moment later. What is built until then must see it all the same.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # Change → the name of its build set, and when it was merged.
        self._build_sets: dict[str, tuple[str, float]] = {}

    def add(self, change: str, name: str) -> None:
        self._build_sets.pop(change, None)
        self._build_sets[change] = (name, self._clock())
        for old in list(self._build_sets)[:-_MOST]:
            del self._build_sets[old]

    def discard(self, change: str) -> None:
        self._build_sets.pop(change, None)

    def names(self) -> list[str]:
        """The names of their build sets, the oldest first."""
        since = self._clock() - _PATIENCE
        return [name for name, moment in self._build_sets.values() if moment > since]


MERGED = Merged()


def name_of(item: Item) -> str:
    """What the results of an item's present build set are called: pkgci_steps/repository/places.py."""
    return f"{item.change.number}-{item.current_build_set.ref}"


def of(item: Item) -> list[str]:
    """The names of the results that an item stands on, the oldest first."""
    own = getattr(item.change, "number", None)
    names = [name for name in MERGED.names() if not name.startswith(f"{own}-")]
    ahead = []
    while item.item_ahead:
        item = item.item_ahead
        if item.live and item.current_build_set.ref:
            ahead.append(name_of(item))
    return [*names, *reversed(ahead)]


def waits_for(item: Item) -> Item | None:
    """The item whose packages are still to be published before those that need them are built; None where all are.

    Changes of one project do not wait for each other: what is built of the later one has the earlier one in its tree.
    """
    needed = _needed(item.change)
    for other in item.pipeline.getAllItems() if needed else ():
        if other.live and _patch_set(other.change) in needed and not _has_published(other):
            return other
    return None


def _needed(change: Change) -> set[tuple[str, str]]:
    """The patch sets in other projects that a change needs, by whatever way."""
    seen, left = {}, [change]
    while left:
        for one in getattr(left.pop(), "needs_changes", None) or ():
            if _patch_set(one) not in seen:
                seen[_patch_set(one)] = one
                left.append(one)
    return {patch_set for patch_set, one in seen.items() if one.project.name != change.project.name}


def _patch_set(change: Change) -> tuple[str, str]:
    return (str(getattr(change, "number", None)), str(getattr(change, "patchset", None)))


def _has_published(item: Item) -> bool:
    for job in _publishing(item):
        build = item.current_build_set.getBuild(job.name)
        if not build or build.result is None:
            return False
    return True


def _publishing(item: Item) -> list[Job]:
    """The jobs of an item that publish: there are none where a project of the site's own layout has no packages."""
    jobs = item.pipeline.getJobs(item)
    return [job for job in jobs if getattr(job.parameter_function, "__name__", "") == _PUBLISHING]


@mends("zuul.model")
def note_what_a_build_set_stands_on(module: Any) -> None:
    """zuul/model.py:659: the items ahead are asked for when a job begins, and those that were merged are gone."""
    cls = module.BuildSet
    configure = cls.setConfiguration

    def configure_and_note(self: BuildSet) -> None:
        configure(self)
        if self.item.pipeline.name in RELEASING and not hasattr(self, "ahead"):
            self.ahead = of(self.item)

    cls.setConfiguration = configure_and_note


@mends("zuul.launcher.gearman")
def tell_what_a_build_set_stands_on(module: Any) -> None:
    """zuul/launcher/gearman.py:230: the parameters of a job."""
    cls = module.Gearman
    update = cls.updateBuildParams

    def update_with_ahead(self: Launcher, job: Job, item: Item, params: dict[str, Any]) -> None:
        update(self, job, item, params)
        ahead = getattr(item.current_build_set, "ahead", None)
        if ahead:
            params["PKGCI_AHEAD"] = " ".join(ahead)

    cls.updateBuildParams = update_with_ahead


@mends("zuul.scheduler")
def build_what_is_needed_first(module: Any) -> None:
    """zuul/scheduler.py:1531: a change that needs another one is built when the packages of that are published."""
    cls = module.BasePipelineManager
    launch, report = cls.launchJobs, cls.reportItem

    def launch_when_needed_is_there(self: Manager, item: Item) -> Any:
        needed = waits_for(item)
        if needed:
            self.log.debug("%s waits for what is published of %s", item.change, needed.change)
            return None
        return launch(self, item)

    def report_and_note(self: Manager, item: Item) -> None:
        report(self, item)
        change = getattr(item.change, "number", None)
        if change is None:
            return
        if self.pipeline.name in RELEASING and _publishing(item) and self.pipeline.didAllJobsSucceed(item):
            MERGED.add(str(change), name_of(item))
        elif self.pipeline.name == PROMOTE:
            MERGED.discard(str(change))

    cls.launchJobs = launch_when_needed_is_there
    cls.reportItem = report_and_note
