"""Packages whose upstream is a project of its own, by the packaging tools themselves where they are here."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from dataclasses import replace
from itertools import pairwise
from pathlib import Path, PurePosixPath

import pytest
from pkgci_steps.build import changelog, origins, sbuild, source
from pkgci_steps.build.git import Tree, check_out, check_out_upstream
from pkgci_steps.build.origins import Wanted
from pkgci_steps.build.upstream import metadata
from pkgci_steps.build.upstream.derive import derived_deb, derived_rpm
from pkgci_steps.build.upstream.version import Version
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step

from pkgci.assets import asset

from .conftest import CHANGELOG, PACKAGE, TARGET, told
from .upstream import FILES, Repository, with_upstream

SPEC = "Name: greet\nVersion: XXX\nRelease: XXX\nSource0: greet-%{upstream_version}.tar.gz\n%description\n"
DEBIAN = {**{name: text for name, text in PACKAGE.items() if "/" in name}, ".gitreview": "[gerrit]\n"}
DEBIAN["debian/control"] = (
    "Source: greet\nMaintainer: Ann <ann@example.org>\n\nPackage: greet\nArchitecture: all\nDescription: greets\n"
)
VERSION = Version((1, 0), commits=2)
EXAMPLES = asset("examples") / "packages"


@pytest.fixture
def upstream(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "upstream")
    made.commit("x", FILES)
    made.git("tag", "2.0.0")
    made.commit("y", {"greet/__init__.py": "more\n"})
    return made


@pytest.fixture
def packaging(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "source")
    made.commit("x", DEBIAN)
    return made


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of a namespace: what would run there runs here."""

    def offline(step: Step, command: list[str], folder: Path, *, environment: dict[str, str]) -> int:
        return subprocess.run(command, cwd=folder, env={**os.environ, **environment}).returncode

    monkeypatch.setattr(source, "offline", offline)


def make(step: Step, tmp_path: Path, name: str = "one") -> source.Source:
    folder = tmp_path / name
    (folder / "room").mkdir(parents=True)
    tree = derived_deb(step, check_out(step, folder / "tree"), "trixie")
    return source.make_source(step, tree, TARGET, folder / "room")


needs_dpkg = pytest.mark.skipif(not shutil.which("dpkg-source") or not shutil.which("gbp"), reason="needs gbp")


@needs_dpkg
def test_a_source_package_is_made_of_upstreams_commit_and_the_packagings_debian(
    step: Step, upstream: Repository, packaging: Repository, here: None, tmp_path: Path
) -> None:
    made = make(with_upstream(step, pipeline="gate"), tmp_path)
    short = upstream.git("rev-parse", "--short=7", "HEAD")
    assert made.release == changelog.Release("greet", f"2.0.0+git1-0.1.g{short}", ("trixie",))
    unpacked = tmp_path / "unpacked"
    subprocess.run(["dpkg-source", "-x", made.dsc, unpacked], check=True, capture_output=True)
    assert (unpacked / "greet/__init__.py").read_text() == "more\n"
    assert (unpacked / "debian/rules").read_text() == PACKAGE["debian/rules"], "not upstream's own"
    assert not (unpacked / ".gitreview").exists(), "of the packaging there is debian/ only"
    words = (unpacked / "debian/changelog").read_text()
    assert words.startswith(f"greet (2.0.0+git1-0.1.g{short}) trixie; urgency=medium\n\n  * Upstream's commit ")
    assert words.endswith(CHANGELOG)
    parsed = subprocess.run(["dpkg-parsechangelog", "--all", "-l", unpacked / "debian/changelog"], capture_output=True)
    assert (parsed.returncode, parsed.stderr) == (0, b"")


@pytest.mark.skipif(shutil.which("dpkg") is None, reason="needs dpkg")
def test_each_merged_change_of_either_project_sorts_after_the_one_before(
    step: Step, upstream: Repository, packaging: Repository, tmp_path: Path
) -> None:
    def version(name: str) -> str:
        tree = derived_deb(with_upstream(step), check_out(step, tmp_path / name), "trixie")
        return changelog.latest((tree.folder / "debian/changelog").read_text()).version

    released = [version("first")]
    for number, grow in enumerate((packaging.commit, upstream.commit, upstream.commit, packaging.commit)):
        grow()
        released.append(version(f"next-{number}"))
    upstream.git("tag", "2.0.1a1")
    released.append(version("tagged"))
    for one, other in pairwise(released):
        assert subprocess.run(["dpkg", "--compare-versions", one, "lt", other]).returncode == 0, (one, other)


