"""How an RPM package comes about, whichever backend builds it."""

from __future__ import annotations

import tarfile
from contextlib import ExitStack
from pathlib import Path

import pytest
from pkgci_steps.build import reproducible, rpm, rpm_spec
from pkgci_steps.settings import Target
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step

from tests.unit.package_steps.build.conftest import Commit, told

TARGET = Target("rpm", "rpm", "trixie")
SPEC = "Name: greet\nVersion: 1.0\nRelease: 1\nSource0: greet-1.0.tar.gz\nPatch1: fix.patch\n"
TREE = {"packaging/greet.spec": SPEC, "packaging/fix.patch": "a patch\n", "hello.c": "int main;\n", "debian/rules": "x"}
PACKAGES = ("greet-1.0-1.src.rpm", "greet-1.0-1.x86_64.rpm")


class Backend:
    """Expands a spec by not expanding it, and builds packages whose content is the spec."""

    name, note = "pretended", "nothing was built"
    packages: tuple[str, ...] = PACKAGES
    files: Path

    def __init__(self, step: Step, target: Target, folder: Path, time: int, until: ExitStack) -> None:
        self.folder = folder

    def expand(self, files: Path, spec: str) -> tuple[str, str]:
        text = (files / "SPECS" / spec).read_text().removesuffix(rpm_spec.LISTING)
        words = dict(line.split(": ") for line in text.splitlines())
        given = {kind: value for kind, value in words.items() if kind.startswith(("Source", "Patch"))}
        listed = "".join(f"pkgci-listed:{kind.upper()} {value}\n" for kind, value in given.items())
        return f"pkgci:{words['Name']} {words['Version']} {words['Release']}\n", listed

    def build(self, files: Path, spec: str, name: str) -> list[Path]:
        Backend.files = files
        built = []
        for package in self.packages:
            built.append(self.folder / package)
            built[-1].write_text((files / "SPECS" / spec).read_text())
        with tarfile.open(files / "SOURCES/greet-1.0.tar.gz") as archive:
            names = archive.getnames()
        assert "greet-1.0/hello.c" in names
        assert "greet-1.0/debian/rules" in names
        assert (files / "SOURCES/fix.patch").read_text() == "a patch\n"
        return built

    def lint(self, name: str) -> str:
        return "greet.x86_64: W: no-documentation\n"


@pytest.fixture(autouse=True)
def pretended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(rpm._BACKENDS, "chroot", Backend)
    monkeypatch.setattr(rpm, "WORK", tmp_path)
    monkeypatch.setattr(reproducible, "BUILDS", tmp_path)
    monkeypatch.setattr(Backend, "packages", PACKAGES)


def test_a_change_is_built_with_a_release_that_sorts_before_its_own(step: Step, commit: Commit) -> None:
    commit(TREE)
    assert rpm.build_rpm(step, TARGET) == "built greet 1.0-1~c12.3 for rpm, by backend pretended"
    assert step.details["version"] == "1.0-1~c12.3"
    assert "Release: 1~c12.3\n" in (step.inputs.results / PACKAGES[1]).read_text()


def test_what_a_spec_includes_is_beside_its_sources_when_rpm_reads_it(
    step: Step, commit: Commit, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    expand = Backend.expand

    def expanded(self: Backend, files: Path, spec: str) -> tuple[str, str]:
        seen.extend(sorted(path.name for path in (files / "SOURCES").iterdir()))
        return expand(self, files, spec)

    monkeypatch.setattr(Backend, "expand", expanded)
    commit({**TREE, "packaging/macros.inc": "%global x 1\n", "packaging/link": "-> /etc/passwd"})
    rpm.build_rpm(step, TARGET)
    assert seen == ["fix.patch", "greet.spec", "macros.inc"]


def test_a_release_that_cannot_be_marked_is_refused_before_the_gate(
    step: Step, commit: Commit, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(TREE)
    monkeypatch.setattr(Backend, "expand", lambda *_: ("pkgci:greet 1.0 7\n", ""))
    with pytest.raises(Ended, match=r"the release is 7, and not of a line 'Release: …' .* its mark ~c12\.3") as raised:
        rpm.build_rpm(step, TARGET)
    assert raised.value.status is Status.FAILED


def test_the_gate_builds_the_release_itself(step: Step, commit: Commit) -> None:
    commit(TREE)
    step = told(step, pipeline="gate")
    rpm.build_rpm(step, TARGET)
    assert (step.inputs.results / PACKAGES[1]).read_text() == SPEC


def test_the_result_names_the_backend_the_givenand_the_findings(step: Step, commit: Commit) -> None:
    identity = commit(TREE)
    rpm.build_rpm(step, TARGET)
    assert (step.details["backend"], step.details["backend_note"]) == ("pretended", "nothing was built")
    assert step.details["commit"] == identity
    assert [file["name"] for file in step.details["files"]] == list(PACKAGES)
    assert step.details["rpmlint"]["warnings"] == 1


def test_a_periodic_build_is_done_twice_and_compared(step: Step, commit: Commit) -> None:
    commit(TREE)
    step = told(step, pipeline="periodic")
    rpm.build_rpm(step, TARGET)
    assert step.details["reproducible"]["same"] is True


def test_nothing_of_a_build_stays_but_its_results(step: Step, commit: Commit, tmp_path: Path) -> None:
    commit(TREE)
    rpm.build_rpm(step, TARGET)
    assert not Backend.files.exists()
    assert sorted(path.name for path in step.inputs.results.iterdir()) == list(PACKAGES)


def test_a_source_that_the_tree_does_not_have_is_named(step: Step, commit: Commit) -> None:
    commit({name: text for name, text in TREE.items() if not name.endswith(".patch")})
    with pytest.raises(Ended, match=r"packaging/greet\.spec names fix\.patch, which is not beside it") as raised:
        rpm.build_rpm(step, TARGET)
    assert raised.value.status is Status.FAILED


def test_a_link_in_the_place_of_a_source_is_not_followed(step: Step, commit: Commit) -> None:
    commit({**TREE, "packaging/fix.patch": "-> /etc/passwd"})
    with pytest.raises(Ended, match=r"names fix\.patch, which is not beside it"):
        rpm.build_rpm(step, TARGET)


def test_a_tarball_of_an_unknown_kind_is_refused(step: Step, commit: Commit) -> None:
    commit({**TREE, "packaging/greet.spec": SPEC.replace(".tar.gz", ".zip")})
    with pytest.raises(Ended, match=r"Source0 is greet-1\.0\.zip, and the tree is packed as \.tar\.gz or \.tar\.xz"):
        rpm.build_rpm(step, TARGET)


@pytest.mark.parametrize("packages", [(), PACKAGES[:1], PACKAGES[1:]])
def test_a_build_without_a_source_package_or_without_another_failed(
    step: Step, commit: Commit, monkeypatch: pytest.MonkeyPatch, packages: tuple[str, ...]
) -> None:
    monkeypatch.setattr(Backend, "packages", packages)
    commit(TREE)
    with pytest.raises(Ended, match="the build made no packages"):
        rpm.build_rpm(step, TARGET)


def test_a_package_with_a_name_that_is_more_than_a_name_is_refused(
    step: Step, commit: Commit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Backend, "packages", (*PACKAGES, "$(id).rpm"))
    commit(TREE)
    with pytest.raises(Ended, match="a package's name is not acceptable"):
        rpm.build_rpm(step, TARGET)
