"""Which folders are builds', and what becomes of a path that leads elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pkgci_logs.store import Refused, Store, build_path, open_up

CHANGE = "12/3412/3/check/packaging-greet-build-trixie/0123abc"
REVISION = f"ab/{'ab' * 20}/post/job/0123abc"
CLOCK = "periodic/packaging-greet-build-trixie/0123abc"


@pytest.mark.parametrize("text", [CHANGE, REVISION, CLOCK, "1/1/1/check/j/0123456789abcdef0123456789abcdef"])
def test_what_zuul_calls_a_builds_folder_is_one(text: str) -> None:
    assert build_path(text).text == text


def test_a_builds_folder_says_what_it_is_of() -> None:
    path = build_path(CHANGE)
    assert (path.change, path.patchset, path.pipeline, path.build) == ("3412", "3", "check", "0123abc")
    assert path.subject == "12/3412"
    assert path.above == (
        "12/3412",
        "12/3412/3",
        "12/3412/3/check",
        "12/3412/3/check/packaging-greet-build-trixie",
    )
    assert build_path(CLOCK).above == ("periodic", "periodic/packaging-greet-build-trixie")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "x",
        "12/3412",
        "12/3412/3/check/job",
        "13/3412/3/check/job/0123abc",
        f"{CHANGE}/more",
        f"/{CHANGE}",
        f"{CHANGE}/",
        f"{CHANGE}\n",
        "12/3412/3/../job/0123abc",
        "12/3412/3/check/.ssh/0123abc",
        "12/3412/3/check/-rf/0123abc",
        "12/3412/3/check/a b/0123abc",
        "12/3412/3/check/$(id)/0123abc",
        "12/3412/3/check/job/0123abg",
        "12//3/check/job/0123abc",
        f"12/3412/3/check/{'x' * 300}/0123abc",
    ],
)
def test_nothing_else_is(text: str) -> None:
    with pytest.raises(Refused):
        build_path(text)


def test_a_link_on_the_way_is_not_followed(store: Store, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (store.logs / "12").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused, match="not a folder: 12"):
        store.opened(build_path(CHANGE))
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_all_builds_are_found_whatever_they_are_of(store: Store) -> None:
    for text in (CHANGE, REVISION, CLOCK):
        os.close(store.opened(build_path(text)))
        (store.logs / text / "artifacts").mkdir()
    (store.logs / "something/else/entirely").mkdir(parents=True)
    assert {path.text for path in store.builds()} == {CHANGE, REVISION, CLOCK}
    assert [path.text for path in store.builds("12/3412")] == [CHANGE]


def test_whatever_modes_come_along_everybody_can_read_it_and_its_owner_remove_it(store: Store, tmp_path: Path) -> None:
    folder = store.logs / CHANGE
    (folder / "closed/deep").mkdir(parents=True)
    (folder / "closed/deep/file").write_text("x")
    (tmp_path / "precious").write_text("x")
    (tmp_path / "precious").chmod(0o600)
    (folder / "link").symlink_to(tmp_path / "precious")
    for path, mode in (("closed/deep/file", 0o4000), ("closed/deep", 0o000), ("closed", 0o111), (".", 0o700)):
        (folder / path).chmod(mode)
    open_up(folder)
    modes = {str(path.relative_to(folder)): path.stat().st_mode & 0o7777 for path in folder.rglob("*")}
    assert modes == {"closed": 0o755, "closed/deep": 0o755, "closed/deep/file": 0o644, "link": 0o600}
    before = (folder / "closed").stat().st_ctime_ns
    open_up(folder)
    assert (folder / "closed").stat().st_ctime_ns == before
