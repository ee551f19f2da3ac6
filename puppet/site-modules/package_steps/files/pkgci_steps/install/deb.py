"""The installation test of DEB packages, phase by phase."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from .. import chroots, review
from ..report import Case
from ..review import Build, File, Repository
from ..settings import Target
from ..status import Ended, Status
from ..step import Step
from . import apt as tool
from . import faults, look, root
from .apt import Apt, words
from .root import Root, Said
from .tree import Tree, leftovers


def test(step: Step, target: Target, build: Build) -> None:
    """Installs the packages of ``build`` in fresh roots; a case for each of them and each phase."""
    chosen = review.repositories(step.inputs, step.settings)
    tarball = chroots.ensure(step, target, chroots.Purpose.TEST)
    files = tool.files(step, target, chosen)

    def fresh() -> AbstractContextManager[Root]:
        return root.fresh(step, tarball, files)

    with fresh() as one:
        apt = Apt(one)
        apt.use_changes()
        groups = together(step, apt, build.binaries())
        runs = [_Run(step, group) for group in groups]
        for run in runs[:1]:
            with run.blamed("install"):
                run.install_and_remove(apt)
    for run in runs[1:]:
        with fresh() as one:
            apt = Apt(one)
            apt.use_changes()
            with run.blamed("install"):
                run.install_and_remove(apt)
    released = next((item for item in chosen if item.name == "released"), None)
    if released is None:
        step.log.say("nothing is released for this target yet: there is nothing to upgrade from")
        return
    for run in runs:
        with fresh() as one:
            with run.blamed("upgrade"):
                run.upgrade(Apt(one), released)


def together(step: Step, apt: Apt, wanted: Sequence[File]) -> list[list[File]]:
    """The packages in groups that can be installed together: one group, where none excludes another.

    Adds the failures of those that can be installed in no way.
    """
    said, _ = apt.plan(words(wanted))
    if said.status == 0:
        return [list(wanted)]
    groups: list[list[File]] = []
    for file in wanted:
        started = time.monotonic()
        alone, _ = apt.plan(words([file]))
        if alone.status != 0:
            case = faults.case(f"{file.package}: install", alone, time.monotonic() - started)
            step.cases.append(_not_found_is_not_the_package(case))
            continue
        for group in groups:
            if apt.plan(words([*group, file]))[0].status == 0:
                group.append(file)
                break
        else:
            groups.append([file])
    return groups


def _not_found_is_not_the_package(case: Case) -> Case:
    if "was not found" in case.output or "Unable to locate" in case.output:
        return Case(case.name, Status.INFRASTRUCTURE, f"apt does not see it: {case.message}", case.output, case.seconds)
    return case


class _Run:
    """One group of packages: its way through one root, and then through another."""

    def __init__(self, step: Step, group: Sequence[File]) -> None:
        self._step = step
        self._group = group
        # What is there before the packages, but with all that they need.
        self._base: Tree = {}
        self._names = [file.package for file in group]

    @contextmanager
    def blamed(self, phase: str) -> Iterator[None]:
        """Where the packages are at fault for an early end of what is within, that is a case, and the test goes on."""
        try:
            yield
        except Ended as ended:
            if ended.status is not Status.FAILED:
                raise
            self._step.cases.append(Case(f"{', '.join(self._names)}: {phase}", ended.status, ended.reason))

    def install_and_remove(self, apt: Apt) -> None:
        """Install, look at what is there, remove, purge, look at what is left."""
        self._prepare(apt)
        self._base = apt.root.tree()
        if self._installed(apt, "install"):
            self._look(apt, "")
            self._remove(apt, self._base, "")

    def upgrade(self, apt: Apt, released: Repository) -> None:
        """Install what is released, upgrade it, look, purge, look at what is left."""
        apt.update()
        found = {row["Package"]: row["Version"] for row in apt.index(released)}
        newer = [file for file in self._group if found.get(file.package, file.version) != file.version]
        for file in newer:
            if apt.is_older(file.version, found[file.package]):
                raise Ended(Status.FAILED, f"{file.package} {found[file.package]} is released: {file.version} is older")
        old = [f"{file.package}={found[file.package]}" for file in newer]
        if not old:
            self._step.log.say(f"{', '.join(self._names)}: no other version is released, there is nothing to upgrade")
            return
        before = apt.root.tree()
        _fetched(apt.fetch(old), "the released packages")
        if apt.install(old).status != 0:
            raise Ended(Status.INFRASTRUCTURE, f"the released packages do not install: {' '.join(old)}; see the log")
        apt.use_changes()
        self._prepare(apt)
        self._step.details.setdefault("upgraded_from", []).extend(old)
        if self._installed(apt, "upgrade"):
            self._look(apt, "after the upgrade: ")
            self._remove(apt, before, "after the upgrade: ")

    def _prepare(self, apt: Apt) -> None:
        """Everything fetched and checked, and what the packages need installed."""
        _fetched(apt.fetch(words(self._group)), "the packages")
        sums = apt.sums()
        for file in self._group:
            if file.sha256 not in sums:
                raise Ended(Status.INFRASTRUCTURE, f"apt got another {file.name} than the one that was published")
        extra = self._analyzer(apt, [sums[file.sha256] for file in self._group])
        _, plan = apt.plan([*words(self._group), *extra])
        needed = [f"{item.package}={item.version}" for item in plan if item.package not in self._names]
        _, alone = apt.plan(needed)
        # Where something needs these packages in turn, it comes with them.
        if needed and not {item.package for item in alone} & set(self._names):
            _fetched(apt.fetch(needed), "what the packages need")
            if apt.install(needed).status != 0:
                raise Ended(Status.INFRASTRUCTURE, f"what the packages need does not install: {' '.join(needed)}")

    def _analyzer(self, apt: Apt, names: Sequence[str]) -> list[str]:
        """The package that checks units, where one of these files has some."""
        for name in names:
            listed = apt.root.ask("dpkg-deb", "--contents", f"{tool.ARCHIVES}/{name}")
            if look.units([line.split()[5][1:] for line in listed.splitlines()]):
                return ["systemd"]
        return []

    def _installed(self, apt: Apt, phase: str) -> bool:
        started = time.monotonic()
        said = apt.install(words(self._group))
        seconds = time.monotonic() - started
        states = apt.states(self._names)
        for file in self._group:
            name, now = f"{file.package}: {phase}", states.get(file.package, ("not installed", ""))
            if now == ("installed", file.version):
                self._step.cases.append(Case(name, output=said.text, seconds=seconds))
            else:
                message = f"it is {' '.join(now).strip()}: {faults.message(said)}"
                self._step.cases.append(Case(name, Status.FAILED, message, said.text, seconds))
        return said.status == 0

    def _look(self, apt: Apt, when: str) -> None:
        for file in self._group:
            self._step.cases.extend(look.deb(apt.root, file.package, when))

    def _remove(self, apt: Apt, before: Tree, when: str) -> None:
        for phase, state in (("remove", ("config-files", "not-installed")), ("purge", ("not-installed",))):
            said = apt.root.run("apt-get", "--yes", "--quiet", phase, *self._names)
            states = apt.states(self._names)
            for name in self._names:
                now = states.get(name, ("not-installed", ""))[0]
                bad = f"it is {now}: {faults.message(said)}" if now not in state else ""
                status = Status.FAILED if bad else Status.PASSED
                self._step.cases.append(Case(f"{name}: {when}{phase}", status, bad, said.text))
        owned = apt.root.ask("sh", "-c", "cat /var/lib/dpkg/info/*.list").splitlines()
        after = apt.root.tree()
        # What they need may have come with an upgrade, and leaves what it leaves.
        left = leftovers({**before, **{path: self._base[path] for path in self._base if path in after}}, after, owned)
        message = f"{len(left)} left: {left[0]}" if left else ""
        name = f"{', '.join(self._names)}: {when}leftovers"
        self._step.cases.append(Case(name, Status.FAILED if left else Status.PASSED, message, "\n".join(left)))


def _fetched(said: Said, what: str) -> None:
    case = faults.case(what, said)
    if case.status is not Status.PASSED:
        raise Ended(case.status, f"{what} cannot be fetched: {case.message}")
