"""Layers on trees, where the kernel mounts them and where it does not."""

from __future__ import annotations

import dataclasses
import subprocess
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


def _has_namespaces() -> bool:
    return subprocess.run([*OWN, "true"], check=False, capture_output=True).returncode == 0


# Of this account's id alone.
OWN = ("unshare", "--map-root-user", "--mount")


@pytest.mark.skipif(not _has_namespaces(), reason="there are no user namespaces here")
def test_nobody_who_works_with_a_layer_writes_to_the_tree_below_or_to_the_layer_below(tmp_path: Path) -> None:
    tree, work = tmp_path / "tree", tmp_path / "work"
    for folder in (tree, work / "1", work / "2"):
        folder.mkdir(parents=True)
    (tree / "file").write_text("of the tree")
    with _held(OWN, work / "1", tree) as first:
        inside = ("nsenter", "--target", str(first), "--user", "--mount")
        assert _wrote(inside, work / "1/root/file") and not _wrote(inside, tree / "file")
        with _held((*inside, "unshare", "--mount"), work / "2", work / "1/upper", tree) as second:
            inside = ("nsenter", "--target", str(second), "--user", "--mount")
            assert _wrote(inside, work / "2/root/new")
            assert not _wrote(inside, work / "1/upper/file") and not _wrote(inside, tree / "file")
    assert (tree / "file").read_text() == "of the tree"
    assert (work / "1/upper/file").read_text() == "x"


@contextmanager
def _held(namespace: Sequence[str], *folders: Path) -> Iterator[int]:
    """The process of the program that holds a layer."""
    command = [*namespace, "/usr/bin/python3", "-I", hold.__file__, *map(str, folders)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        said = process.stdout.readline().strip() if process.stdout else ""
        if said != hold.MOUNTED:
            process.kill()
            pytest.skip(f"no overlay can be mounted here: {said}")
        yield process.pid
        process.communicate("")


def _wrote(inside: Sequence[str], file: Path) -> bool:
    return subprocess.run([*inside, "sh", "-c", f"printf x >{file}"], check=False, capture_output=True).returncode == 0
