"""The merger's repositories: whoever writes to one's configuration finds it unlocked."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from zuul_py3 import merging


class Writer:
    """GitPython's writer of a configuration: its lock is there until it is closed, or collected."""

    def __init__(self, folder: Path) -> None:
        self._config, self._lock = folder / "config", folder / "config.lock"
        self._lock.touch(exist_ok=False)

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *reason: object) -> None:
        self._lock.unlink()

    def set_value(self, section: str, key: str, value: str) -> None:
        with self._config.open("a") as file:
            file.write(f"{section}.{key}={value}\n")


class GitRepository:
    """GitPython's Repo, as far as the merger begins with it."""

    def __init__(self, path: str) -> None:
        self._folder = Path(path) / ".git"

    @classmethod
    def clone_from(cls, url: str, path: str) -> None:
        (Path(path) / ".git").mkdir(parents=True)

    def config_writer(self) -> Writer:
        return Writer(self._folder)


def merger_of(path: Path) -> Any:
    """A repository of Zuul's merger, with a committer."""
    module = SimpleNamespace(git=SimpleNamespace(Repo=GitRepository), Repo=type("Repo", (), {}))
    merging.release_the_lock_of_the_configuration(module)
    made = module.Repo()
    made.log, made.remote_url, made.local_path = logging.getLogger("test"), "ssh://review/p", str(path)
    made.email, made.username, made._initialized = "zuul@example.org", "zuul", False
    return made


def test_a_repository_is_cloned_with_its_committer_and_left_unlocked(tmp_path: Path) -> None:
    path = tmp_path / "p"
    for _ in range(2):
        # As the merger does after its own restart.
        merger_of(path)._ensure_cloned()
        assert not (path / ".git/config.lock").exists()
    assert (path / ".git/config").read_text().splitlines()[:2] == ["user.email=zuul@example.org", "user.name=zuul"]


def test_a_repository_that_is_there_is_not_written_to_again(tmp_path: Path) -> None:
    merger = merger_of(tmp_path / "p")
    merger._ensure_cloned()
    merger._ensure_cloned()
    assert len((tmp_path / "p/.git/config").read_text().splitlines()) == 2
