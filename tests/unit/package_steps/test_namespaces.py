"""The words that lead into a bare system."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import pytest
from pkgci_steps import namespaces
from pkgci_steps.job import own_steps
from pkgci_steps.job.task import Task
from pkgci_steps.layers import NAMESPACE
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step

HIDES = ("--mount", "--pid", "--ipc", "--uts", "--net")


@pytest.mark.parametrize("inside", [namespaces.INSIDE, NAMESPACE])
def test_who_works_in_a_bare_system_has_namespaces_of_every_kind_and_is_nobody(
    inside: tuple[str, ...], tmp_path: Path
) -> None:
    words = [str(word) for word in namespaces.bare(tmp_path, inside)]
    assert words[: len(inside)] == [*inside]
    assert set(HIDES) <= set(words)
    assert words[-5:] == ["--reuid=1000", "--regid=1000", "--clear-groups", "--no-new-privs", "--"]


def test_all_of_a_works_folder_is_there_and_nothing_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(namespaces, "WORK", tmp_path)
    place = tmp_path / ".work-1/room/upstream"
    assert tmp_path / ".work-1" in namespaces.bare(place)
    assert Path("/elsewhere/desk") in namespaces.bare(Path("/elsewhere/desk"))


@pytest.mark.parametrize("begins", [True, False])
def test_own_steps_run_there_and_are_to_blame_only_once_they_have_begun(
    step: Step, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begins: bool
) -> None:
    (tmp_path / "tree/ci").mkdir(parents=True)
    (tmp_path / "tree/ci/build").touch(0o755)
    ran: list[list[str]] = []

    def run(command: Sequence[str | Path], *, folder: Path, **_: object) -> int:
        ran.append([str(word) for word in command])
        if begins:
            (folder.parent / "begun").write_text("\n")
        return 125

    monkeypatch.setattr(own_steps, "WORK", tmp_path)
    monkeypatch.setattr(own_steps, "limited", lambda *_: nullcontext())
    monkeypatch.setattr(step.programs, "run", run)
    monkeypatch.setattr(step.programs, "must", lambda _, words: Path(words[3]).touch())
    task = Task("build", tmp_path, {})
    if begins:
        assert own_steps.run_the_change(step, task, tmp_path / "tree").status is Status.FAILED
    else:
        with pytest.raises(Ended, match="no place can be made for ci/build") as ended:
            own_steps.run_the_change(step, task, tmp_path / "tree")
        assert ended.value.status is Status.INFRASTRUCTURE
    (words,) = ran
    assert words[: len(NAMESPACE)] == [*NAMESPACE]
    assert {*HIDES, "--reuid=1000", "--no-new-privs"} <= set(words)
