"""How rpmbuild and mock are called."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from pkgci_steps.build import rpm_chroot, rpm_mock
from pkgci_steps.layers import NAMESPACE, System
from pkgci_steps.programs import Programs
from pkgci_steps.settings import Target
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step

CHROOT = Target("rpm", "rpm", "trixie")
MOCK = Target("el9", "rpm", backend="mock", mock_root="centos-stream+epel-9-x86_64")


class Recorder(Programs):
    """Runs nothing; remembers what it was asked to run."""

    def __init__(self, status: int = 0) -> None:
        self._watch = None
        self.status = status
        self.commands: list[list[str]] = []
        self.environments: list[Any] = []

    def run(self, command: Sequence[str | Path], **more: Any) -> int:
        self.commands.append([str(word) for word in command])
        self.environments.append(more.get("environment"))
        return self.status if "must" not in more else 0

    def must(self, what: str, command: Sequence[str | Path], **more: Any) -> None:
        self.run(command, **more, must=True)

    def output(self, command: Sequence[str | Path], **more: Any) -> tuple[int, bytes]:
        self.run(command, **more)
        return self.status, b"said"

    def find(self, word: str) -> list[str]:
        return next(command for command in self.commands if word in command)


def recorded(step: Step, status: int = 0) -> tuple[Step, Recorder]:
    recorder = Recorder(status)
    return dataclasses.replace(step, programs=recorder), recorder


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the kept tree, and a layer on it, would be; seen from outside by its own name."""

    @contextmanager
    def layer(step: Step, holder: Path, below: Sequence[Path]) -> Iterator[System]:
        assert below == (tmp_path / "kept" / "root",)
        yield System(tmp_path / "root", ("nsenter", "--target", "1"), (tmp_path, *below))

    monkeypatch.setattr(rpm_chroot, "ensure", lambda *_: tmp_path / "rpm-build.tree")
    monkeypatch.setattr(rpm_chroot, "claimed", lambda _: nullcontext(tmp_path / "kept"))
    monkeypatch.setattr(rpm_chroot, "layer", layer)
    monkeypatch.setattr(System, "outside", property(lambda own: own.folder))
    (tmp_path / "root/out").mkdir(parents=True)
    return tmp_path / "root"


@pytest.fixture
def has_mock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")


def test_rpmbuild_runs_offline_as_nobody_who_cannot_become_more(step: Step, root: Path, tmp_path: Path) -> None:
    step, recorder = recorded(step)
    chroot = rpm_chroot.Chroot(step, CHROOT, tmp_path, 1_700_000_000, ExitStack())
    chroot.build(tmp_path / "files", "greet.spec", "build")
    command = recorder.find("rpmbuild")
    assert command[:4] == ["nsenter", "--target", "1", "unshare"]
    assert "--net" in command[: command.index("setpriv")]
    words = command[command.index("setpriv") :]
    assert words[:5] == ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "--no-new-privs"]
    assert words[words.index("rpmbuild") + 1 :][:2] == ["-ba", "--nodeps"]
    assert words[-1] == "/build/SPECS/greet.spec"
    assert recorder.environments[recorder.commands.index(command)]["SOURCE_DATE_EPOCH"] == "1700000000"


def test_the_spec_is_expanded_inside_too(step: Step, root: Path, tmp_path: Path) -> None:
    step, recorder = recorded(step)
    chroot = rpm_chroot.Chroot(step, CHROOT, tmp_path, 0, ExitStack())
    assert chroot.expand(tmp_path / "files", "greet.spec") == ("said", "said")
    asked = [command for command in recorder.commands if "rpmspec" in command]
    assert len(asked) == 2
    for command in asked:
        assert command[:4] == ["nsenter", "--target", "1", "unshare"]
        assert "--net" in command[: command.index("setpriv")]


def test_the_result_says_what_a_chroot_of_debian_did_not_prove(step: Step, root: Path, tmp_path: Path) -> None:
    note = rpm_chroot.Chroot(step, CHROOT, tmp_path, 0, ExitStack()).note
    assert "a chroot made of Debian trixie" in note
    assert "that BuildRequires are complete was not proven" in note


def test_only_plain_files_are_taken_from_a_chroot(step: Step, root: Path, tmp_path: Path) -> None:
    step, _ = recorded(step)
    chroot = rpm_chroot.Chroot(step, CHROOT, tmp_path, 0, ExitStack())
    out = root / "out"
    (out / "a.rpm").touch()
    (out / "b.rpm").symlink_to("/etc/passwd")
    assert chroot.build(tmp_path / "files", "greet.spec", "build") == [out / "a.rpm"]


