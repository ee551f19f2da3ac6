"""The packaging of a project whose upstream is a project of its own: told the version of upstream's commit."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import datetime, timezone
from email.utils import format_datetime

from ...status import Ended, Status
from ...step import Step
from .. import changelog, rpm_spec
from ..git import Tree
from . import history, spec
from .history import State

KIND = "project"
_DEBIAN = b"debian/"
# What says the version to pbr and to setuptools-scm (and so to hatch-vcs) before all else.
_TOLD = ("PBR_VERSION", "SETUPTOOLS_SCM_PRETEND_VERSION")
_NATIVE = "3.0 (native)"
# What is below the entry for the derived version is the packaging's affair: its version may be XXX, as in RDO's specs.
_BELOW = re.compile(r"\s*([a-z0-9][a-z0-9+.-]+) \((?:([0-9]+):)?[A-Za-z0-9.+~:-]+\) ")
# Who signed the entry below is who signs ours: another name would be somebody else's upload, for lintian.
_AUTHOR = re.compile(r"^ -- ([^<>\n]{1,200}<[^<>\s]{1,200}>)  ", re.MULTILINE)


def is_derived(step: Step) -> bool:
    """Whether the project's upstream is a project of its own."""
    return step.settings.project(step.inputs.project).source.kind == KIND


def derived_deb(step: Step, tree: Tree, suite: str) -> Tree:
    """``tree`` with an entry for the derived version on top of debian/changelog, and nothing beside debian/.

    As it is where upstream is no project of its own. Raises ``Ended``.
    """
    if not is_derived(step) or tree.text("debian/changelog") is None:
        return tree
    if (tree.text("debian/source/format") or "").strip() == _NATIVE:
        raise Ended(
            Status.FAILED,
            f"the source format '{_NATIVE}' (debian/source/format) has no upstream: with `source: {{project: …}}` it "
            "is 3.0 (quilt)",
        )
    state = _state(step)
    file = tree.folder / "debian/changelog"
    # Whatever bytes it has stay as they are.
    text = file.read_text(errors="surrogateescape")
    file.write_text(_entry(state, suite, text) + text, errors="surrogateescape")
    for entry in tree.entries:
        if not entry.path.startswith(_DEBIAN) and entry.mode != "160000":
            (tree.folder / os.fsdecode(entry.path)).unlink()
    kept = tuple(entry for entry in tree.entries if entry.path.startswith(_DEBIAN))
    return replace(tree, entries=kept, time=max(tree.time, state.time))


def derived_rpm(step: Step, tree: Tree) -> Tree:
    """``tree`` with the derived version in its spec file.

    As it is where upstream is no project of its own. Raises ``Ended``.
    """
    if not is_derived(step):
        return tree
    state = _state(step)
    file = tree.folder / rpm_spec.find(tree)
    text = file.read_text(errors="surrogateescape")
    file.write_text(spec.with_version(text, state.version, state.revision), errors="surrogateescape")
    return replace(tree, time=max(tree.time, state.time))


def build_environment(step: Step) -> dict[str, str]:
    """What the build of a deb is told beside its files; nothing where upstream is no project of its own.

    Debian's tools for Python take the version from the changelog, where a `~` makes it none of Python's.
    """
    if not is_derived(step):
        return {}
    return dict.fromkeys(_TOLD, history.read(step).version.python)


def _state(step: Step) -> State:
    state = history.read(step)
    step.details |= {"upstream_project": step.settings.project(step.inputs.project).source.project}
    step.details |= {"upstream_commit": state.commit}
    step.log.say(state.words)
    return state


def _entry(state: State, suite: str, text: str) -> str:
    below = _BELOW.match(text)
    source, epoch = below.groups() if below else (changelog.latest(text).source, None)
    signed = _AUTHOR.search(text)
    date = format_datetime(datetime.fromtimestamp(state.time, timezone.utc))  # noqa: UP017 (Python 3.10)
    return (
        f"{source} ({f'{epoch}:' if epoch else ''}{state.version.deb}-{state.revision}) {suite}; urgency=medium\n\n"
        f"  * {state.words[0].upper()}{state.words[1:]}.\n\n"
        f" -- {signed[1] if signed else 'pkgci <pkgci@localhost>'}  {date}\n\n"
    )
