"""The import hook: which function mends which module, and how it is called."""

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from zuul_py3 import versions

# Zuul's modules have no types, and each mender puts its own names in the place of theirs.
Mender = Callable[[Any], None]

# Module → the functions that mend it, in the order in which they were declared.
MENDERS: dict[str, list[Mender]] = {}


def mends(*names: str) -> Callable[[Mender], Mender]:
    """Declares a function that mends the modules ``names``: it is called with each, right after its import."""

    def declare(function: Mender) -> Mender:
        for name in names:
            MENDERS.setdefault(name, []).append(function)
        return function

    return declare


class Loader(importlib.abc.Loader):
    """Loads a module as ``loader`` does, then mends it. Refuses one of a version that this package does not know."""

    def __init__(self, loader: importlib.abc.Loader, menders: Sequence[Mender]) -> None:
        self._loader = loader
        self._menders = menders

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        versions.check(module.__name__)
        self._loader.exec_module(module)
        for mend in self._menders:
            mend(module)

    def __getattr__(self, name: str) -> Any:
        # get_code, get_source, is_package…: `python -m` and tracebacks ask for them.
        return getattr(self._loader, name)


class Finder(importlib.abc.MetaPathFinder):
    """Finds the modules that are to be mended, and those whose version counts, where Python's own finder does."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in MENDERS and fullname not in versions.KNOWN:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = Loader(spec.loader, MENDERS.get(fullname, ()))
        return spec


def install() -> None:
    """Puts the finder in front. Does nothing the second time."""
    if not any(isinstance(finder, Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, Finder())
