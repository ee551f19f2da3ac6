"""The merger and its git repositories."""

import functools
import os

from zuul_py3.hook import mends


@mends("zuul.merger.server")
def free_repositories_after_each_job(module):
    """zuul/merger/server.py: objects of GitPython end in reference cycles, and each may keep two git processes."""
    import gc

    def collecting(method):
        @functools.wraps(method)
        def run(self, job):
            try:
                return method(self, job)
            finally:
                gc.collect()

        return run

    module.MergeServer.merge = collecting(module.MergeServer.merge)
    module.MergeServer.update = collecting(module.MergeServer.update)


@mends("zuul.merger.merger")
def release_the_lock_of_the_configuration(module):
    """zuul/merger/merger.py:68-73: three writers in a row, each keeps config.lock until it is collected."""

    def ensure_cloned(self):
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
def leave_the_branch_before_a_fetch(module):
    """zuul/merger/merger.py:101 leaves HEAD on a branch of the remote, into which git since 2.35 does not fetch.

    The repository would be stuck for good ("can't fetch into checked-out branch"). (Not about Python 3.)
    """
    update = module.Repo.update

    @functools.wraps(update)
    def update_detached(self):
        repository = self.createRepoObject()
        if not repository.head.is_detached and repository.head.is_valid():
            repository.head.reference = repository.head.commit
        update(self)

    module.Repo.update = update_detached


@mends("gitdb.util")
def let_others_read_while_references_are_written(module):
    """gitdb/util.py: a reference is written to a file of mode 0600, renamed, and opened to others only then.

    Whoever serves the repository as another user, as a web server does, finds none for a moment. (Not about Python 3.)
    """
    open_lock = module.LockedFD.open

    def open_readable(self, write=False, stream=False):
        opened = open_lock(self, write, stream)
        os.chmod(self._lockfilepath(), 0o644)  # noqa: PTH101 - what gitdb gives it in the end
        return opened

    module.LockedFD.open = open_readable
