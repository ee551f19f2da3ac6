"""What upstream's repository (UPSTREAM) and the packaging's (SOURCE) say of the version of what is built."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...status import Ended, Status
from ...step import Step
from ..git import ENVIRONMENT
from .version import Version, bump_of, last, unreleased

# Of a commit's name in a version.
_SHORT = 7


@dataclass(frozen=True)
class State:
    """Both sides of what is built: upstream's ``commit`` (at ``time``, seconds since 1970) and the packaging's.

    ``version`` is upstream's, by its last ``tag`` ('' for none). ``packaging`` counts the packaging's
    commits.
    """

    commit: str
    time: int
    tag: str
    version: Version
    packaging: int

    @property
    def revision(self) -> str:
        """The packaging's part of a version: it sorts before a distribution's first, and grows with each commit.

        The name of upstream's commit is the last word, which never decides: each change adds to one of both numbers.
        """
        return f"0.{self.packaging}.g{self.commit[:_SHORT]}"

    @property
    def words(self) -> str:
        """What it is, for people."""
        count = self.version.commits
        commits = f"{count} commit{'' if count == 1 else 's'}"
        where = f"{commits} after {self.tag}" if count else f"which is {self.tag}"
        return f"upstream's commit {self.commit}, {where if self.tag else f'{commits} and no version before it'}"


def read(step: Step) -> State:
    """The state of what is built. Raises ``Ended``: misused where UPSTREAM is no whole git tree."""
    wanted = step.settings.project(step.inputs.project).source.project
    folder = step.inputs.upstream
    if folder is None:
        raise Ended(Status.MISUSED, f"UPSTREAM is missing in the environment: the folder of a git tree of {wanted}")
    if step.programs.output(["git", "-C", folder, "rev-parse", "--verify", "HEAD^{commit}"], environment=ENVIRONMENT)[
        0
    ]:
        raise Ended(Status.MISUSED, f"UPSTREAM={folder} is no git tree with a commit: see above")
    for name, place in (("UPSTREAM", folder), ("SOURCE", step.inputs.source or Path())):
        if _said(step, place, "rev-parse", "--is-shallow-repository") != ["false"]:
            raise Ended(Status.MISUSED, f"{name}={place} is a shallow clone: versions are made of the whole history")
    commit, time = _said(step, folder, "show", "-s", "--format=%H %ct", "HEAD")[0].split()
    found = last(_said(step, folder, "tag", "--merged", "HEAD"), str(wanted).rpartition("/")[2])
    tag, before = found or ("", None)
    since = ["HEAD", f"^refs/tags/{tag}"] if tag else ["HEAD"]
    # Merges count as one, whatever the review makes of a change: its own commits, others, or a merge.
    commits = int(_said(step, folder, "rev-list", "--count", "--first-parent", *since)[0])
    footers = _said(step, folder, "log", "--format=%B", "--regexp-ignore-case", "--grep=^Sem-Ver:", *since)
    version = unreleased(before, commits, bump_of("\n".join(footers)))
    source = step.inputs.source or Path()
    packaging = int(_said(step, source, "rev-list", "--count", "--first-parent", "HEAD")[0])
    return State(commit, int(time), tag, version, packaging)


def _said(step: Step, folder: Path, *words: str) -> list[str]:
    """The lines that git prints in ``folder``. Raises ``Ended`` (infrastructure)."""
    status, output = step.programs.output(["git", "-C", folder, *words], environment=ENVIRONMENT)
    if status != 0:
        raise Ended(Status.INFRASTRUCTURE, f"git {words[0]} in {folder} ended with status {status}: see above")
    return output.decode(errors="replace").splitlines()
