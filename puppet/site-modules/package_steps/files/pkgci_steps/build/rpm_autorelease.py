"""%autorelease: the release of a spec is the number of its commits since its version changed, as rpmautospec has it."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from ..status import Ended, Status
from ..step import Step
from .git import ENVIRONMENT

_USED = re.compile(r"^\s*Release\s*:.*%\{?\??autorelease\b", re.MULTILINE | re.IGNORECASE)
# The variable of rpmautospec's own macro. A source package has it, so that it can be built again anywhere.
_HEAD = "# Set by pkgci: the number of commits since the version changed\n%global _rpmautospec_release_number {}\n"


def with_number(step: Step, text: str, spec: PurePosixPath, commit: str) -> str:
    """The spec with the number of its release where it leaves that to its history. Raises ``Ended``."""
    return _HEAD.format(_count(step, spec, commit)) + text if _USED.search(text) else text


def _count(step: Step, spec: PurePosixPath, commit: str) -> int:
    """The commits of the branch from the one that changed the version to ``commit``: each merged change is one."""
    changed = ["log", "--first-parent", "-m", "-1", "--format=%H", "-i", "-G^[[:space:]]*Version[[:space:]]*:", commit]
    since = _git(step, *changed, "--", str(spec))
    return int(_git(step, "rev-list", "--count", "--first-parent", f"{since}..{commit}" if since else commit)) + bool(
        since
    )


def _git(step: Step, *words: str) -> str:
    command: list[str | Path] = ["git", "-C", step.inputs.source or Path(), *words]
    status, output = step.programs.output(command, environment=ENVIRONMENT)
    if status != 0:
        raise Ended(Status.INFRASTRUCTURE, f"git {words[0]} ended with status {status}: see above")
    return output.decode().strip()
