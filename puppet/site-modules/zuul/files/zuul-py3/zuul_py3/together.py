"""Not about Python 3: projects that are built together, as a package and its upstream, are merged together.

Upstream's merger makes the reference refs/zuul/BRANCH/REF of a change in its own project, and in those that have
changes ahead of it. A job that also needs a project without such changes would have to ask the review for its head,
which may be another one a moment later, and which only Zuul may read. Here each change has the reference
refs/zuul/HEAD/REF in every project that its own is built with: it names what the changes ahead have made of the right
branch there, or its head. The file TOGETHER says which projects these are.
"""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from zuul_py3.hook import mends
from zuul_py3.upstream import Merger, Recent, Record

# Project → the projects that it is built with → their branch; null for the one with the name of the change's own, or,
# where there is none, for the main one. Puppet writes it (zuul: config.pp); whatever merges reads it anew.
TOGETHER = Path("/etc/zuul/together.json")
_BRANCHES = "refs/remotes/origin/"


def built_with(project: str) -> dict[str, str | None]:
    """The projects that ``project`` is built with, each with its branch or None."""
    try:
        found: dict[str, str | None] = json.loads(TOGETHER.read_text()).get(project, {})
    except FileNotFoundError:
        return {}
    return found


@mends("zuul.merger.merger")
def merge_what_is_built_together(module: Any) -> None:
    """zuul/merger/merger.py:312-345: only projects with changes get a reference."""
    cls = module.Merger
    merge_item: Callable[..., str] = cls._mergeItem
    update_repository = cls.updateRepo

    def merge_and_note(self: Merger, item: Record, recent: Recent) -> str:
        commit = merge_item(self, item, recent)
        for project, branch in built_with(item["project"]).items():
            try:
                note(self, item, recent, project, branch)
            except Exception as error:
                if type(error).__init__ is not Exception.__init__:
                    raise
                # One of the merger's own, which are told in words (repositories.py): whose it is.
                raise type(error)(f"{project}, which it is built with: {error}") from error
        return commit

    def note(self: Merger, item: Record, recent: Recent, project: str, branch: str | None) -> None:
        repository = self.getRepo(project, beside(item["url"], item["project"], project))
        reference = f"refs/zuul/HEAD/{item['ref']}"
        if repository.commit_of(reference) is not None:
            return
        repository.update()
        name = branch or item["branch"]
        if branch is None and repository.commit_of(_BRANCHES + name) is None:
            name = main_branch(Path(self.working_root, project))
        repository.note(reference, recent.get((project, name)) or repository.branch(name))

    def update_together(self: Merger, project: str, connection_name: str, url: str) -> None:
        update_repository(self, project, connection_name, url)
        for other in built_with(project):
            self.getRepo(other, beside(url, project, other)).update()

    cls._mergeItem = merge_and_note
    cls.updateRepo = update_together


def beside(url: str, project: str, other: str) -> str:
    """The address of ``other`` on the server that has ``project`` at ``url``."""
    return url[: -len(project)] + other


def main_branch(folder: Path) -> str:
    """The name of the main branch of the merger's repository in ``folder``."""
    command = ["git", f"--git-dir={folder / '.git'}", "symbolic-ref", f"{_BRANCHES}HEAD"]
    named = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    return named.removeprefix(_BRANCHES)
