"""What lets a command begin, and end, at once: for the command line only, for it changes the whole process."""

from __future__ import annotations

import gc
import sys
from types import ModuleType

# A start makes some hundred thousand objects that stay: looking through them for garbage again and again finds none.
_OBJECTS = 150_000


def begin_quickly() -> None:
    """Leaves out what takes time at the start of every command and gives nothing."""
    gc.set_threshold(_OBJECTS, *gc.get_threshold()[1:])
    _no_plugins()


def end_quickly() -> None:
    """Keeps Python from looking for garbage once more, on its way out: what is left goes with the process."""
    gc.freeze()


def _no_plugins() -> None:
    """Keeps pydantic from reading the metadata of everything that is installed, in search of plugins for itself.

    What ``PYDANTIC_DISABLE_PLUGINS`` does comes after the import that takes the time.
    """
    if "pydantic" not in sys.modules:
        loader = ModuleType("pydantic.plugin._loader")
        vars(loader)["get_plugins"] = tuple
        sys.modules.setdefault(loader.__name__, loader)
