"""The change, as Zuul merged it: fetched from Zuul's own repository, and checked to be what Zuul says."""

from __future__ import annotations

from pathlib import Path

from ..log import Log
from ..programs import Programs, Stop
from ..status import Ended, Status
from .attempts import attempts
from .task import Task

GIT_SECONDS = 900
# A server that sends nearly nothing for a minute is given up.
SLOW = ("-c", "http.lowSpeedLimit=100", "-c", "http.lowSpeedTime=60")


def repository(task: Task) -> str:
    """The address of the project in Zuul's own repository."""
    return f"{task.values['ZUUL_URL'].rstrip('/')}/{task.values['ZUUL_PROJECT']}"


def git_environment(protocol: str) -> dict[str, str]:
    """Neither the host's settings nor somebody's own, and no other ``protocol``."""
    return {
        "GIT_ALLOW_PROTOCOL": protocol,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_TERMINAL_PROMPT": "0",
    }


def fetch(task: Task, tree: Path, programs: Programs, log: Log, stop: Stop, protocol: str = "https") -> str:
    """Puts the change into ``tree`` and returns its commit. Raises ``Ended`` (infrastructure, aborted)."""
    environment = git_environment(protocol)
    url = repository(task)

    def git(*arguments: str) -> int:
        return programs.run(["git", "-C", str(tree), *arguments], environment=environment, seconds=GIT_SECONDS)

    tree.mkdir(mode=0o700)
    if git("init", "--quiet", "--template=") != 0:
        raise Ended(Status.INFRASTRUCTURE, "git init failed")
    log.say(f"fetching {task.ref} of {url}")
    attempts(lambda: git(*SLOW, "fetch", "--quiet", "--no-tags", "--", url, task.ref), "fetch the change", log, stop)
    # The first word of the file that git fetch writes is the commit.
    commit = (tree / ".git" / "FETCH_HEAD").read_text().split()[0]
    expected = task.get("ZUUL_COMMIT") if task.get("ZUUL_REF") else None
    if expected and commit != expected:
        raise Ended(Status.INFRASTRUCTURE, f"{task.ref} is {commit}, and not {expected} as Zuul says")
    if git("checkout", "--quiet", "--detach", commit) != 0:
        raise Ended(Status.INFRASTRUCTURE, f"git could not check out {commit}")
    return commit
