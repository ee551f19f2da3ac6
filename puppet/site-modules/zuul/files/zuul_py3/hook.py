"""The import hook: which function mends which module, and how it is called."""

import importlib.abc
import importlib.machinery
import sys

# Module → the functions that mend it, in the order in which they were declared.
MENDERS = {}


def mends(*names):
    """Declares a function that mends the modules ``names``: it is called with each, right after its import."""

    def declare(function):
        for name in names:
            MENDERS.setdefault(name, []).append(function)
        return function

    return declare


class Loader(importlib.abc.Loader):
    """Loads a module as ``loader`` does, then mends it."""

    def __init__(self, loader, menders):
        self._loader = loader
        self._menders = menders

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module):
        self._loader.exec_module(module)
        for mend in self._menders:
            mend(module)

    def __getattr__(self, name):
        # get_code, get_source, is_package…: `python -m` and tracebacks ask for them.
        return getattr(self._loader, name)


class Finder(importlib.abc.MetaPathFinder):
    """Finds the modules that are to be mended where Python's own finder does."""

    def find_spec(self, fullname, path=None, target=None):
        menders = MENDERS.get(fullname)
        if menders is None:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = Loader(spec.loader, menders)
        return spec


def install():
    """Puts the finder in front. Does nothing the second time."""
    if not any(isinstance(finder, Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, Finder())
