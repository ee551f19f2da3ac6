"""The installation test, phase by phase, whatever the package manager."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from functools import partial

from ..parallel import Part, side_by_side
from ..report import Case
from ..repository import versions
from ..review import File, Repository
from ..status import Ended, Status
from ..step import Step
from . import faults
from .manager import GONE, INSTALLED, Manager
from .root import Said
from .tree import Tree, leftovers

# A fresh root with a package manager in it.
Fresh = Callable[[], AbstractContextManager[Manager]]


def test(step: Step, wanted: Sequence[File], chosen: Sequence[Repository], fresh: Fresh) -> None:
    """Installs ``wanted``, each group in a root of its own; a case for each package and each phase.

    The roots begin as one, with the lists that were read once. What depends on nothing goes on side by side.
    """
    with fresh() as manager:
        manager.use_changes()
        with step.timed("judged"):
            groups = [_Group(files) for files in together(step, manager, wanted)]
        released = [item for item in chosen if item.name == "released"]
        if not released:
            step.log.say("nothing is released for this target yet: there is nothing to upgrade from")
        parts: list[Part] = [partial(_install_and_remove, manager, group) for group in groups]
        for item in released:
            found = manager.released(item, [file.package for file in wanted])
            parts += [partial(_upgrade, manager, group, found) for group in groups]
        side_by_side(step, parts)


def _install_and_remove(base: Manager, group: _Group, step: Step) -> None:
    try:
        with base.layer(step) as manager:
            run = _Run(step, group)
            with run.blamed("install"):
                run.install_and_remove(manager)
    finally:
        group.known({})


def _upgrade(base: Manager, group: _Group, released: Mapping[str, str], step: Step) -> None:
    run = _Run(step, group)
    with run.blamed("upgrade"):
        old = run.older(base, released)
        if old:
            with base.layer(step) as manager:
                run.upgrade(manager, old)


def together(step: Step, manager: Manager, wanted: Sequence[File]) -> list[list[File]]:
    """The packages in groups that can be installed together: one group, where none excludes another.

    Adds the failures of those that can be installed in no way.
    """
    if manager.plan(_words(manager, wanted)).status == 0:
        return [list(wanted)]
    groups: list[list[File]] = []
    for file in wanted:
        started = time.monotonic()
        alone = manager.plan(_words(manager, [file]))
        if alone.status != 0:
            step.cases.append(faults.case(f"{file.package}: install", alone, time.monotonic() - started))
            continue
        for group in groups:
            if manager.plan(_words(manager, [*group, file])).status == 0:
                group.append(file)
                break
        else:
            groups.append([file])
    return groups


class _Group:
    """Packages that are installed together. ``base`` is what is there before them, but with all that they need."""

    def __init__(self, files: Sequence[File]) -> None:
        self.files = files
        self.base: Future[Tree] = Future()

    def known(self, base: Tree) -> None:
        """The first word on ``base`` counts."""
        if not self.base.done():
            self.base.set_result(base)


class _Run:
    """One group of packages: its way through a root."""

    def __init__(self, step: Step, group: _Group) -> None:
        self._step = step
        self._shared = group
        self._group = group.files
        self._names = [file.package for file in group.files]

    @contextmanager
    def blamed(self, phase: str) -> Iterator[None]:
        """Where the packages are at fault for an early end of what is within, that is a case, and the test goes on."""
        try:
            yield
        except Ended as ended:
            if ended.status is not Status.FAILED:
                raise
            self._case(", ".join(self._names), phase, ended.reason)

    def install_and_remove(self, manager: Manager) -> None:
        """Install, look at what is there, remove, purge, look at what is left."""
        self._fetch(manager, manager.fetch)
        self._install_needed(manager)
        before = self._tree(manager)
        self._shared.known(before)
        if self._installed(manager, "install"):
            self._look(manager, "")
            self._remove(manager, before, "")

    def older(self, manager: Manager, released: Mapping[str, str]) -> list[str]:
        """The manager's words for those of the packages that are ``released`` (name → version) in another version."""
        names = [file.package for file in self._group if released.get(file.package, file.version) != file.version]
        for file in self._group:
            if file.package in names and versions.is_older(manager.kind, file.version, released[file.package]):
                raise Ended(
                    Status.FAILED, f"{file.package} {released[file.package]} is released: {file.version} is older"
                )
        if not names:
            self._step.log.say(f"{', '.join(self._names)}: no other version is released, there is nothing to upgrade")
        return [manager.word(name, released[name]) for name in names]

    def upgrade(self, manager: Manager, old: Sequence[str]) -> None:
        """Install what is released, upgrade it, look, purge, look at what is left."""
        manager.use_released()
        before = self._tree(manager)
        why = _why_not(manager.fetch(old))
        if not why:
            # Both are fetched before either runs.
            manager.use_changes()
            self._fetch(manager, manager.fetch_upgrade)
            manager.use_released()
            why = _why_not(manager.install(old))
        if why:
            # What is broken, or what the distribution has moved away from: a next version is what mends it.
            message = f"the released packages cannot be installed themselves any more ({' '.join(old)}): {why}"
            self._step.cases.append(Case(f"{', '.join(self._names)}: upgrade", Status.SKIPPED, message))
            return
        manager.use_changes()
        self._install_needed(manager)
        self._step.details.setdefault("upgraded_from", []).extend(old)
        if self._installed(manager, "upgrade"):
            self._look(manager, "after the upgrade: ")
            self._remove(manager, before, "after the upgrade: ")

    def _fetch(self, manager: Manager, fetch: Callable[[Sequence[str]], Said]) -> None:
        """Everything fetched, and checked to be what was published."""
        _fetched(fetch(_words(manager, self._group)), "the packages")
        sums = manager.sums()
        for file in self._group:
            if file.sha256 not in sums:
                raise Ended(Status.INFRASTRUCTURE, f"another {file.name} was fetched than the one that was published")

    def _install_needed(self, manager: Manager) -> None:
        """What the packages need, installed."""
        needed = manager.needed(self._group)
        if needed and manager.install(needed).status != 0:
            raise Ended(Status.INFRASTRUCTURE, f"what the packages need does not install: {' '.join(needed)}")

    def _installed(self, manager: Manager, phase: str) -> bool:
        started = time.monotonic()
        said = manager.install(_words(manager, self._group))
        seconds = time.monotonic() - started
        states = manager.states(self._names)
        whole = {file.package for file in self._group if states.get(file.package) == (INSTALLED, file.version)}
        for file in self._group:
            now = states.get(file.package, (GONE, ""))
            # Where all are there and something failed all the same, any of them may have.
            good = file.package in whole and (said.status == 0 or len(whole) < len(self._group))
            message = "" if good else f"it is {' '.join(now).strip()}: {faults.message(said)}"
            self._case(file.package, phase, message, said.text, seconds)
        return said.status == 0

    def _look(self, manager: Manager, when: str) -> None:
        with self._step.timed("judged"):
            for name in self._names:
                self._step.cases.extend(manager.look(name, when))

    def _tree(self, manager: Manager) -> Tree:
        with self._step.timed("judged"):
            return manager.root.tree()

    def _remove(self, manager: Manager, before: Tree, when: str) -> None:
        for way, allowed in manager.ways_out.items():
            said = manager.remove(way, self._names)
            states = manager.states(self._names)
            for name in self._names:
                now, _ = states.get(name, (GONE, ""))
                self._case(
                    name, f"{when}{way}", "" if now in allowed else f"it is {now}: {faults.message(said)}", said.text
                )
        owned = manager.owned()
        after = self._tree(manager)
        # What they need may have come with an upgrade, and leaves what it leaves.
        others = {path: what for path, what in self._shared.base.result().items() if after.get(path) == what}
        left = leftovers({**before, **others}, after, owned)
        message = f"{len(left)} left: {left[0]}" if left else ""
        self._case(", ".join(self._names), f"{when}leftovers", message, "\n".join(left))

    def _case(self, who: str, phase: str, message: str, output: str = "", seconds: float = 0.0) -> None:
        status = Status.FAILED if message else Status.PASSED
        self._step.cases.append(Case(f"{who}: {phase}", status, message, output if message else "", seconds))


def _words(manager: Manager, files: Sequence[File]) -> list[str]:
    return [manager.word(file.package, file.version) for file in files]


def _why_not(said: Said) -> str:
    """Why the released packages cannot be had or installed, '' where they were. Raises ``Ended`` (infrastructure)."""
    case = faults.case("the released packages", said)
    if case.status is Status.INFRASTRUCTURE:
        raise Ended(case.status, f"{case.name} cannot be installed: {case.message}")
    return "" if case.status is Status.PASSED else case.message


def _fetched(said: Said, what: str) -> None:
    case = faults.case(what, said)
    if case.status is not Status.PASSED:
        raise Ended(case.status, f"{what} cannot be fetched: {case.message}")
