"""What a tree must have to become a source package, before anything looks into it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pkgci_steps.build import deb, source
from pkgci_steps.build.changelog import Release
from pkgci_steps.build.git import Tree
from pkgci_steps.settings import Target
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step

from .conftest import PACKAGE, Commit, told

CheckOut = Callable[[str], Tree]


@pytest.fixture
def inside(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """In place of user namespaces: what would run there."""
    commands: list[list[str]] = []

    def offline(step: Step, command: list[str], folder: Path, **words: object) -> int:
        commands.append([str(word) for word in command] + [str(words["environment"])])
        for version in ("1.0-1", "1.0-1~c12.3", "1.0-1+site1~deb13"):
            (folder / f"out/greet_{version}.dsc").touch()
        return 0

    monkeypatch.setattr(source, "offline", offline)
    return commands


def make(step: Step, tree: Tree, tmp_path: Path, target: Target | None = None) -> source.Source:
    room = tmp_path / "room"
    room.mkdir()
    return source.make_source(step, tree, target or Target("trixie", "deb", "trixie"), room)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"README": "hello\n"}, "no folder debian/ in the tree"),
        ({"README": "hello\n", "debian": "-> /etc"}, "no folder debian/ in the tree"),
        ({**PACKAGE, "debian/control": "-> /etc/passwd"}, "no plain file debian/control"),
        ({**PACKAGE, "debian/changelog": "-> /etc/passwd"}, "no plain file debian/changelog"),
        ({**PACKAGE, "debian/source/format": "3.0 (git)\n"}, "source format '3.0 (git)'"),
        ({**PACKAGE, "debian/source/format": "3.0 (native)\n"}, "a native package's has no Debian revision"),
    ],
)
def test_a_tree_that_is_no_package_is_at_fault_and_is_told_why(
    files: dict[str, str],
    reason: str,
    step: Step,
    commit: Commit,
    checked_out: CheckOut,
    inside: list[list[str]],
    tmp_path: Path,
) -> None:
    commit(files)
    with pytest.raises(Ended) as caught:
        make(step, checked_out("tree"), tmp_path)
    assert (caught.value.status, reason in caught.value.reason) == (Status.FAILED, True)
    assert inside == []


def test_a_build_of_a_change_sorts_before_the_release_and_says_that_it_is_none(
    step: Step, commit: Commit, checked_out: CheckOut, inside: list[list[str]], tmp_path: Path
) -> None:
    commit(PACKAGE)
    tree = checked_out("tree")
    made = make(step, tree, tmp_path)
    assert made.release.version == "1.0-1~c12.3"
    assert (tree.text("debian/changelog") or "").startswith("greet (1.0-1~c12.3) trixie;")
    assert (tmp_path / "room/out/greet_1.0.orig.tar.xz").is_file()


def test_a_build_of_the_gate_has_the_changelog_as_it_is(
    step: Step, commit: Commit, checked_out: CheckOut, inside: list[list[str]], tmp_path: Path
) -> None:
    commit(PACKAGE)
    tree = checked_out("tree")
    assert make(told(step, pipeline="gate"), tree, tmp_path).release.version == "1.0-1"
    assert tree.text("debian/changelog") == PACKAGE["debian/changelog"]


def test_the_suffix_of_a_target_changes_the_packages_version_and_not_upstreams_tarball(
    step: Step, commit: Commit, checked_out: CheckOut, inside: list[list[str]], tmp_path: Path
) -> None:
    commit(PACKAGE)
    tree = checked_out("tree")
    target = Target("trixie", "deb", "trixie", version_suffix="+site1~deb13")
    assert make(told(step, pipeline="gate"), tree, tmp_path, target).release.version == "1.0-1+site1~deb13"
    assert (tree.text("debian/changelog") or "").endswith(PACKAGE["debian/changelog"])
    assert (tmp_path / "room/out/greet_1.0.orig.tar.xz").is_file()


UNRELEASED = {**PACKAGE, "debian/changelog": PACKAGE["debian/changelog"].replace("unstable", "UNRELEASED")}


@pytest.mark.parametrize("pipeline", ["gate", "republish"])
def test_what_is_unreleased_is_no_release_and_the_gate_says_so(
    pipeline: str, step: Step, commit: Commit, checked_out: CheckOut, inside: list[list[str]], tmp_path: Path
) -> None:
    commit(UNRELEASED)
    with pytest.raises(Ended, match=r"greet 1\.0-1 is UNRELEASED.*dch --release") as caught:
        make(told(step, pipeline=pipeline), checked_out("tree"), tmp_path)
    assert (caught.value.status, inside) == (Status.FAILED, [])


def test_a_check_builds_what_is_unreleased(
    step: Step, commit: Commit, checked_out: CheckOut, inside: list[list[str]], tmp_path: Path
) -> None:
    commit(UNRELEASED)
    assert make(step, checked_out("tree"), tmp_path).release.version == "1.0-1~c12.3"


@pytest.mark.parametrize("pipeline", ["check", "gate"])
@pytest.mark.parametrize(("name", "line"), [("changelog", 5), ("control", 3)])
def test_what_is_not_utf_8_is_refused_with_its_file_and_line(
    name: str,
    line: int,
    pipeline: str,
    step: Step,
    commit: Commit,
    checked_out: CheckOut,
    inside: list[list[str]],
    tmp_path: Path,
) -> None:
    texts = {
        "changelog": PACKAGE["debian/changelog"].replace("Ann", "J\udcfcrgen"),
        "control": "A: b\nC: d\nE: \udcfc\n",
    }
    commit({**PACKAGE, f"debian/{name}": texts[name]})
    with pytest.raises(Ended, match=rf"^debian/{name}:{line}: not UTF-8: .*\\xfc.*iconv") as caught:
        make(told(step, pipeline=pipeline), checked_out("tree"), tmp_path)
    assert (caught.value.status, inside) == (Status.FAILED, [])


def test_other_files_need_not_be_utf_8_and_stay_as_they_are(
    step: Step, commit: Commit, checked_out: CheckOut, inside: list[list[str]], tmp_path: Path
) -> None:
    commit({**PACKAGE, "debian/rules": "#!/usr/bin/make -f\n# J\udcfcrgen\n", "debian/NEWS": "\udcfc\r\n"})
    tree = checked_out("tree")
    make(step, tree, tmp_path)
    assert (tree.folder / "debian/NEWS").read_bytes() == b"\xfc\r\n"


def test_all_that_the_dsc_names_is_part_of_the_source_package(tmp_path: Path) -> None:
    names = ["sl_5.02.orig.tar.gz", "sl_5.02.orig.tar.gz.asc", "sl_5.02-1.diff.gz"]
    lines = "".join(f" {'0' * 64} 1 {name}\n" for name in names)
    dsc = tmp_path / "sl_5.02-1.dsc"
    dsc.write_text(f"Format: 1.0\nSource: sl\nChecksums-Sha1:\n {'0' * 40} 1 x.tar.gz\nChecksums-Sha256:\n{lines}")
    made = source.Source(Release("sl", "5.02-1"), dsc)
    assert [file.name for file in made.files] == [dsc.name, *names]


def test_no_settings_and_no_hooks_of_the_tree_are_used(
    step: Step, commit: Commit, checked_out: CheckOut, inside: list[list[str]], tmp_path: Path
) -> None:
    commit({**PACKAGE, "debian/gbp.conf": "[DEFAULT]\nbuilder = touch /tmp/pwned\n"})
    make(step, checked_out("tree"), tmp_path)
    (command,) = inside
    assert {"--git-no-hooks", "--git-cleaner=/bin/true", "--git-builder=dpkg-source --build ."} <= set(command)
    assert "'GBP_CONF_FILES': '/dev/null'" in command[-1]


def test_a_build_keeps_its_packages_and_all_of_the_source_package(tmp_path: Path) -> None:
    dsc = tmp_path / "sl_5.02-1.dsc"
    names = ["sl_5.02-1.diff.gz", "sl_5.02.orig.tar.gz"]
    dsc.write_text("Checksums-Sha256:\n" + "".join(f" {'0' * 64} 1 {name}\n" for name in names))
    built = tmp_path / "built"
    built.mkdir()
    for path in (*(tmp_path / name for name in names), built / "sl_5.02-1_amd64.deb"):
        path.touch()
    kept = deb._files(source.Source(Release("sl", "5.02-1"), dsc), built)
    assert [file.name for file in kept] == ["sl_5.02-1.diff.gz", "sl_5.02-1.dsc", "sl_5.02-1_amd64.deb", names[1]]


@pytest.mark.parametrize("name", ["greet_1.0-1.dsc", "greet_1.0.orig.tar.xz", "greet_1.0-1.debian.tar.xz"])
def test_a_link_in_place_of_a_part_of_the_source_package_is_not_followed(
    step: Step,
    commit: Commit,
    checked_out: CheckOut,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    names = ("greet_1.0-1.debian.tar.xz", "greet_1.0.orig.tar.xz")
    listed = "Checksums-Sha256:\n" + "".join(f" {'0' * 64} 1 {one}\n" for one in names)

    def offline(step: Step, command: list[str], folder: Path, **words: object) -> int:
        for file, text in (("greet_1.0-1.dsc", listed), *((one, "x") for one in names)):
            (folder / "out" / file).write_text(text)
        (tmp_path / "secret").write_text(listed)
        (folder / "out" / name).unlink()
        (folder / "out" / name).symlink_to(tmp_path / "secret")
        return 0

    monkeypatch.setattr(source, "offline", offline)
    commit(PACKAGE)
    with pytest.raises(Ended, match=f"no plain file {name}") as raised:
        make(told(step, pipeline="gate"), checked_out("tree"), tmp_path)
    assert raised.value.status is Status.FAILED
