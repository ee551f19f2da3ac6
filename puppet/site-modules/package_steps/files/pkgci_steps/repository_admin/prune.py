"""pkgci-prune: removes what nobody needs any more from the repositories of this host."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from ..repository import places
from ..repository.publisher import Publisher, this_host
from ..repository.state import State
from ..step import Step, run
from .commands import kept

_USAGE = """\
pkgci-prune: tidies up the package repositories of this host. A timer runs it; by hand:

  mkdir -m 777 /tmp/prune
  sudo -u publisher env RESULTS=/tmp/prune pkgci-prune

It looks after the repositories of the account that runs it: the released one is publisher's, those of check are
pkgci-review's, and those of the gate pkgci-gate's. What goes: review repositories some days after anything came to
them last (`repository: {closed_days: …}` in the site file); states of repositories beyond those that one can roll
back to (`generations`); packages that no state has any more; what programs left that were killed.
RESULTS is a folder of the account that calls: result.json there names what went, log.txt says it in lines.
"""

# What is in the work folder belongs to a program that runs, or to none.
_LEFT_BEHIND_SECONDS = 24 * 3600.0


def main() -> int:
    """The program."""
    return run("prune", perform, needed=(), usage=_USAGE)


def perform(step: Step) -> str:
    """Removes it, and says so in the log and in the result."""
    gone = {"repositories": 0, "packages": 0, "left_behind": 0}
    for kind, path in prune(this_host(step, places.RELEASE), places.WORK):
        gone[kind] += 1
        step.log.say(f"removed {path}")
    step.details["removed"] = gone
    words = (f"{count} {kind.replace('_', ' ')}" for kind, count in gone.items())
    return f"removed {', '.join(words)}"


def prune(publisher: Publisher, work: Path) -> Iterator[tuple[str, str]]:
    """Removes it; tells what went as it goes: its kind, and where it was."""
    days = timedelta(days=publisher.settings.repository.closed_days)
    for repository in kept(publisher):
        if repository.name != places.RELEASE and repository.delete(unneeded(publisher.now(), days)):
            yield "repositories", str(repository.folder)
    for repository in kept(publisher):
        for package in repository.tidy() if repository.exists else ():
            yield "packages", package
    for path in sorted(work.glob("*")):
        seen = path.lstat()
        if seen.st_uid == os.geteuid() and seen.st_mtime < time.time() - _LEFT_BEHIND_SECONDS:
            _remove(path)
            yield "left_behind", str(path)


def unneeded(now: datetime, days: timedelta) -> Callable[[State], bool]:
    """Whether a review repository may go: so many days after the last came to it.

    One that does not say when anything came to it is younger than anybody knows, and stays.
    """

    def may_go(state: State) -> bool:
        return bool(state.last) and now - datetime.fromisoformat(state.last) >= days

    return may_go


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