def test_where_there_is_no_mock_somebody_is_told_what_to_do(
    step: Step, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(Ended, match=r"el9 is built by mock, which this host does not have.*backend: chroot") as raised:
        rpm_mock.Mock(step, MOCK, tmp_path, 0, ExitStack())
    assert raised.value.status is Status.INFRASTRUCTURE


def test_mock_builds_the_source_package_and_then_that(step: Step, tmp_path: Path, has_mock: None) -> None:
    step, recorder = recorded(step)
    mock = rpm_mock.Mock(step, MOCK, tmp_path, 1_700_000_000, ExitStack())
    (tmp_path / "build-source").mkdir()
    (tmp_path / "build-source" / "greet-1.0-1.src.rpm").touch()
    mock.build(tmp_path / "files", "greet.spec", "build")
    first, second, last = recorder.commands
    common = ["mock", f"--root={tmp_path}/mock.cfg", "--isolation=simple"]
    assert first[:3] == second[:3] == last[:3] == common
    assert first[3] == second[3] == f"--uniqueext={''.join(filter(str.isalnum, tmp_path.parent.name))}"
    assert first[4:] == [
        *(f"--resultdir={tmp_path}/build-source", "--buildsrpm", "--spec", f"{tmp_path}/files/SPECS/greet.spec"),
        *("--sources", f"{tmp_path}/files/SOURCES"),
    ]
    source = f"{tmp_path}/build-source/greet-1.0-1.src.rpm"
    assert second[4:] == [f"--resultdir={tmp_path}/build", "--rebuild", source]
    assert last[4:] == ["--scrub=chroot"]


def test_the_hosts_own_rpmlint_reads_packages_as_nobody_in_a_bare_system(
    step: Step, tmp_path: Path, has_mock: None
) -> None:
    step, recorder = recorded(step)
    (tmp_path / "build").mkdir()
    (tmp_path / "build/greet.rpm").touch()
    assert rpm_mock.Mock(step, MOCK, tmp_path, 0, ExitStack()).lint("build") == "said"
    command = recorder.find("rpmlint")
    assert command[: len(NAMESPACE)] == [*NAMESPACE]
    assert {"--net", "--mount", "--reuid=1000", "--no-new-privs"} <= set(command[: command.index("rpmlint")])
    assert command[-1] == f"{tmp_path}/build/greet.rpm"


def test_mock_has_the_sources_in_its_chroot_when_rpm_reads_the_spec(step: Step, tmp_path: Path, has_mock: None) -> None:
    step, recorder = recorded(step)
    sources = tmp_path / "files/SOURCES"
    sources.mkdir(parents=True)
    (sources / "macros.inc").touch()
    rpm_mock.Mock(step, MOCK, tmp_path, 0, ExitStack()).expand(tmp_path / "files", "greet.spec")
    brought = [command[command.index("--copyin") + 1 :] for command in recorder.commands if "--copyin" in command]
    assert brought == [
        [f"{tmp_path}/files/SPECS/greet.spec", "/builddir/build/SPECS/greet.spec"],
        [f"{sources}/macros.inc", "/builddir/build/SOURCES"],
    ]


def test_mocks_settings_are_the_roots_with_a_fixed_time_and_no_network(
    step: Step, tmp_path: Path, has_mock: None
) -> None:
    rpm_mock.Mock(step, MOCK, tmp_path, 1_700_000_000, ExitStack())
    settings = (tmp_path / "mock.cfg").read_text()
    assert "include('/etc/mock/centos-stream+epel-9-x86_64.cfg')" in settings
    assert "config_opts['environment']['SOURCE_DATE_EPOCH'] = '1700000000'" in settings
    assert "config_opts['rpmbuild_networking'] = False" in settings


@pytest.mark.parametrize(
    ("status", "meaning", "why"),
    [
        (10, Status.FAILED, "the build failed"),
        (30, Status.FAILED, "build dependencies cannot be installed"),
        (20, Status.INFRASTRUCTURE, "mock ended with status 20"),
        (60, Status.INFRASTRUCTURE, "mock ended with status 60"),
    ],
)
def test_mocks_exit_status_says_whose_fault_it_is(
    step: Step, tmp_path: Path, has_mock: None, status: int, meaning: Status, why: str
) -> None:
    step, _ = recorded(step, status)
    with pytest.raises(Ended, match=why) as raised:
        rpm_mock.Mock(step, MOCK, tmp_path, 0, ExitStack()).build(tmp_path / "files", "greet.spec", "build")
    assert raised.value.status is meaning


def test_the_suffix_of_a_target_is_its_dist(step: Step, root: Path, tmp_path: Path, has_mock: None) -> None:
    step, recorder = recorded(step)
    target = dataclasses.replace(CHROOT, version_suffix=".deb13.lab")
    chroot = rpm_chroot.Chroot(step, target, tmp_path, 0, ExitStack())
    chroot.expand(tmp_path / "files", "greet.spec")
    chroot.build(tmp_path / "files", "greet.spec", "build")
    asked = [words for words in recorder.commands if {"rpmspec", "rpmbuild"} & set(words)]
    assert len(asked) == 3
    for command in asked:
        assert command[command.index("dist .deb13.lab") - 1] == "--define"
    rpm_mock.Mock(step, dataclasses.replace(MOCK, version_suffix=".el9.lab"), tmp_path, 0, ExitStack())
    assert "config_opts['macros']['%dist'] = '.el9.lab'\n" in (tmp_path / "mock.cfg").read_text()


def test_without_a_suffix_a_root_has_its_own_dist(step: Step, root: Path, tmp_path: Path, has_mock: None) -> None:
    step, recorder = recorded(step)
    rpm_chroot.Chroot(step, CHROOT, tmp_path, 0, ExitStack()).expand(tmp_path / "files", "greet.spec")
    assert recorder.find("rpmspec")
    assert not any("dist " in word for command in recorder.commands for word in command)
    rpm_mock.Mock(step, MOCK, tmp_path, 0, ExitStack())
    assert "%dist" not in (tmp_path / "mock.cfg").read_text()
