"""The change, as Zuul merged it: fetched from Zuul's own repository, and checked to be what Zuul says."""

from __future__ import annotations

from pathlib import Path

from ..log import Log
from ..programs import Programs, Stop
from ..status import Ended, Status
from .attempts import attempts
from .task import Task

GIT_SECONDS = 1800
# Seconds after which a server that sends nothing is given up. While it packs a big repository it is silent, but for a
# few bytes now and then. Zuul's web server waits for git as long (zuul: apache.conf.epp).
SILENT_SECONDS = 600


def fetch(task: Task, tree: Path, programs: Programs, log: Log, stop: Stop, protocol: str = "https") -> str:
    """Puts the change into ``tree`` and returns its commit. Raises ``Ended`` (infrastructure, aborted)."""
    environment = {
        "GIT_ALLOW_PROTOCOL": protocol,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_TERMINAL_PROMPT": "0",
    }
    url = f"{task.values['ZUUL_URL'].rstrip('/')}/{task.values['ZUUL_PROJECT']}"

    def git(*arguments: str) -> int:
        return programs.run(["git", "-C", str(tree), *arguments], environment=environment, seconds=GIT_SECONDS)

    tree.mkdir(mode=0o700)
    if git("init", "--quiet", "--template=") != 0:
        raise Ended(Status.INFRASTRUCTURE, "git init failed")
    log.say(f"fetching {task.ref} of {url}")
    patience = ("-c", "http.lowSpeedLimit=1", "-c", f"http.lowSpeedTime={SILENT_SECONDS}")
    attempts(
        lambda: git(*patience, "fetch", "--quiet", "--no-tags", "--", url, task.ref), "fetch the change", log, stop
    )
    # The first word of the file that git fetch writes is the commit.
    commit = (tree / ".git" / "FETCH_HEAD").read_text().split()[0]
    expected = task.get("ZUUL_COMMIT") if task.get("ZUUL_REF") else None
    if expected and commit != expected:
        raise Ended(Status.INFRASTRUCTURE, f"{task.ref} is {commit}, and not {expected} as Zuul says")
    if git("checkout", "--quiet", "--detach", commit) != 0:
        raise Ended(Status.INFRASTRUCTURE, f"git could not check out {commit}")
    return commit