@needs_dpkg
def test_a_change_of_the_packaging_alone_keeps_upstreams_tarball_byte_by_byte(
    step: Step, upstream: Repository, packaging: Repository, here: None, tmp_path: Path
) -> None:
    step = with_upstream(step, pipeline="gate")
    one = make(step, tmp_path, "one").dsc.parent / "greet_2.0.0+git1.orig.tar.xz"
    packaging.date = "1800000000 +0000"
    packaging.commit()
    other = make(step, tmp_path, "other").dsc.parent / one.name
    assert one.read_bytes() == other.read_bytes()


def test_an_epoch_stays_and_the_entry_is_signed_as_the_one_below(
    step: Step, upstream: Repository, packaging: Repository, tmp_path: Path
) -> None:
    text = CHANGELOG.replace("(1.0-1)", "(2:1.0-1)").replace("Ann", "J\udcfcrgen")
    (packaging.folder / "debian/changelog").write_bytes(text.encode(errors="surrogateescape"))
    packaging.git("commit", "-q", "-a", "-m", "x")
    tree = derived_deb(with_upstream(step), check_out(step, tmp_path / "tree"), "trixie")
    written = (tree.folder / "debian/changelog").read_bytes().decode(errors="surrogateescape")
    assert written.startswith("greet (2:2.0.0+git1-0.2.g")
    assert written.count(" -- J\udcfcrgen <ann@example.org>  ") == 2
    assert written.endswith(text)


def test_a_native_package_has_no_upstream_project(
    step: Step, upstream: Repository, packaging: Repository, tmp_path: Path
) -> None:
    packaging.commit("x", {"debian/source/format": "3.0 (native)\n"})
    with pytest.raises(Ended, match="has no upstream") as raised:
        derived_deb(with_upstream(step), check_out(step, tmp_path / "tree"), "trixie")
    assert raised.value.status is Status.FAILED


def test_a_project_without_an_upstream_project_is_built_as_it_is(
    step: Step, packaging: Repository, tmp_path: Path
) -> None:
    tree = check_out(step, tmp_path / "tree")
    assert derived_deb(step, tree, "trixie") is tree
    assert derived_rpm(step, tree) is tree


def test_a_spec_is_told_the_version_and_the_build_the_time_of_the_later_commit(
    step: Step, upstream: Repository, packaging: Repository, tmp_path: Path
) -> None:
    packaging.commit("x", {"greet.spec": SPEC})
    upstream.date = "1800000000 +0000"
    upstream.commit()
    tree = derived_rpm(with_upstream(step, "el9"), check_out(step, tmp_path / "tree"))
    assert "%global upstream_version 2.0.1.dev2\n" in (tree.folder / "greet.spec").read_text()
    assert "Version: 2.0.0^git2\nRelease: 0.2.g" in (tree.folder / "greet.spec").read_text()
    assert tree.time == 1_800_000_000


@needs_dpkg
def test_the_examples_packaging_is_one_of_its_upstreams_commit(step: Step, here: None, tmp_path: Path) -> None:
    for name, folder in (("hostnote", "upstream"), ("hostnote-packaging", "source")):
        shutil.copytree(EXAMPLES / name, tmp_path / folder)
        Repository(tmp_path / folder).git("add", "--all")
        Repository(tmp_path / folder).commit()
    step = with_upstream(step, pipeline="gate")
    made = make(step, tmp_path)
    assert made.release.version.startswith("0+git1-0.1.g")
    with tarfile.open(made.dsc.parent / "hostnote_0+git1.orig.tar.xz") as archive:
        assert "hostnote-0+git1/Makefile" in archive.getnames()
    tree = derived_rpm(step, check_out(step, tmp_path / "rpm"))
    assert "Version:        0^git1\n" in (tree.folder / "hostnote.spec").read_text()


