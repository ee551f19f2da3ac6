"""Which Hiera keys a role's classes need, so that a missing one shows before anything is pushed.

The manifests are read as text, for the operator's machine need not have Puppet: classes with the parameters that have
no default, what each class includes by name, and the literal ``lookup`` and ``hiera`` calls without a default. What is
computed at run time is left to the catalog compilation on the host.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pkgci.errors import UsageError
from pkgci.render.hiera import HieraData

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_COMMENT_OR_STRING = re.compile(r"#[^\n]*|'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"")
_CLASS = re.compile(r"\bclass\s+([a-z][\w:]*)\s*(?:\(|inherits\b|\{)")
_NAME = r"'?(?:::)?[a-z][\w:]*'?"
_INCLUDE = re.compile(rf"^\s*(?:include|contain|require)\b\s*\(?\s*({_NAME}(?:\s*,\s*{_NAME})*)", re.MULTILINE)
_DECLARED = re.compile(r"\bclass\s*\{\s*'(?:::)?([a-z][\w:]*)'\s*:")
_LOOKUP = re.compile(
    r"\b(?:lookup|hiera|hiera_array|hiera_hash)\(\s*'([\w:.-]+)'\s*(?:,\s*[A-Z][^,()]*(?:\[[^\]]*\])?)?\)"
)
_PARAMETER = re.compile(r"\$(\w+)\s*(=)?")


@dataclass(frozen=True)
class PuppetClass:
    """A class as its manifest declares it: the keys that it cannot do without, and the classes that it includes."""

    name: str
    needs: tuple[str, ...]
    includes: tuple[str, ...]
    # Declared with `class { 'x': … }`: their parameters are given there, and not looked up.
    declares: tuple[str, ...] = ()


def read_classes(module_folders: Iterable[Path]) -> dict[str, PuppetClass]:
    """The classes of all modules in ``module_folders`` (each a folder of modules)."""
    classes: dict[str, PuppetClass] = {}
    for folder in module_folders:
        for manifest in sorted(folder.glob("*/manifests/**/*.pp")):
            for found in parse_classes(manifest.read_text(encoding="utf-8", errors="replace")):
                classes.setdefault(found.name, found)
    return classes


def module_data_keys(module_folders: Iterable[Path]) -> frozenset[str]:
    """The keys that the modules' own data gives defaults for."""
    keys: set[str] = set()
    for folder in module_folders:
        for file in sorted(folder.glob("*/data/**/*.yaml")):
            data = yaml.safe_load(file.read_text(encoding="utf-8"))
            keys.update(data if isinstance(data, dict) else ())
    return frozenset(keys)


def missing_keys(roles: Iterable[str], classes: dict[str, PuppetClass], known: frozenset[str]) -> tuple[str, ...]:
    """The keys that the classes of ``role::<role>`` need, and all that they include, and that are not ``known``."""
    reached = _reached((f"role::{role}" for role in roles), classes)
    declared = {name for found in reached for name in found.declares}
    wanted = {
        key: None
        for found in reached
        for key in found.needs
        if not (found.name in declared and key.startswith(f"{found.name}::"))
    }
    return tuple(key for key in wanted if key not in known)


def _reached(names: Iterable[str], classes: dict[str, PuppetClass]) -> tuple[PuppetClass, ...]:
    """The classes with these names, and all that they include or declare."""
    waiting = list(names)
    reached: dict[str, PuppetClass] = {}
    while waiting:
        name = waiting.pop(0)
        if name not in reached and name in classes:
            reached[name] = classes[name]
            waiting += [*classes[name].includes, *classes[name].declares]
    return tuple(reached.values())


@dataclass(frozen=True)
class Needs:
    """What the classes in a manifest tree need. Reading it takes a moment: make one per run."""

    classes: dict[str, PuppetClass]
    module_keys: frozenset[str]

    @classmethod
    def read(cls, module_folders: Iterable[Path]) -> Needs:
        """The needs of the classes of all modules in ``module_folders``."""
        folders = tuple(module_folders)
        return cls(read_classes(folders), module_data_keys(folders))

    def check(self, data: HieraData) -> None:
        """Raises ``UsageError`` that names every key that ``data`` does not give to its host's roles."""
        known = set(self.module_keys)
        for name, text in data.files.items():
            if name.startswith("data/"):
                layer = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader
                known.update(layer if isinstance(layer, dict) else ())
        missing = missing_keys(data.host.roles, self.classes, frozenset(known))
        if missing:
            raise UsageError(
                f"host {data.host.name}: the manifests need Hiera keys that no layer gives: {', '.join(missing)}",
                f"see `pkgci render-hiera --host {data.host.name}`; keys can be set under `roles:` in the site file",
            )


def parse_classes(text: str) -> Iterator[PuppetClass]:
    """The classes that the manifest ``text`` declares."""
    code = _COMMENT_OR_STRING.sub(lambda match: "" if match[0].startswith("#") else match[0], text)
    for match in _CLASS.finditer(code):
        name = match[1]
        opening = code.find("(", match.end(1), code.find("{", match.end(1)) + 1 or len(code))
        parameters, after = _enclosed(code, opening) if opening >= 0 else ("", match.end(1))
        body, _ = _enclosed(code, code.find("{", after))
        needs = [f"{name}::{parameter}" for parameter in _without_default(parameters)]
        needs += _LOOKUP.findall(body)
        yield PuppetClass(name, tuple(needs), tuple(_included(body)), tuple(_DECLARED.findall(body)))


def _enclosed(code: str, opening: int) -> tuple[str, int]:
    """What stands between the bracket at ``opening`` and its partner, and the place behind it."""
    depth, index = 0, opening
    while index < len(code):
        skipped = _COMMENT_OR_STRING.match(code, index)
        if skipped:
            index = skipped.end()
            continue
        depth += (code[index] in "([{") - (code[index] in ")]}")
        if depth == 0:
            return code[opening + 1 : index], index + 1
        index += 1
    return code[opening + 1 :], len(code)


def _without_default(parameters: str) -> Iterator[str]:
    for parameter in _split(parameters):
        # A default may follow on the right of `=`; a `$` in a type cannot be, so the first one is the name.
        found = _PARAMETER.search(parameter)
        if found and not found[2]:
            yield found[1]


def _split(parameters: str) -> Iterator[str]:
    """``parameters`` at the commas that stand in no bracket."""
    depth, start = 0, 0
    for index, character in enumerate(parameters):
        depth += (character in "([{") - (character in ")]}")
        if character == "," and depth == 0:
            yield parameters[start:index]
            start = index + 1
    yield parameters[start:]


def _included(body: str) -> Iterator[str]:
    # A class that is declared with its parameters in the same place takes none of them from Hiera.
    declared = set(_DECLARED.findall(body))
    for match in _INCLUDE.finditer(body):
        for name in re.findall(r"[a-z][\w:]*", match[1]):
            if name.removeprefix("::") not in declared:
                yield name.removeprefix("::")
