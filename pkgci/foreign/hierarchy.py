"""A tree's own hiera.yaml behind the layers that pkgci renders: one version 5 hierarchy, for Puppet 7 and 8. Pure.

Trees of 2014 to 2016 have a version 3 file, which Puppet 8 no longer reads: it is translated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from typing import Any

import yaml

from pkgci.errors import UsageError

# Where the tree lies, seen from the hiera.yaml of the release.
CODE = "code"
_EXTENSIONS = {"yaml": "yaml", "json": "json"}
_KNOWN_V3 = frozenset({":backends", ":hierarchy", ":logger", ":merge_behavior", *(f":{name}" for name in _EXTENSIONS)})


def merged(layers: Sequence[str], text: str | None, file: str, is_folder: Callable[[str], bool]) -> str:
    """The hiera.yaml of a release: its ``layers`` (files below ``data/``) first, then what the tree's own says.

    ``text`` is the tree's hiera.yaml and ``file`` its path in the tree; None where the tree has none. ``is_folder``
    tells whether a path in the tree is a folder. Raises ``UsageError`` for a file that cannot be translated.
    """
    hierarchy: list[dict[str, Any]] = []
    if layers:
        level = {"name": "from the site file", "datadir": "data", "data_hash": "yaml_data", "paths": list(layers)}
        hierarchy.append(level)
    defaults: dict[str, Any] = {}
    if text is not None:
        data = _read(text, file)
        own, defaults = _version_5(data, file) if data.get("version") == 5 else _version_3(data, file, is_folder)
        hierarchy += own
    whole = {"version": 5, **({"defaults": defaults} if defaults else {}), "hierarchy": hierarchy}
    return yaml.safe_dump(whole, sort_keys=False, allow_unicode=True, width=1000)


def _read(text: str, file: str) -> dict[str, Any]:
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise UsageError(f"the tree's {file}{place} is no YAML: {getattr(error, 'problem', error)}") from None
    if not isinstance(data, dict):
        raise UsageError(f"the tree's {file} is no hiera.yaml: a mapping is expected")
    return data


def _version_5(data: dict[str, Any], file: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The levels of a version 5 file, with their folders seen from the release, and what else its defaults say."""
    defaults = dict(data.get("defaults") or {})
    common = defaults.pop("datadir", "data")
    levels = data.get("hierarchy")
    if not isinstance(levels, list) or not all(isinstance(level, dict) for level in levels):
        raise UsageError(f"the tree's {file} has no `hierarchy`, which is a list of levels")
    return [{**level, "datadir": _from_release(level.get("datadir", common), file)} for level in levels], defaults


def _version_3(
    data: dict[str, Any], file: str, is_folder: Callable[[str], bool]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """A version 3 file as levels of version 5: a level for each of its backends, each with the whole hierarchy."""
    unknown = sorted(set(map(str, data)) - _KNOWN_V3)
    merging = data.get(":merge_behavior", "native")
    if ":hierarchy" not in data or unknown or str(merging).strip(":") != "native":
        what = (
            f"`{unknown[0]}`" if unknown else "`:merge_behavior`" if ":hierarchy" in data else "a missing `:hierarchy`"
        )
        raise UsageError(
            f"the tree's {file} is of version 3, and {what} in it cannot be translated",
            "write a hiera.yaml of version 5 for the tree, and name it under `manifests: {hiera: …}`",
        )
    paths = [str(path) for path in _listed(data[":hierarchy"])]
    levels = []
    for backend in _listed(data.get(":backends", "yaml")):
        extension = _EXTENSIONS.get(str(backend).strip(":"))
        if extension is None:
            raise UsageError(
                f"the tree's {file} uses the Hiera backend '{backend}', which cannot be translated",
                "pkgci puts secrets into the host's own data: see `hiera:` under `manifests: {roles: …}`",
            )
        settings = data.get(f":{extension}") or {}
        levels.append(
            {
                "name": f"{file}, {extension}",
                "datadir": _old_folder(str(settings.get(":datadir", "hieradata")), file, is_folder),
                "data_hash": f"{extension}_data",
                "paths": [f"{path}.{extension}" for path in paths],
            }
        )
    return levels, {}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _old_folder(folder: str, file: str, is_folder: Callable[[str], bool]) -> str:
    """The folder in the tree that an absolute path of a Puppet master, as /etc/puppet/hieradata, stands for."""
    parts = PurePosixPath(folder).parts
    start = PurePosixPath(file).parent
    for length in range(len(parts), 0, -1):
        for candidate in {start.joinpath(*parts[-length:]), PurePosixPath(*parts[-length:])}:
            if not candidate.is_absolute() and is_folder(str(candidate)):
                return f"{CODE}/{candidate}"
    raise UsageError(
        f"the tree's {file} says that the data is in {folder}, and the tree has no such folder",
        "write a hiera.yaml of version 5 for the tree, and name it under `manifests: {hiera: …}`",
    )


def _from_release(folder: str, file: str) -> str:
    """``folder``, which is relative to the tree's ``file``, seen from the release."""
    return folder if PurePosixPath(folder).is_absolute() else str(PurePosixPath(CODE, file).parent / folder)
