"""What a source tree says of its tests: debian/tests or autodep8 for DEB, an executable ``tests/run`` for RPM.

The tree is the change's own. It is read without following a link out of it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..install.root import Root
from ..namespaces import bare
from ..status import Ended, Status
from ..step import Step

HOOK = "tests/run"
_READ = ("debian", "debian/control", "debian/tests", "debian/tests/control", "tests", HOOK)
# What autopkgtest itself needs in a system to build a source package there, beside what that says; and what it gives a
# test that wants to become root.
_BUILD_TOOLS = ("dpkg-dev", "fakeroot")
_SUDO = "passwd, sudo"
_SIZE_LIMIT = 1024 * 1024


@dataclass(frozen=True)
class Tests:
    """That there are tests. ``needs`` are lists of packages that they need, as Depends has them; ``built``: one of them
    wants the source tree as a build leaves it."""

    needs: tuple[str, ...] = ()
    built: bool = False


def checked(source: Path | None) -> Path:
    """The tree ``source``. Raises ``Ended``: misused where there is none, the package is at fault where a name that is
    read here leads out of it."""
    if source is None or not source.is_dir():
        raise Ended(Status.MISUSED, f"SOURCE is no folder: {source or 'it is missing in the environment'}")
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


def deb(step: Step, root: Root, tree: Path, binaries: tuple[str, ...]) -> Tests | None:
    """The tests that debian/ declares, or those that autodep8 has for such a package; None: there are none.

    ``binaries`` are the names of the build's packages. Raises ``Ended``: the package is at fault (``checked``).
    """
    control = _text(checked(tree) / "debian/control")
    tests = _text(tree / "debian/tests/control")
    if not tests or "autopkgtest-pkg-" in (stanzas(control) or [{}])[0].get("testsuite", ""):
        # As autopkgtest asks it, and as nobody on the slave: the tree is the change's own.
        command = [*bare(tree, root.system.inside, ()), "sh", "-c", 'cd "$1" && exec autodep8', "sh", tree]
        status, said = step.programs.output(command, folder=Path("/"))
        tests = said.decode(errors="replace") if status == 0 else tests
    return needed(control, stanzas(tests), binaries)


def needed(control: str, tests: Sequence[Mapping[str, str]], binaries: tuple[str, ...]) -> Tests | None:
    """What ``tests`` need: the paragraphs of debian/tests/control, of a package with that debian/control."""
    if not tests:
        return None
    records = stanzas(control)
    build = _joined(records[:1], _BUILD_DEPENDS)
    words = {
        "@": ", ".join(binaries),
        "@builddeps@": f"{build}, build-essential" if build else "build-essential",
        "@recommends@": _VARIABLE.sub("", _joined(records, ("recommends",))),
    }
    needs = []
    built = False
    for test in tests:
        restrictions = re.split(r"[\s,]+", test.get("restrictions", ""))
        depends = test.get("depends", "@")
        depends += ", @recommends@" if "needs-recommends" in restrictions else ""
        depends += f", {_SUDO}" if "needs-sudo" in restrictions else ""
        built = built or "build-needed" in restrictions
        needs.append(_expanded(depends, words))
    return Tests(tuple(dict.fromkeys(filter(None, [*(_BUILD_TOOLS if built else ()), *needs]))), built)


def rpm(source: Path) -> Tests | None:
    """The hook, or None: there is none."""
    return Tests() if os.access(source / HOOK, os.X_OK) and (source / HOOK).is_file() else None


_BUILD_DEPENDS = ("build-depends", "build-depends-indep", "build-depends-arch")
# What dpkg-gencontrol puts in: nothing is known of it here.
_VARIABLE = re.compile(r"\([^()]*\$\{[^()]*\)|(?<![^,])[ \t]*\$\{[^,]*")


def _joined(records: Sequence[Mapping[str, str]], fields: Sequence[str]) -> str:
    """The lists in these ``fields`` of the ``records``, in one."""
    found = (record.get(field, "").strip(", \t") for record in records for field in fields)
    return ", ".join(filter(None, found))


def _expanded(depends: str, words: Mapping[str, str]) -> str:
    """``depends`` with @ (the packages themselves), @builddeps@ and @recommends@ in apt's words (autopkgtest's own
    README)."""
    parts = (words.get(part.strip(), part.strip()) for part in depends.split(","))
    return ", ".join(part for whole in parts for part in map(str.strip, whole.split(",")) if part)


def stanzas(text: str) -> list[dict[str, str]]:
    """The paragraphs of a control file: field in small letters → value on one line."""
    # A comment's line is no line at all, also within a field.
    lines = "\n".join(line.split("#", 1)[0] for line in text.splitlines() if not line.lstrip().startswith("#"))
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
