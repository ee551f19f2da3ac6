"""What a source tree says of its tests: debian/tests for DEB, an executable ``tests/run`` for RPM.

The tree is the change's own. It is read without following a link out of it.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from ..status import Ended, Status
from ..step import Step

HOOK = "tests/run"
_READ = ("debian", "debian/control", "debian/tests", "debian/tests/control", "tests", HOOK)
# What autopkgtest needs to look into a source tree, and to build it where a test asks for that.
_TOOLS = "dpkg-dev"
_BUILD_TOOLS = "build-essential, fakeroot"
_SIZE_LIMIT = 1024 * 1024


@dataclass(frozen=True)
class Tests:
    """That there are tests. ``needs`` are lists of packages that they need, as Depends has them."""

    needs: tuple[str, ...] = ()


def checked(source: Path) -> Path:
    """The tree ``source``. Raises ``Ended``: misused where there is none, the package is at fault where a name that is
    read here leads out of it."""
    if not source.is_dir():
        raise Ended(Status.MISUSED, f"SOURCE is no folder: {source}")
    inside = source.resolve()
    for name in _READ:
        if not (source / name).resolve().is_relative_to(inside):
            raise Ended(Status.FAILED, f"{name} leads out of the source")
    return source


def packed(step: Step, source: Path) -> Path:
    """A tar archive of the tree, without git's own; links stay links. Raises ``Ended`` (infrastructure)."""
    archive = step.scratch / "tree.tar"
    step.scratch.chmod(0o711)
    pack = ["tar", "--directory", str(source), "--exclude=./.git", "--create", "--file", str(archive), "."]
    step.programs.must("pack the source", pack)
    archive.chmod(0o644)
    return archive


def deb(source: Path, binaries: tuple[str, ...]) -> Tests | None:
    """The tests that debian/ declares, or None: there are none. ``binaries`` are the names of the build's packages."""
    control = _text(source / "debian/control")
    package = (_stanzas(control) or [{}])[0]
    tests = _stanzas(_text(source / "debian/tests/control"))
    if not tests and "autopkgtest" not in package.get("testsuite", ""):
        return None
    build = ", ".join(package[name] for name in _BUILD_DEPENDS if package.get(name))
    needs = [_TOOLS]
    for test in tests:
        if "build-needed" in test.get("restrictions", ""):
            needs.append(", ".join(filter(None, (_BUILD_TOOLS, build))))
        needs.append(_expanded(test.get("depends", "@"), binaries, build))
    return Tests(tuple(dict.fromkeys(filter(None, needs))))


def rpm(source: Path) -> Tests | None:
    """The hook, or None: there is none."""
    return Tests() if os.access(source / HOOK, os.X_OK) and (source / HOOK).is_file() else None


_BUILD_DEPENDS = ("build-depends", "build-depends-indep", "build-depends-arch")


def _expanded(depends: str, binaries: tuple[str, ...], build: str) -> str:
    """``depends`` with @ (the packages themselves) and @builddeps@ in apt's words (autopkgtest's own README)."""
    words = {"@": ", ".join(binaries), "@builddeps@": build, "@recommends@": ""}
    parts = [words.get(part.strip(), part.strip()) for part in depends.split(",")]
    return ", ".join(part for part in parts if part)


def _stanzas(text: str) -> list[dict[str, str]]:
    """The paragraphs of a control file: field in small letters → value on one line."""
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    found = []
    for paragraph in re.split(r"\n\s*\n", lines):
        joined = re.sub(r"\n[ \t]+", " ", paragraph)
        fields = re.findall(r"^([A-Za-z0-9-]+):[ \t]*(.*)$", joined, re.MULTILINE)
        if fields:
            found.append({name.lower(): value.strip() for name, value in fields})
    return found


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_SIZE_LIMIT).decode(errors="replace")
    except OSError:
        return ""
