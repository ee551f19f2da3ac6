"""The test of one build: its packages booted and looked at, and their own tests."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ..install.manager import Manager
from ..review import Build, File
from ..settings import Target
from ..status import Status
from ..step import Step
from . import autopkgtest, container, declared, hook, interfaces, prepared, services, source, vm
from .bed import Boot
from .desk import desk
from .machine import System

# What the settings say of the machine → what boots a root in one.
BOOTED: dict[str, Boot] = {"container": container.booted, "vm": vm.booted}


class Run:
    """The test of the packages of ``build``; ``manager`` is that of a root with nothing of them."""

    def __init__(self, step: Step, target: Target, build: Build, manager: Manager) -> None:
        self._step = step
        self._build = build
        self._manager = manager
        self._root = manager.root
        self._boot = BOOTED[step.settings.systest]
        self._perform = {"deb": self._deb, "rpm": self._rpm}[target.kind]
        self._paths = partial(prepared.paths, target=target)
        self._services = 0

    def perform(self, groups: Sequence[Sequence[File]]) -> None:
        """A case for each thing that is looked at. The packages of a group can be installed together.

        Everything is fetched before anything of the change runs. Raises ``Ended`` where one cannot go on.
        """
        for group in groups:
            prepared.fetch(self._manager, group)
        self._perform(groups)

    def summary(self) -> str:
        """What passed, and what was skipped, in one line."""
        tests = [case for case in self._step.cases if case.name.startswith("test")]
        passed = sum(case.status is Status.PASSED for case in tests)
        skipped = "; ".join(f"{case.name}: {case.message}" for case in tests if case.status is Status.SKIPPED)
        words = [f"it boots, units that run: {self._services}"]
        words += [f"tests passed: {passed}" if tests else "no tests are declared"]
        words += [f"skipped: {skipped}"] if skipped else []
        return ", ".join(words)

    def _deb(self, groups: Sequence[Sequence[File]]) -> None:
        with desk(self._step) as folder:
            fetched = source.fetch(self._root, self._build)
            package = source.unpacked(self._step, self._root, fetched, folder)
            names = tuple(file.package for file in self._build.binaries())
            tests = declared.deb(self._step, self._root, package.tree, names)
            if tests:
                built = fetched if tests.built else None
                prepared.fetch_for_tests(self._step, self._root, tests.needs, built)
            source.forget(self._root)
            for group in groups:
                self._look(group)
            if tests:
                self._test(package, folder, tests)

    def _test(self, package: source.Package, folder: Path, tests: declared.Tests) -> None:
        """A case for each of the ``tests`` of ``package``, which lies in the desk's ``folder``."""
        # A virtual machine's kernel is a distribution's, and has them all.
        kinds = interfaces.lacking(self._root, package.tree) if self._step.settings.systest == "container" else ()
        prepared.ready_to_boot(self._root)
        given = package.file if tests.built else source.as_built(self._step, self._root, package)
        found = interfaces.excused(autopkgtest.run(self._step, self._root, self._boot, folder, given), kinds)
        self._step.cases.extend(found)
        self._step.details["autopkgtest"]["tests"] = {case.name: case.status.word for case in found}

    def _rpm(self, groups: Sequence[Sequence[File]]) -> None:
        tree = declared.checked(self._step.inputs.source)
        archive = declared.packed(self._step, tree) if declared.rpm(tree) else None
        for number, group in enumerate(groups):
            self._look(group, None if number else archive)

    def _look(self, group: Sequence[File], archive: Path | None = None) -> None:
        """Installs ``group``, boots that, and looks at its units; then runs the hook in ``archive``."""
        with prepared.installed(self._step, self._manager, group) as manager:
            paths = self._paths(manager.root, group=group)
            prepared.ready_to_boot(manager.root)
            with self._boot(self._step, manager.root.system) as machine:
                system = System(self._step, machine)
                self._services += len(services.check(system, paths, system.wait()))
                if archive:
                    hook.run(system, archive)
