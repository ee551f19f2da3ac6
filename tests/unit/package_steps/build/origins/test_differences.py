"""Which of upstream's files differ between two tarballs of one version: by what is in them, not by how it is packed."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from pkgci_steps.build.origins import contents, differences
from pkgci_steps.status import Ended
from pkgci_steps.step import Step

from .conftest import UPSTREAM

Tarball = Callable[..., Path]
pytestmark = pytest.mark.usefixtures("here")


@pytest.mark.parametrize(
    ("changes", "differ"),
    [
        ({}, []),
        ({"README": "other\n"}, ["README"]),
        ({"NEWS": "new\n", "src/more.c": "\n"}, ["NEWS", "src/more.c"]),
        ({".gitreview": "x", "src/.gitignore": "x", "src/greet.c~": "x", ".mailmap": "x"}, []),
        ({"debian/control": "x"}, []),
    ],
)
def test_files_are_compared_by_name_and_content(
    step: Step, tarball: Tarball, tmp_path: Path, changes: dict[str, str], differ: list[str]
) -> None:
    one = tarball("one.tar.gz", UPSTREAM, top="anything/")
    other = tarball("other.tar.xz", {**UPSTREAM, **changes}, top="./greet-1.0/")
    assert differences.of_tarballs(step, tmp_path, [one], [other]) == differ
    assert differences.of_tarballs(step, tmp_path, [other], [one]) == differ


def test_a_component_is_a_folder_of_its_own(step: Step, tarball: Tarball, tmp_path: Path) -> None:
    whole = tarball("greet_1.0.orig.tar.gz", {**UPSTREAM, "po/de.po": "hallo\n"})
    main, component = (
        tarball("greet_1.0.orig.tar.xz", UPSTREAM),
        tarball("greet_1.0.orig-po.tar.gz", {"de.po": "hallo\n"}),
    )
    assert differences.of_tarballs(step, tmp_path, [whole], [main, component]) == []


def test_links_and_what_can_be_executed_are_told_apart(tmp_path: Path) -> None:
    def packed(name: str, kind: bytes, mode: int, target: str = "") -> dict[str, str]:
        with tarfile.open(tmp_path / name, "w") as archive:
            first = tarfile.TarInfo("top/first")
            archive.addfile(first, BytesIO())
            entry = tarfile.TarInfo("top/file")
            entry.type, entry.mode, entry.linkname = kind, mode, target
            archive.addfile(entry)
        return contents.of_tarballs([tmp_path / name])

    plain = packed("a.tar", tarfile.REGTYPE, 0o644)
    assert packed("b.tar", tarfile.REGTYPE, 0o600) == plain
    assert packed("c.tar", tarfile.LNKTYPE, 0o644, "top/first") == plain
    different = [
        packed("d.tar", tarfile.REGTYPE, 0o755),
        packed("e.tar", tarfile.SYMTYPE, 0o777, "first"),
        packed("f.tar", tarfile.SYMTYPE, 0o777, "second"),
    ]
    assert len({found["file"] for found in (plain, *different)}) == 4


def test_a_tarball_without_a_folder_of_its_own_is_taken_as_it_is(tarball: Tarball) -> None:
    assert set(contents.of_tarballs([tarball("flat.tar.gz", UPSTREAM, top="")])) == set(UPSTREAM)


def test_what_is_no_tarball_is_said_to_be_none(step: Step, tmp_path: Path) -> None:
    (tmp_path / "no.tar.gz").write_text("no\n")
    with pytest.raises(Ended, match="cannot be read"):
        differences.of_tarballs(step, tmp_path, [tmp_path / "no.tar.gz"], [])


def test_the_first_files_are_named_and_the_rest_are_counted() -> None:
    said = differences.changed([f"new/{number}" for number in range(7)] + ["\x1b[2J"], "greet_1.0.orig.tar.xz").reason
    assert "new/0, new/1, new/2, new/3, new/4 (and 3 more): not as in greet_1.0.orig.tar.xz." in said
    assert "\x1b" not in differences.changed(["\x1b[2J"], "x").reason