def test_a_debs_build_is_told_the_version_as_python_writes_it(
    step: Step, upstream: Repository, packaging: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream.git("tag", "3.0.0.0rc1")
    upstream.commit()
    monkeypatch.setattr(step.programs, "run", lambda *words, **more: 0)
    for asked, line in ((with_upstream(step), "'PBR_VERSION' => '3.0.0rc2.dev1', "), (step, "{}")):
        folder = tmp_path / line[1:4]
        sbuild.build(asked, tmp_path / "greet.dsc", "trixie", tmp_path / "chroot", (), folder)
        assert line in (folder / "first/sbuild.conf").read_text()


def wanted(*missing: str, tarball: str = "greet-2.0.1.dev1.tar.gz") -> Wanted:
    return Wanted("rpm", "greet", "2.0.0^git1", tarball, "greet-2.0.1.dev1", PurePosixPath("greet.spec"), missing)


def test_an_rpms_tarball_is_that_of_the_commit_with_what_a_python_release_has(
    step: Step, upstream: Repository, packaging: Repository, tmp_path: Path
) -> None:
    step = with_upstream(step, "el9")
    made = origins.upstream(step, check_out(step, tmp_path / "tree"), wanted("greet-2.0.1.dev1.tar.gz"), tmp_path / "r")
    with tarfile.open(made.files[0]) as archive:
        names = archive.getnames()
        pkg_info = archive.extractfile("greet-2.0.1.dev1/PKG-INFO")
        assert pkg_info is not None
        assert pkg_info.read().decode().splitlines()[1:] == ["Name: python-greet", "Version: 2.0.1.dev1"]
    assert "greet-2.0.1.dev1/debian/rules" in names
    assert "greet-2.0.1.dev1/python_greet.egg-info/SOURCES.txt" in names
    assert step.details["origin"]["kind"] == "project"
    assert made.note.startswith("packed of openstack/greet: upstream's commit ")


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (wanted("greet-2.0.1.dev1.tar.gz", "greet-2.0.1.dev1.tar.gz.asc"), "has no signature of upstream's"),
        (wanted("greet-2.0.1.dev1.tar.gz", "greet.service"), "names greet.service, which is not beside it"),
        (wanted("greet.zip", tarball="greet.zip"), "Source0 is greet.zip"),
    ],
)
def test_what_a_spec_names_and_a_commit_does_not_have_is_refused_in_words(
    step: Step, upstream: Repository, packaging: Repository, asked: Wanted, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(Ended, match=reason) as raised:
        origins.upstream(with_upstream(step, "el9"), check_out(step, tmp_path / "tree"), asked, tmp_path / "room")
    assert raised.value.status is Status.FAILED


def test_upstreams_commit_is_the_one_that_was_named(
    step: Step, upstream: Repository, packaging: Repository, tmp_path: Path
) -> None:
    step = told(with_upstream(step), upstream_commit="f" * 40)
    with pytest.raises(Ended, match=r"UPSTREAM=.* is at commit .*, and UPSTREAM_COMMIT is ffff"):
        check_out_upstream(step, tmp_path / "tree")


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({"setup.cfg": "[metadata]\nname = greet\n"}, "greet"),
        ({"setup.cfg": "[metadata]\nname = ../greet\n"}, ""),
        ({"setup.cfg": "[metadata\n"}, ""),
        (
            {"pyproject.toml": "[build-system]\nname = 'no'\n[project] # us\ndynamic = []\nname = 'oslo.greet'\n"},
            "oslo.greet",
        ),
        ({"pyproject.toml": "[project]\ndynamic = []\n[other]\nname = 'no'\n"}, ""),
        ({"Makefile": "all:\n"}, ""),
    ],
)
def test_a_python_project_is_known_by_its_own_words(
    step: Step, tmp_path: Path, files: dict[str, str], name: str
) -> None:
    repository = Repository(tmp_path / "source")
    repository.commit("x", files)
    assert metadata.python_name(check_out(step, tmp_path / "tree")) == name


def test_nothing_of_upstreams_is_replaced_or_followed(step: Step, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "source")
    repository.commit("x", {"setup.cfg": "[metadata]\nname = greet\n"})
    (repository.folder / "PKG-INFO").symlink_to(tmp_path / "elsewhere")
    (repository.folder / "greet.egg-info").symlink_to(tmp_path)
    repository.git("add", "-A")
    repository.commit()
    tree: Tree = check_out(step, tmp_path / "tree")
    assert metadata.with_metadata(tree, VERSION) == replace(tree)
    assert not (tmp_path / "elsewhere").exists()
    assert not (tmp_path / "SOURCES.txt").exists()


@needs_dpkg
def test_a_changelog_that_leaves_the_version_to_upstream_gets_the_derived_one(
    step: Step, upstream: Repository, packaging: Repository, here: None, tmp_path: Path
) -> None:
    packaging.commit("x", {"debian/changelog": CHANGELOG.replace("(1.0-1) unstable", "(XXX-1) UNRELEASED")})
    made = make(with_upstream(step, pipeline="gate"), tmp_path)
    assert made.release.version.startswith("2.0.0+git1-0.2.g")
    assert made.release.suites == ("trixie",)
