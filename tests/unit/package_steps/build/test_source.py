"""What a tree must have to become a source package, before anything looks into it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pkgci_steps.build import source
from pkgci_steps.build.git import Tree
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
        (folder / "out/greet_1.0-1~c12.3.dsc").touch()
        (folder / "out/greet_1.0-1.dsc").touch()
        return 0

    monkeypatch.setattr(source, "offline", offline)
    return commands


def make(step: Step, tree: Tree, tmp_path: Path) -> source.Source:
    room = tmp_path / "room"
    room.mkdir()
    return source.make_source(step, tree, "trixie", room)


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


def test_no_settings_and_no_hooks_of_the_tree_are_used(
    step: Step, commit: Commit, checked_out: CheckOut, inside: list[list[str]], tmp_path: Path
) -> None:
    commit({**PACKAGE, "debian/gbp.conf": "[DEFAULT]\nbuilder = touch /tmp/pwned\n"})
    make(step, checked_out("tree"), tmp_path)
    (command,) = inside
    assert {"--git-no-hooks", "--git-cleaner=/bin/true", "--git-builder=dpkg-source --build ."} <= set(command)
    assert "'GBP_CONF_FILES': '/dev/null'" in command[-1]
