"""Which commits a build is of: the change's, and, of a package whose upstream is another project, that one's too.

Zuul's merger names both by one ref's last word. The project of the change has its ref; those that are built with it
have the ref refs/zuul/HEAD/…, which names what their changes ahead have made of the right branch, or its head.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..log import Log
from ..programs import Programs, Stop
from ..settings import Source
from ..status import Ended, Status
from .attempts import attempts
from .task import Task

_ZUUL = "refs/zuul/"
_HEADS = "refs/heads/"
# The head of the project's main branch, in the merger's repository.
_MAIN = "refs/remotes/origin/HEAD"


@dataclass(frozen=True)
class Wanted:
    """What is to be fetched: ``ref`` of ``url``, which must be ``commit`` where Zuul says it. ``tags``: these, too."""

    url: str
    ref: str
    commit: str | None = None
    tags: bool = False


def packaging(task: Task) -> Wanted:
    """The package's own project."""
    return _of_change(task) if task.is_of_its_project else Wanted(_url(task, task.project), _beside(task.ref))


def upstream(task: Task, source: Source, look: Look) -> Wanted:
    """The project with upstream's files. ``look`` is for what a clock has started. Raises ``Ended``."""
    if not task.is_of_its_project:
        wanted = _of_change(task)
        return Wanted(wanted.url, wanted.ref, wanted.commit, tags=True)
    url = _url(task, source.project or "")
    if task.ref.startswith(_ZUUL):
        return Wanted(url, _beside(task.ref), tags=True)
    if source.branch:
        return Wanted(url, f"{_HEADS}{source.branch}", tags=True)
    same = f"{_HEADS}{task.ref.removeprefix(_HEADS)}"
    return Wanted(url, same if look.has(url, same) else _MAIN, tags=True)


@dataclass(frozen=True)
class Look:
    """Whether a repository has a ref, asked as git with ``environment`` does."""

    programs: Programs
    log: Log
    stop: Stop
    environment: dict[str, str]
    folder: Path

    def has(self, url: str, ref: str) -> bool:
        """Whether ``url`` has ``ref``. Raises ``Ended`` (infrastructure)."""
        listed: list[bytes] = []

        def ask() -> int:
            status, output = self.programs.output(
                ["git", "ls-remote", "--", url, ref], environment=self.environment, folder=self.folder
            )
            listed.append(output)
            return status

        attempts(ask, f"look for {ref} of {url}", self.log, self.stop)
        return f"\t{ref}\n".encode() in listed[-1]


def _of_change(task: Task) -> Wanted:
    return Wanted(
        _url(task, task.values["ZUUL_PROJECT"]), task.ref, task.get("ZUUL_COMMIT") if task.get("ZUUL_REF") else None
    )


def _url(task: Task, project: str) -> str:
    return f"{task.values['ZUUL_URL'].rstrip('/')}/{project}"


def _beside(ref: str) -> str:
    """What the merger names in a project beside the one that has ``ref``. Raises ``Ended`` (misused)."""
    if not ref.startswith(_ZUUL):
        raise Ended(Status.MISUSED, f"ZUUL_REF is {ref}: only {_ZUUL}… says what is built together")
    return f"{_ZUUL}HEAD/{ref.rpartition('/')[2]}"
