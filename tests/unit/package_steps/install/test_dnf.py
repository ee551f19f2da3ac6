"""How dnf's words are read."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from types import SimpleNamespace
from typing import cast

import pytest
from pkgci_steps.install.dnf import Dnf, planned
from pkgci_steps.install.root import Root, Said
from pkgci_steps.status import Ended, Status

TABLE = """
================================================================================
 Package          Architecture      Version               Repository       Size
================================================================================
Installing:
 greet            noarch            1.1-1~c7.1            review-7        6.9 k
Installing dependencies:
 a-library-with-a-very-long-name
                  x86_64            2:1.1-1               base            6.2 k

Transaction Summary
================================================================================
Install  2 Packages
"""


class Says:
    """A root in which everything ends like this."""

    def __init__(self, status: int, text: str) -> None:
        self._said = Said(status, text)
        self.asked: list[tuple[str, ...]] = []
        self.is_closed = False
        self.step = SimpleNamespace(timed=lambda _: nullcontext(), log=SimpleNamespace(say=lambda _: None))

    def run(self, *words: str, **__: bool) -> Said:
        self.asked.append(words)
        return self._said

    def ask(self, *words: str) -> str:
        return self.run(*words).text

    def close(self) -> None:
        self.is_closed = True


def test_what_would_be_installed_is_read_from_the_table() -> None:
    assert planned(TABLE) == ["greet", "a-library-with-a-very-long-name"]


@pytest.mark.parametrize(("text", "status"), [(f"{TABLE}Operation aborted.\n", 0), ("Error: \n Problem: x", 1)])
def test_dnf_that_was_told_no_would_have_gone_on(text: str, status: int) -> None:
    assert Dnf(cast(Root, Says(1, text))).plan(["greet-1"]).status == status


def test_a_scriptlet_that_fails_is_a_failure_though_rpm_carries_on() -> None:
    said = "warning: %post(angry-1-1.noarch) scriptlet failed, exit status 3\nComplete!\n"
    assert Dnf(cast(Root, Says(0, said))).install(["angry-1-1"]).status == 1
    assert Dnf(cast(Root, Says(0, "Complete!\n"))).install(["greet-1-1"]).status == 0


def test_lists_are_fetched_once_and_the_changes_do_not_count_until_they_are_wanted() -> None:
    root = Says(0, "")
    manager = Dnf(cast(Root, root))
    manager.use_released()
    manager.install(["greet-1"])
    manager.use_changes()
    manager.install(["greet-2"])
    assert ["makecache" in words for words in root.asked] == [True, False, False]
    assert ["--disablerepo=review-*,gate-*" in words for words in root.asked] == [False, True, False]


def test_what_cannot_be_fetched_is_asked_for_again_with_the_mirrors_news_once() -> None:
    root = Says(0, "")
    manager = Dnf(cast(Root, root))
    manager.use_changes()
    manager.fetch(["greet-1"])
    assert not any("--refresh" in words for words in root.asked)
    refreshes: list[tuple[str, ...]] = []

    def run(*words: str, **_: bool) -> Said:
        refreshes.extend([words] if "--refresh" in words else [])
        return Said(0 if "makecache" in words else 1, "Status code: 404")

    root.run = run  # type: ignore[method-assign]
    assert [manager.fetch(["greet-2"]).status for _ in range(2)] == [1, 1]
    assert len(refreshes) == 1


def test_an_upgrade_is_fetched_as_if_what_is_upgraded_were_there_already_and_rpms_list_is_as_before_then() -> None:
    root = Says(1, "")
    with pytest.raises(Ended, match="no mirror"):
        root.run = failing_fetch(root)  # type: ignore[method-assign]
        Dnf(cast(Root, root)).fetch_upgrade(["a-2"])
    assert [words[2].split()[0] for words in root.asked if words[0] == "sh"] == ["list=$(rpm", "list=$(rpm"]
    first, *_, last = root.asked
    assert "--justdb --noscripts" in first[2] and "mv" in last[2]


def failing_fetch(root: Says) -> Callable[..., Said]:
    def run(*words: str, network: bool = False) -> Said:
        root.asked.append(words)
        if network:
            raise Ended(Status.INFRASTRUCTURE, "no mirror")
        return Said(0, "")

    return run
