"""What the menders share."""

import json
import os
import types
from pathlib import Path
from typing import Any, TypeVar

from zuul_py3.upstream import Record

_K = TypeVar("_K")
_V = TypeVar("_V")
_T = TypeVar("_T")


class Facade(types.ModuleType):
    """Stands in for a module inside one of Zuul's: some names are ours, all others are the module's own."""

    def __init__(self, base: types.ModuleType, **ours: Any) -> None:
        super().__init__(base.__name__)
        self.__dict__["_base"] = base
        self.__dict__.update(ours)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._base, name)


class SnapshotDict(dict[_K, _V]):
    """A dict whose keys, values and items are lists, as in Python 2.

    Zuul walks some of its dicts in one thread while another one changes them: a view raises RuntimeError then.
    """

    def keys(self) -> list[_K]:  # type: ignore[override]  # as in Python 2
        return list(dict.keys(self))

    def values(self) -> list[_V]:  # type: ignore[override]  # as in Python 2
        return list(dict.values(self))

    def items(self) -> list[tuple[_K, _V]]:  # type: ignore[override]  # as in Python 2
        return list(dict.items(self))


def text(data: _T | bytes) -> _T | str:
    """``data`` as text: what gear, paramiko and urllib give as bytes, and Zuul expects as str."""
    return data.decode("utf-8", "replace") if isinstance(data, bytes) else data


def loads_gerrit(data: str) -> Any:
    """What Gerrit says in JSON, with the numbers of changes and patch sets as text.

    Newer Gerrits send them as integers; Zuul compares and slices text.
    """
    return json.loads(data, object_hook=_number_as_text)


def _number_as_text(found: Record) -> Record:
    if isinstance(found.get("number"), int):
        found["number"] = str(found["number"])
    return found


def safe_yaml() -> Facade:
    """The yaml module, with a load() that needs no Loader (PyYAML 6 demands one) and makes plain data only."""
    import yaml

    return Facade(yaml, load=yaml.safe_load)


def write(path: Path, text: str, mode: int = 0o640) -> None:
    """Writes a file so that a reader, and a crash, find the old text or the new one; it has ``mode``."""
    new = path.with_name(f"{path.name}.new")
    with new.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())
    new.replace(path)
