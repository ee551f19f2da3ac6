"""What builds keep is what the publisher publishes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pkgci_steps import publishable, review
from pkgci_steps.build import deb
from pkgci_steps.build.changelog import Release
from pkgci_steps.build.source import Source
from pkgci_steps.install import main as install
from pkgci_steps.report import described
from pkgci_steps.repotest import main as repotest
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step

from .repository.real import Package, RealWorld, needs_tools

GREET = "greet_1.0-1_amd64"


def build(folder: Path, *listed: str, built: tuple[str, ...] = (f"{GREET}.deb",)) -> list[str]:
    """The names of what is kept of a build whose .changes lists ``listed``, and that left the files ``built``."""
    out, sources = folder / "out", folder / "source"
    for place in (out, sources):
        place.mkdir()
    parts = ("greet_1.0.orig.tar.gz", "greet_1.0.orig.tar.gz.asc", "greet_1.0-1.diff.gz")
    for name in parts:
        (sources / name).touch()
    dsc = sources / "greet_1.0-1.dsc"
    dsc.write_text("Checksums-Sha256:\n" + "".join(f" {'0' * 64} 10 {name}\n" for name in parts))
    (sources / "greet-1.0").mkdir()
    for name in (*built, f"{GREET}.build"):
        (out / name).touch()
    lines = "".join(f" {'0' * 64} 10 {name}\n" for name in (*built, *listed))
    (out / f"{GREET}.changes").write_text(f"Source: greet\nChecksums-Sha256:\n{lines}Files:\n")
    return [file.name for file in deb._files(Source(Release("greet", "1.0-1"), dsc), out)]


def test_a_build_keeps_packages_of_every_kind_and_all_of_its_source(tmp_path: Path) -> None:
    packages = (f"{GREET}.deb", f"greet-udeb{GREET[5:]}.udeb", f"greet-dbgsym{GREET[5:]}.ddeb", f"{GREET}.buildinfo")
    kept = build(tmp_path, "greet_1.0-1.dsc", built=packages)
    assert {*packages, f"{GREET}.changes"} <= set(kept)
    assert {"greet_1.0-1.dsc", "greet_1.0-1.diff.gz", "greet_1.0.orig.tar.gz", "greet_1.0.orig.tar.gz.asc"} <= set(kept)
    assert f"{GREET}.build" not in kept


@pytest.mark.parametrize("name", ["greet-images.tar.gz", "greet.efi", "../../etc/passwd", "greet.translations"])
def test_a_build_that_wants_something_else_published_is_refused_and_told_why(tmp_path: Path, name: str) -> None:
    with pytest.raises(Ended, match=r"is in the \.changes file, and cannot be published.*dpkg-distaddfile") as ended:
        build(tmp_path, name)
    assert ended.value.status is Status.FAILED
    assert name in ended.value.reason


@needs_tools
@pytest.mark.parametrize(
    ("package", "words"),
    [
        (Package("greet"), ""),
        (Package("greet-udeb", suffix=".udeb"), ""),
        (
            Package("greet", fields="SHA256: 0\n"),
            "greet_1.0-1~c12.3_amd64.deb: it has the field sha256, which belongs to",
        ),
        (Package("greet", "mips"), "its architecture is not acceptable: 'mips'"),
    ],
)
def test_a_build_looks_into_its_packages_as_the_publisher_will(
    step: Step, tmp_path: Path, package: Package, words: str
) -> None:
    world = RealWorld(tmp_path / "world")
    made = world.build_of(step.inputs, "greet", "1.0-1~c12.3", [package])
    for file in made.glob("greet*"):
        shutil.copy(file, step.inputs.results)
    step.details["files"] = described(step.inputs.results.iterdir())
    if not words:
        deb.check(step)
        return
    with pytest.raises(Ended, match=f"this build cannot be published: .*{words}") as ended:
        deb.check(step)
    assert ended.value.status is Status.FAILED


def test_a_build_with_a_name_that_is_no_plain_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Ended, match="cannot be published: the name of a package's file is not acceptable"):
        build(tmp_path, built=("greet $(id).deb",))


def test_a_build_with_more_files_than_can_be_published_is_refused() -> None:
    names = [f"greet{number}.deb" for number in range(publishable.FILE_LIMIT + 1)]
    assert publishable.refusal(names[1:], "") == ""
    assert publishable.refusal(names, "") == "it has 501 files, and 500 can be published at once"


@pytest.mark.parametrize(
    ("package", "file", "expected"),
    [
        ("greet-dbgsym", "greet-dbgsym_1_amd64.deb", True),
        ("greet-dbg", "greet-dbg_1_amd64.ddeb", True),
        ("greet", "greet_1_amd64.deb", False),
        ("greet-debuginfo", "greet-debuginfo-1-1.x86_64.rpm", True),
        ("greet-debugsource", "greet-debugsource-1-1.x86_64.rpm", True),
        ("greet-dbgsym", "greet-dbgsym-1-1.x86_64.rpm", False),
        ("greet-debuginfo", "greet-debuginfo_1_amd64.deb", False),
    ],
)
def test_packages_of_debugging_symbols_are_known_by_their_names(package: str, file: str, expected: bool) -> None:
    assert publishable.is_debugging(package, file) is expected


@pytest.mark.parametrize("program", [install.perform, repotest.perform])
def test_a_source_that_makes_packages_for_an_installer_only_has_nothing_to_install(
    step: Step, monkeypatch: pytest.MonkeyPatch, program: Callable[[Step], str]
) -> None:
    udeb = review.File("greet-udeb_1_amd64.udeb", 1, "a" * 64, "greet-udeb", "1", "amd64", "greet")
    build = review.Build("packaging/greet", "trixie", "by-hand", (udeb,))
    monkeypatch.setattr(review, "published", lambda *_: build)
    assert program(step) == "it has no package for a running system: there is nothing to test"
