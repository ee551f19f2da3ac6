"""Which logs go when all take too much: who floods the store loses his own, and otherwise the oldest go.

The builds of one job in one pipeline belong together. Whichever of these groups takes most loses a build, so that none
takes another's place: what strangers let check build takes nothing from the logs of releases, nor one project from
another. Of a group the change that takes more than a part of it loses its oldest build, else the group does.

Pipeline, job and change are in the path, which is Zuul's word (``claim``): nobody makes his logs another's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from .store import BuildPath

_PART = 10  # a change that takes more than one in so many of its group's bytes is large


@dataclass(frozen=True)
class Kept:
    """A build that is kept: when something of it last changed, in seconds since 1970, and its bytes on the disk."""

    path: BuildPath
    changed: float
    size: int
    runs: bool


def too_much(builds: Sequence[Kept], limit: int) -> Iterator[Kept]:
    """Of ``builds`` those that go, in this order, until the rest takes ``limit`` bytes. What runs stays."""
    taken = sum(build.size for build in builds)
    groups: dict[str, list[Kept]] = {}
    for build in sorted(builds, key=lambda build: build.changed):
        groups.setdefault(f"{build.path.pipeline}/{build.path.job}", []).append(build)
    open_ = {name: _Group(group) for name, group in groups.items()}
    heaviest = _Heaviest({name: group.size for name, group in open_.items()})
    while taken > limit and (name := heaviest.first()) is not None:
        lost = open_[name].lose()
        if lost is None:
            heaviest.drop(name)
            continue
        heaviest.less(name, lost.size)
        taken -= lost.size
        yield lost


class _Group:
    """Builds that belong together, oldest first."""

    def __init__(self, builds: Sequence[Kept]) -> None:
        self.size = sum(build.size for build in builds)
        ended = [build for build in builds if not build.runs]
        self._all = deque(ended)
        self._changes: dict[str, deque[Kept]] = {}
        for build in ended:
            self._changes.setdefault(build.path.subject, deque()).append(build)
        self._heaviest = _Heaviest({change: sum(one.size for one in kept) for change, kept in self._changes.items()})
        self._gone: set[BuildPath] = set()

    def lose(self) -> Kept | None:
        """The next one that goes; None where only such are left that run."""
        while self._all and self._all[0].path in self._gone:
            self._all.popleft()
        change = self._heaviest.first()
        if not self._all or change is None:
            return None
        if self._heaviest.of(change) * _PART <= self.size:
            change = self._all[0].path.subject
        # The oldest of all is the oldest of its change.
        build = self._changes[change].popleft()
        self._gone.add(build.path)
        self.size -= build.size
        if self._changes[change]:
            self._heaviest.less(change, build.size)
        else:
            self._heaviest.drop(change)
        return build


class _Heaviest:
    """Which of some names has most, while they lose."""

    def __init__(self, sizes: dict[str, int]) -> None:
        self._sizes = dict(sizes)
        self._heap = [(-size, name) for name, size in sizes.items()]
        heapify(self._heap)

    def first(self) -> str | None:
        """None where no name is left."""
        while self._heap:
            size, name = self._heap[0]
            if self._sizes.get(name) == -size:
                return name
            heappop(self._heap)  # it has less by now: that is further down
        return None

    def of(self, name: str) -> int:
        """What it has."""
        return self._sizes[name]

    def less(self, name: str, size: int) -> None:
        """It has lost so much."""
        self._sizes[name] -= size
        heappush(self._heap, (-self._sizes[name], name))

    def drop(self, name: str) -> None:
        """It has nothing more to lose."""
        del self._sizes[name]
