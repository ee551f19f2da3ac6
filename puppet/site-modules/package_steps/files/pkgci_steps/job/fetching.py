"""A change, as Zuul merged it: fetched from Zuul's own repository, and checked to be what Zuul says."""

from __future__ import annotations

from pathlib import Path

from ..log import Log
from ..programs import Programs, Stop
from ..status import Ended, Status
from .attempts import attempts
from .task import Tree
from .trees import Wanted

GIT_SECONDS = 900
# A server that sends nearly nothing for a minute is given up.
SLOW = ("-c", "http.lowSpeedLimit=100", "-c", "http.lowSpeedTime=60")


def git_environment(protocol: str) -> dict[str, str]:
    """Neither the host's settings nor somebody's own, and no other ``protocol``."""
    return {
        "GIT_ALLOW_PROTOCOL": protocol,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_TERMINAL_PROMPT": "0",
    }


def fetch(wanted: Wanted, tree: Path, programs: Programs, log: Log, stop: Stop, protocol: str = "https") -> Tree:
    """Puts the commit that is wanted into the new folder ``tree``. Raises ``Ended`` (infrastructure, aborted)."""
    environment = git_environment(protocol)
    refs = [wanted.ref, *(["+refs/tags/*:refs/tags/*"] if wanted.tags else [])]

    def git(*arguments: str) -> int:
        return programs.run(["git", "-C", str(tree), *arguments], environment=environment, seconds=GIT_SECONDS)

    tree.mkdir(mode=0o700)
    if git("init", "--quiet", "--template=") != 0:
        raise Ended(Status.INFRASTRUCTURE, "git init failed")
    log.say(f"fetching {wanted.ref} of {wanted.url}")
    attempts(
        lambda: git(*SLOW, "fetch", "--quiet", "--no-tags", "--", wanted.url, *refs), "fetch the change", log, stop
    )
    # The first word of the file that git fetch writes is the commit.
    commit = (tree / ".git" / "FETCH_HEAD").read_text().split()[0]
    if wanted.commit and commit != wanted.commit:
        raise Ended(Status.INFRASTRUCTURE, f"{wanted.ref} is {commit}, and not {wanted.commit} as Zuul says")
    if git("checkout", "--quiet", "--detach", commit) != 0:
        raise Ended(Status.INFRASTRUCTURE, f"git could not check out {commit}")
    return Tree(tree, commit)
