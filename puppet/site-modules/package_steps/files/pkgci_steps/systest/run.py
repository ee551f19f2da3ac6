"""One system after another: booted, looked at, tested."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from .. import layers
from ..install.manager import Manager
from ..review import File
from ..settings import Target
from ..step import Step
from . import autopkgtest, container, declared, hook, prepared, services, vm
from .desk import desk
from .machine import Machine, System

# What the settings say of the machine → what boots a root in one.
BOOTED: dict[str, Callable[[Step, layers.System], AbstractContextManager[Machine]]] = {
    "container": container.booted,
    "vm": vm.booted,
}


class Run:
    """The test of the packages ``wanted`` of one build."""

    def __init__(self, step: Step, target: Target, wanted: Sequence[File]) -> None:
        self._step = step
        self._target = target
        self._source = declared.checked(step.inputs.source or Path())
        names = tuple(file.package for file in wanted)
        self._tests = declared.deb(self._source, names) if target.kind == "deb" else declared.rpm(self._source)
        self._services = 0

    def boot(self, manager: Manager, group: Sequence[File], *, with_tests: bool) -> None:
        """Installs ``group`` in the manager's root and boots that; a case for each thing that is looked at.

        Raises ``Ended`` where one cannot go on.
        """
        prepared.install(self._step, manager, group)
        tests = self._tests if with_tests else None
        if tests:
            prepared.fetch_for_tests(self._step, manager.root, tests.needs)
        paths = prepared.paths(manager.root, self._target, group)
        prepared.ready_to_boot(manager.root)
        with BOOTED[self._step.settings.systest](self._step, manager.root.system) as machine:
            system = System(self._step, machine)
            self._services += len(services.check(system, paths, system.wait()))
            if tests:
                self._run_tests(system)

    def summary(self) -> str:
        """What passed, in one line."""
        count = sum(case.name.startswith("test") for case in self._step.cases)
        tests = f"tests passed: {count}" if self._tests else "no tests are declared"
        return f"it boots, units that run: {self._services}, {tests}"

    def _run_tests(self, system: System) -> None:
        archive = declared.packed(self._step, self._source)
        if self._target.kind == "rpm":
            hook.run(system, archive)
            return
        with desk(self._step, archive) as folder:
            autopkgtest.run(system, folder)
