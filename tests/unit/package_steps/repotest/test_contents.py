"""Which files packages have, read once."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from pkgci_steps.install.apt import Apt
from pkgci_steps.install.root import Said
from pkgci_steps.repotest import contents
from pkgci_steps.status import Ended

from .conftest import package

LISTED = """drwxr-xr-x root/root         0 2026-01-01 10:00 ./
-rwxr-xr-x root/root        17 2026-01-01 10:00 ./bin/greet
lrwxrwxrwx root/root         0 2026-01-01 10:00 ./usr/bin/hello -> greet
hrw-r--r-- root/root         0 2026-01-01 10:00 ./usr/share/a file link to ./usr/share/b
"""


class Fetches:
    """apt in a root that counts how often it fetches."""

    def __init__(self, content: str) -> None:
        self.root = self
        self.fetched: list[str] = []
        self._content = content

    def run(self, *command: str, **_: Any) -> Said:
        self.fetched += [word for word in command if "=" in word and " " not in word]
        return Said(0, "")

    def ask(self, *_: str) -> str:
        return LISTED

    def sums(self, _: str) -> dict[str, str]:
        return {self._content: "/tmp/greet.deb"}


def test_paths_are_those_of_a_merged_usr_without_folders() -> None:
    assert contents.paths(LISTED) == ["/usr/bin/greet", "/usr/bin/hello", "/usr/share/a file"]


def test_a_package_is_fetched_once_and_remembered(tmp_path: Path) -> None:
    apt, greet = Fetches("greet-1"), package("greet")
    for _ in range(2):
        assert "/usr/bin/hello" in contents.of(cast(Apt, apt), [greet], tmp_path)[greet]
    assert apt.fetched == ["greet:amd64=1"]


def test_another_package_than_the_index_names_is_not_remembered(tmp_path: Path) -> None:
    with pytest.raises(Ended, match="another greet 1 was fetched"):
        contents.of(cast(Apt, Fetches("other")), [package("greet")], tmp_path)
    assert list(tmp_path.iterdir()) == []
