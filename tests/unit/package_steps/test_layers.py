"""Layers on trees, where the kernel mounts them and where it does not."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from pkgci_steps import hold, layers
from pkgci_steps.layers import ROOT, claimed, layer
from pkgci_steps.programs import Programs
from pkgci_steps.status import Ended
from pkgci_steps.step import Step
from pkgci_steps.tidy import held_alone


class Here(Programs):
    """Runs what would run in a user namespace without one: there may be none where the tests run."""

    def __init__(self, of: Step) -> None:
        super().__init__(of.log, of.stop, of.scratch)
        self.commands: list[list[str]] = []

    def must(self, what: str, command: Sequence[str | Path], **_: object) -> None:
        words = [str(word) for word in command]
        self.commands.append(words)
        if "chown" not in words:
            super().must(what, words[words.index("cp") :])


@pytest.fixture
def here(step: Step, monkeypatch: pytest.MonkeyPatch) -> Step:
    # The words before the program: a shell that leaves --mount out, and Python.
    monkeypatch.setattr(layers, "NAMESPACE", ("sh", "-c", 'shift 2; exec "$0" "$@"', sys.executable))
    return dataclasses.replace(step, programs=Here(step))


@contextmanager
def saying(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, word: str) -> Iterator[None]:
    program = tmp_path / "hold.py"
    program.write_text(
        "import sys, pathlib\n"
        "(pathlib.Path(sys.argv[1]) / 'root').mkdir()\n"
        f"print({word!r}, flush=True)\nsys.stdin.read()\n"
    )
    monkeypatch.setattr(layers.hold, "__file__", str(program))
    yield


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tree" / ROOT).mkdir(parents=True)
    (tmp_path / "tree" / ROOT / "file").write_text("of the tree")
    (tmp_path / "work").mkdir()
    return tmp_path / "tree" / ROOT


def test_a_layer_lies_on_what_it_was_told_to_and_the_next_one_on_it(
    here: Step, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        saying(monkeypatch, tmp_path, hold.MOUNTED),
        layer(here, tmp_path / "work", (tree,)) as first,
        layer(here, tmp_path / "work", first.layers) as second,
    ):
        assert first.layers == (first.folder.parent / "upper", tree)
        assert second.layers == (second.folder.parent / "upper", *first.layers)
        assert first.inside[:2] == ("nsenter", "--target")
        assert str(first.outside) == f"/proc/{first.inside[2]}/root{first.folder}"
    assert "roots" not in here.details


def test_where_the_kernel_mounts_none_the_tree_is_copied_and_the_log_says_so_once(
    here: Step, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    with (
        saying(monkeypatch, tmp_path, f"{hold.REFUSED} Invalid argument"),
        layer(here, tmp_path / "work", (tree,)) as first,
    ):
        (first.folder / "file").write_text("another")
        with layer(here, tmp_path / "work", first.layers) as second:
            assert (second.folder / "file").read_text() == "another"
    assert (tree / "file").read_text() == "of the tree"
    assert capfdbinary.readouterr().out.count(b"no overlay can be mounted here (Invalid argument)") == 1


def test_where_there_are_no_user_namespaces_somebody_is_told(
    here: Step, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layers, "NAMESPACE", ("sh", "-c", "echo unshare failed: Operation not permitted"))
    with (
        pytest.raises(Ended, match="user namespace: unshare failed: Operation not permitted"),
        layer(here, tmp_path / "work", (tree,)),
    ):
        pass


def test_a_tree_in_use_is_not_to_be_had_alone(tree: Path, tmp_path: Path) -> None:
    link = tmp_path / "trixie-test.tree"
    link.symlink_to(tree.parent)
    with claimed(link) as folder, held_alone(folder) as alone:
        assert not alone
    with held_alone(tree.parent) as alone:
        assert alone


def test_overlayfs_is_told_which_layer_is_the_uppermost() -> None:
    told = hold.options(Path("/w"), ["/upper", "/tree"])
    assert told == "userxattr,lowerdir=/upper:/tree,upperdir=/w/upper,workdir=/w/work"
