"""Not about Python 3: whether a change is merged is Gerrit's to say, and no wait for one change stops the others.

Upstream takes a change for merged when its branch has moved: it asks again and again, for up to five minutes, in the
scheduler's own thread, and takes the change for unmerged where it saw nothing move. Here Gerrit's word counts. Where
the branch is seen to be behind all the same, as on a Gerrit of several servers, only what would be built on it waits.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

from zuul_py3.asking import RefusedError, Troubles, UnreachableError
from zuul_py3.hook import mends
from zuul_py3.losses import NotYetError, wake_later
from zuul_py3.upstream import Change, Connection, Item, Manager, Source

# How often Gerrit may refuse to say whether a change is merged, until it counts as unmerged.
REFUSALS = 12


@mends("zuul.source.gerrit")
def believe_gerrit(module: Any) -> None:
    """zuul/source/gerrit.py:56-64 and 86-94: the wait for a branch, and what is made of one that does not move."""
    cls = module.GerritSource
    is_merged: Callable[..., bool] = cls.isMerged

    def merged_or_not_yet(self: Source, change: Change, head: str | None = None) -> bool:
        try:
            merged = is_merged(self, change)
        except (UnreachableError, RefusedError) as error:
            if not change.__dict__.setdefault("_troubles", Troubles(REFUSALS)).are_for_good(error):
                raise NotYetError(f"whether {change} is merged is not known yet: {error}") from error
            self.log.error("%s counts as unmerged: %s", change, error)
            return False
        change.__dict__.pop("_troubles", None)
        if merged and head:
            look_at(self, change.project.name, head, getattr(change, "_ref_sha", ""))
        return merged

    def look_at(self: Source, project: str, branch: str, old: str) -> None:
        """Where the head of ``branch`` is still ``old``, notes that what is built on it waits, and watches it."""
        behind = branches_behind(self.connection)
        if old and (project, branch) not in behind and is_behind(self, project, branch, old):
            behind.add((project, branch))
            threading.Thread(target=watch, args=(self, project, branch, old), daemon=True).start()

    def is_behind(self: Source, project: str, branch: str, old: str) -> bool:
        return self.getRefSha(project, f"refs/heads/{branch}") in ("", old)

    def watch(self: Source, project: str, branch: str, old: str) -> None:
        end = time.monotonic() + self.replication_timeout
        try:
            while is_behind(self, project, branch, old):
                if time.monotonic() > end:
                    self.log.warning("%s of %s is still at %s; going on", branch, project, old)
                    return
                time.sleep(self.replication_retry_interval)
        finally:
            branches_behind(self.connection).discard((project, branch))
            self.sched.wake_event.set()

    cls.isMerged = merged_or_not_yet
    # What is lost by going on is a test on the branch as it was. Upstream: 300.
    cls.replication_timeout = 60


def branches_behind(connection: Connection) -> set[tuple[str, str]]:
    """The branches, as (project, name), that Gerrit has merged into and that do not show it yet."""
    behind: set[tuple[str, str]] = connection.__dict__.setdefault("_branches_behind", set())
    return behind


@mends("zuul.scheduler")
def let_an_item_wait_by_itself(module: Any) -> None:
    """zuul/scheduler.py:1624: what cannot be done for one item ends the run through all queues, again and again."""
    cls = module.BasePipelineManager
    process, prepare = cls._processOneItem, cls.prepareRef

    def process_or_wait(self: Manager, item: Item, nnfi: Item | None) -> Any:
        try:
            return process(self, item, nnfi)
        except NotYetError as reason:
            self.log.info("%s waits: %s", item.change, reason)
            wake_later(self.sched)
            return False, nnfi if is_failing(self, item) else item

    def is_failing(self: Manager, item: Item) -> bool:
        return bool(
            item.current_build_set.unable_to_merge
            or self.pipeline.didAnyJobFail(item)
            or self.getFailingDependentItems(item)
        )

    def prepare_or_wait(self: Manager, item: Item) -> Any:
        build_set = item.current_build_set
        behind = branches_behind(self.pipeline.source.connection)
        if build_set.merge_state == build_set.NEW and behind:
            changes = [item.change, *(other.change for other in self.getDependentItems(item))]
            if any((change.project.name, getattr(change, "branch", None)) in behind for change in changes):
                self.log.info("%s waits for a branch that does not show yet what was merged", item.change)
                return False
        return prepare(self, item)

    cls._processOneItem = process_or_wait
    cls.prepareRef = prepare_or_wait
