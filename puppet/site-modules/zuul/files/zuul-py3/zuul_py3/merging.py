"""The merger: what comes of a merge is told apart (see repositories.py). The cloner's repositories, on today's git."""

import functools
import json
import os
from collections.abc import Callable
from typing import Any

from zuul_py3.hook import mends
from zuul_py3.names import of_branch
from zuul_py3.repositories import ConflictError, Repository, UntestedError
from zuul_py3.upstream import Merger, Recent, Record


@mends("zuul.merger.merger")
def release_the_lock_of_the_configuration(module: Any) -> None:
    """zuul/merger/merger.py:68-73: three writers in a row, each keeps config.lock until it is collected."""

    def ensure_cloned(self: Any) -> None:
        there = os.path.exists(os.path.join(self.local_path, ".git"))  # noqa: PTH110, PTH118 - Zuul's are strings
        if self._initialized and there:
            return
        if not there:
            self.log.debug("Cloning %s to %s", self.remote_url, self.local_path)
            module.git.Repo.clone_from(self.remote_url, self.local_path)
        with module.git.Repo(self.local_path).config_writer() as settings:
            for key, value in (("email", self.email), ("name", self.username)):
                if value:
                    settings.set_value("user", key, value)
        self._initialized = True

    module.Repo._ensure_cloned = ensure_cloned


@mends("zuul.merger.merger")
def leave_the_branch_before_a_fetch(module: Any) -> None:
    """zuul/merger/merger.py:101 leaves HEAD on a branch of the remote, into which git since 2.35 does not fetch.

    The repository would be stuck for good ("can't fetch into checked-out branch"). (Not about Python 3.)
    """
    update = module.Repo.update

    @functools.wraps(update)
    def update_detached(self: Any) -> None:
        repository = self.createRepoObject()
        if not repository.head.is_detached and repository.head.is_valid():
            repository.head.reference = repository.head.commit
        update(self)

    module.Repo.update = update_detached


@mends("zuul.merger.merger")
def tell_a_conflict_from_a_fault(module: Any) -> None:
    """zuul/merger/merger.py:258-363: whatever ends a merge early is None, which counts as a conflict.

    Raises ConflictError and UntestedError instead. (Not about Python 3.)
    """
    cls, model = module.Merger, module.zuul.model
    ways = {
        model.MERGER_MERGE: ["merge"],
        model.MERGER_MERGE_RESOLVE: ["merge", "-s", "resolve"],
        # What the branch has already is picked as an empty commit.
        model.MERGER_CHERRY_PICK: ["cherry-pick", "--keep-redundant-commits"],
    }

    def add_project(self: Merger, project: str, url: str) -> Repository:
        path = os.path.join(self.working_root, project)  # noqa: PTH118 - Zuul's are strings
        repository = self.repos[project] = Repository(url, path, self.email, self.username, self.log)
        try:
            repository.open()
        except UntestedError as reason:
            self.log.warning("%s cannot be used yet: %s", project, reason)
        return repository

    def update_repository(self: Merger, project: str, connection_name: str, url: str) -> None:
        self._setGitSsh(connection_name)
        self.log.info("Updating local repository %s", project)
        self.getRepo(project, url).update()

    def merge_item(self: Merger, item: Record, recent: Recent) -> str:
        """Merges one change onto what those before it have made of its branch; its commit."""
        self._setGitSsh(item["connection_name"])
        repository = self.getRepo(item["project"], item["url"])
        branch = (item["project"], item["branch"])
        commit = repository.commit_of(f"refs/zuul/{of_branch(item['branch'])}/{item['ref']}")
        if commit is None:
            if branch not in recent:
                repository.update()
                recent[branch] = repository.branch(item["branch"])
            way = ways.get(item["merge_mode"])
            if way is None:
                raise UntestedError(f"there is no merge mode {item['merge_mode']}")
            recent[branch] = repository.merge(recent[branch], item["refspec"], way)
            # The reference of the item names the newest commit of each branch.
            for (project, name), newest in recent.items():
                self.getRepo(project, None).note(f"refs/zuul/{of_branch(name)}/{item['ref']}", newest)
            return recent[branch]
        recent[branch] = commit
        return commit

    def merge_changes(self: Merger, items: list[Record]) -> str | None:
        recent: Recent = {}
        commit = None
        for item in items:
            try:
                commit = self._mergeItem(item, recent)
            except (ConflictError, UntestedError) as reason:
                of = "" if item is items[-1] else f"change {item['number']}, which it depends on or waits for: "
                kind = ConflictError if isinstance(reason, ConflictError) else UntestedError
                raise kind(f"{of}{reason}") from reason
        return commit

    cls.addProject = add_project
    cls.updateRepo = update_repository
    cls._mergeItem = merge_item
    cls.mergeChanges = merge_changes


@mends("zuul.merger.server")
def tell_what_came_of_a_merge(module: Any) -> None:
    """zuul/merger/server.py:103-122 knows merged and not merged, and an update is always one.

    Beside these, the answer has a ``conflict`` or a ``fault``, in words. (Not about Python 3.)
    """
    cls = module.MergeServer

    def answer(self: Any, job: Any, work: Callable[[Record], Record]) -> None:
        result = {"zuul_url": self.zuul_url, "merged": False, "updated": False, "commit": None}
        try:
            result.update(work(json.loads(job.arguments)))
        except ConflictError as reason:
            self.log.info("Cannot merge: %s", reason)
            result["conflict"] = str(reason)
        except UntestedError as reason:
            self.log.warning("Could not merge: %s", reason)
            result["fault"] = str(reason)
        except Exception as error:
            self.log.exception("Exception in a merge")
            result["fault"] = f"the merger has a fault: {type(error).__name__}"
        job.sendWorkComplete(json.dumps(result))

    def merge(self: Any, job: Any) -> None:
        answer(self, job, lambda told: {"merged": True, "commit": self.merger.mergeChanges(told["items"])})

    def update(self: Any, job: Any) -> None:
        def update_repository(told: Record) -> Record:
            self.merger.updateRepo(told["project"], told["connection_name"], told["url"])
            return {"updated": True}

        answer(self, job, update_repository)

    cls.merge = merge
    cls.update = update
