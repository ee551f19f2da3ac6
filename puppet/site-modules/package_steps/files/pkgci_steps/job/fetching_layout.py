"""What a tarball is made of beside the change's own branch: pristine-tar, upstream's tag, as Zuul's merger has them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..build import changelog
from ..build.git import entries
from ..build.origins import gbp_conf, gbp_refs
from ..log import Log
from ..programs import Programs, Stop
from ..status import Ended
from .attempts import attempts
from .fetching import GIT_SECONDS, SLOW, git_environment
from .task import Task
from .trees import packaging

# The kinds of source (site file) that can have git-buildpackage's layout.
LAYOUT_KINDS = ("auto", "git-buildpackage")


def fetch_layout(
    task: Task, tree: Path, commit: str, programs: Programs, log: Log, stop: Stop, protocol: str = "https"
) -> None:
    """Fetches what the upstream tarball of ``commit`` in ``tree`` is made of, where there is such a thing.

    Raises ``Ended`` (infrastructure, aborted).
    """

    def git(words: Sequence[str]) -> tuple[int, bytes]:
        command = ["git", "-C", str(tree), *SLOW, *words]
        return programs.output(command, environment=git_environment(protocol), seconds=GIT_SECONDS)

    wanted = _wanted(_texts(git, commit))
    if wanted is None:
        return
    layout, version = wanted
    found: list[gbp_refs.Refs] = []

    def once() -> int:
        refs = gbp_refs.bring(git, packaging(task).url, layout, version, task.ref)
        found.extend([refs] if refs else [])
        return 0 if refs else 1

    attempts(once, "fetch the branches and tags of upstream's files", log, stop)
    for ref in found[-1]:
        log.say(f"{ref.remote} is {ref.commit}")


def _texts(git: gbp_refs.Git, commit: str) -> dict[str, str]:
    """debian/changelog and gbp.conf of ``commit``, where they are plain files."""
    _, listing = git(["ls-tree", "-r", "-z", commit, "--", "debian/changelog", gbp_conf.FILE])
    plain = [entry.path.decode() for entry in entries(listing) if entry.mode.startswith("100")]
    return {path: git(["cat-file", "blob", f"{commit}:{path}"])[1].decode(errors="replace") for path in plain}


def _wanted(texts: dict[str, str]) -> tuple[gbp_conf.Layout, str] | None:
    """The layout and upstream's version; None for what is no package with an upstream tarball.

    What cannot be read is the build's affair, which says so.
    """
    try:
        release = changelog.latest(texts.get("debian/changelog", ""))
        layout = gbp_conf.read(texts.get(gbp_conf.FILE))
        layout.tag(release.upstream)
    except Ended:
        return None
    return (layout, release.upstream) if "-" in release.version else None
