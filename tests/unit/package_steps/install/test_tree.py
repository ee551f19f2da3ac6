"""What counts as left behind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pkgci_steps.install import tree
from pkgci_steps.install.tree import leftovers, sums, walk

BEFORE = {"/etc": "d", "/etc/issue": "- a", "/var/lib": "d"}


def test_a_new_folder_is_named_once_and_not_all_that_is_in_it() -> None:
    after = {**BEFORE, "/var/lib/messy": "d", "/var/lib/messy/a": "-"}
    assert leftovers(BEFORE, after) == ["/var/lib/messy is left behind"]


def test_a_changed_and_a_lost_file_of_others_are_found() -> None:
    after = {"/etc": "d", "/etc/issue": "- b"}
    assert leftovers(BEFORE, after) == ["/etc/issue is changed", "/var/lib is gone"]


def test_files_of_packages_that_stay_are_no_leftovers() -> None:
    assert leftovers(BEFORE, {**BEFORE, "/etc/other": "-"}, ["/etc/other"]) == []


def test_what_every_installation_writes_is_not_looked_at(tmp_path: Path) -> None:
    for name in ("etc/ld.so.cache", "etc/passwd-", "var/lib/dpkg/status", "var/log/dpkg.log", "run/x", "etc/greet"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [path for path, what in walk(tmp_path, {}) if what.startswith("-")]
    assert found == ["/etc/greet"]


def test_a_tree_is_seen_as_it_is_and_no_link_of_it_is_followed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("one")
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "folder").symlink_to("/etc")
    os.mkfifo(tmp_path / "pipe")
    first = dict(walk(tmp_path, {}))
    assert first["/link"] == "link to /etc/passwd"
    assert set(first) == {"/file", "/link", "/folder", "/pipe"}
    (tmp_path / "file").write_text("two")
    assert leftovers(first, dict(walk(tmp_path, {}))) == ["/file is changed"]


def test_what_is_known_of_a_tree_is_not_read_again_but_whatever_was_changed_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("same", "changed", "touched"):
        (tmp_path / name).write_text("one")
    known, before = sums(tmp_path), dict(walk(tmp_path, {}))
    read: list[str] = []
    checksum = tree._checksum
    monkeypatch.setattr(tree, "_checksum", lambda file: read.append(file.name) or checksum(file))
    times = (tmp_path / "changed").stat()
    (tmp_path / "changed").write_text("two")
    # As a package's script could, to hide it.
    os.utime(tmp_path / "changed", ns=(times.st_atime_ns, times.st_mtime_ns))
    (tmp_path / "touched").touch()
    after = dict(walk(tmp_path, known))
    assert leftovers(before, after) == ["/changed is changed"]
    assert read == ["changed", "touched"]
