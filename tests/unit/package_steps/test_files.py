"""Files that others read while they are written: the old one or the new one, never half of one."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pkgci_steps import files


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_with_the_folders_above_it_for_everybody_to_read(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        files.write(tmp_path / "a/b", "naïve\n")
    finally:
        os.umask(before)
    assert (tmp_path / "a/b").read_bytes() == "naïve\n".encode()
    assert (tmp_path / "a/b").stat().st_mode & 0o777 == 0o644
    assert names(tmp_path / "a") == ["b"]


def test_a_link_in_place_of_a_file_is_replaced_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("theirs")
    (tmp_path / "ours").symlink_to("theirs")
    files.write(tmp_path / "ours", "ours")
    assert (tmp_path / "theirs").read_text() == "theirs"
    assert not (tmp_path / "ours").is_symlink()


def test_a_file_that_many_write_at_once_is_whole_at_any_moment(tmp_path: Path) -> None:
    path = tmp_path / "file"
    texts = [letter * 100_000 for letter in "abcd"]

    def write(text: str) -> None:
        for _ in range(30):
            files.write(path, text)

    files.write(path, texts[0])
    with ThreadPoolExecutor() as pool:
        writers = [pool.submit(write, text) for text in texts]
        while not all(writer.done() for writer in writers):
            assert path.read_text() in texts
        assert [writer.result() for writer in writers] == [None] * len(texts)
    assert names(tmp_path) == ["file"]


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "file/in/the/way").mkdir(parents=True)
    with pytest.raises(OSError):
        files.write(tmp_path / "file", "text")
    assert names(tmp_path) == ["file"]


def test_what_fails_while_it_is_made_leaves_the_old_one_in_place(tmp_path: Path) -> None:
    path = tmp_path / "root.tar"
    path.write_text("old")
    with pytest.raises(RuntimeError), files.replacing(path) as new:
        new.write_text("half of a n")
        raise RuntimeError
    assert path.read_text() == "old"
    assert names(tmp_path) == ["root.tar"]


def test_what_was_cut_short_is_cleared_away_by_the_next_who_makes_it(tmp_path: Path) -> None:
    path = tmp_path / "lists"
    with files.replacing(path) as new:
        new.symlink_to("elsewhere")
        left = new.name
    (tmp_path / left).symlink_to(tmp_path / "not to be written to")
    with files.replacing(path) as new:
        new.write_text("new")
    assert path.read_text() == "new"
    assert names(tmp_path) == ["lists"]
