"""git-buildpackage's layouts, with git-buildpackage, pristine-tar and dpkg-source themselves."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from pkgci_steps.build import source
from pkgci_steps.build.git import check_out
from pkgci_steps.build.origins import gbp
from pkgci_steps.settings import Source
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step

from ..conftest import TARGET, told
from .conftest import PACKAGING, UPSTREAM, Repository, sha256

Made = Callable[[], dict[str, str]]
Tarball = Callable[..., Path]

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("gbp", "pristine-tar", "dpkg-source"))),
    reason="needs git-buildpackage, pristine-tar and dpkg-source",
)


def test_the_tarball_is_pristine_tars_to_the_byte(
    repository: Repository, tarball: Tarball, made: Made, step: Step
) -> None:
    upstream = tarball("greet_1.0.orig.tar.gz", UPSTREAM)
    repository.import_orig(upstream)
    repository.commit(PACKAGING)
    assert made()["greet_1.0.orig.tar.gz"] == sha256(upstream)
    assert step.details["origin"]["kind"] == "git-buildpackage"
    assert set(step.details["refs"]) == {"refs/heads/pristine-tar", "refs/tags/upstream/1.0"}


def test_the_branches_of_a_clone_are_as_good(
    repository: Repository, tarball: Tarball, made: Made, tmp_path: Path
) -> None:
    upstream = tarball("greet_1.0.orig.tar.xz", UPSTREAM)
    repository.import_orig(upstream)
    repository.commit(PACKAGING)
    repository.folder.rename(tmp_path / "origin")
    Repository(tmp_path).run("git", "clone", "-q", "origin", "source")
    assert made()["greet_1.0.orig.tar.xz"] == sha256(upstream)


def test_pristine_tar_finds_its_tree_in_the_history_of_a_branch_without_tags(
    repository: Repository, tarball: Tarball, made: Made
) -> None:
    upstream = tarball("greet_1.0.orig.tar.gz", UPSTREAM)
    repository.import_orig(upstream, options=("--upstream-branch=upstream/latest",))
    repository.commit(PACKAGING)
    repository.run("git", "tag", "-d", "upstream/1.0")
    repository.run("git", "checkout", "-q", "upstream/latest")
    repository.commit({"README": "later\n"})
    repository.run("git", "checkout", "-q", "main")
    assert made()["greet_1.0.orig.tar.gz"] == sha256(upstream)


def test_upstreams_signature_goes_with_its_tarball(
    repository: Repository, tarball: Tarball, made: Made, tmp_path: Path
) -> None:
    upstream = tarball("greet_1.0.orig.tar.gz", UPSTREAM)
    signature = tmp_path / "greet_1.0.orig.tar.gz.asc"
    # dpkg-source refuses what is none.
    home = tmp_path / "gnupg"
    home.mkdir(mode=0o700)
    gpg = ["gpg", "--homedir", str(home), "--batch", "--passphrase", ""]
    subprocess.run([*gpg, "--quick-gen-key", "x@y", "ed25519"], check=True, capture_output=True)
    subprocess.run([*gpg, "--armor", "--detach-sign", "-o", str(signature), str(upstream)], check=True)
    repository.import_orig(upstream, options=("--upstream-signatures=on",))
    repository.commit(PACKAGING)
    assert made()[signature.name] == sha256(signature)


def test_components_have_tarballs_of_their_own(repository: Repository, tarball: Tarball, made: Made) -> None:
    main = tarball("greet_1.0.orig.tar.gz", UPSTREAM)
    component = tarball("greet_1.0.orig-po.tar.gz", {"de.po": "hallo\n"}, top="po-1.0/")
    repository.import_orig(main, component)
    repository.commit(PACKAGING)
    files = made()
    assert (files[main.name], files[component.name]) == (sha256(main), sha256(component))


def test_without_pristine_tar_the_tag_is_packed_always_the_same(
    repository: Repository, tarball: Tarball, made: Made, tmp_path: Path
) -> None:
    repository.commit({**UPSTREAM, ".gitattributes": "README export-ignore\n"})
    repository.run("git", "tag", "v1.0")
    conf = "[DEFAULT]\nupstream-tag = v%(version)s\ncompression = gzip\n"
    repository.commit({**PACKAGING, "debian/gbp.conf": conf})
    first = made()
    shutil.rmtree(tmp_path / "tree")
    shutil.rmtree(tmp_path / "room")
    repository.commit({"debian/README.source": "more\n"})
    assert first["greet_1.0.orig.tar.gz"] == made()["greet_1.0.orig.tar.gz"]


def test_components_of_a_tag_are_packed_by_themselves(repository: Repository, made: Made, tmp_path: Path) -> None:
    repository.commit({**UPSTREAM, "po/de.po": "hallo\n"})
    repository.run("git", "tag", "-m", "x", "upstream/1.0")
    repository.commit({**PACKAGING, "debian/gbp.conf": "[DEFAULT]\ncomponent = ['po']\n"})
    assert {"greet_1.0.orig.tar.xz", "greet_1.0.orig-po.tar.xz"} <= set(made())
    listing = subprocess.run(
        ["tar", "-tf", tmp_path / "room/out/greet_1.0.orig-po.tar.xz"], capture_output=True, text=True, check=True
    )
    assert listing.stdout.split() == ["po/", "po/de.po"]


def test_a_branch_with_the_packaging_only_is_built_upon_upstreams_files(
    repository: Repository, tarball: Tarball, made: Made, tmp_path: Path
) -> None:
    upstream = tarball("greet_1.0.orig.tar.gz", {**UPSTREAM, "debian/upstreams": "no\n"})
    repository.import_orig(upstream)
    repository.run("git", "checkout", "-q", "--orphan", "packaging")
    repository.run("git", "rm", "-rqf", ".")
    patch = "--- a/README\n+++ b/README\n@@ -1 +1 @@\n-hello\n+hello, world\n"
    hidden = {".gitreview": "[gerrit]\n", ".ci/run": "true\n"}
    repository.commit({**PACKAGING, **hidden, "debian/patches/series": "fix\n", "debian/patches/fix": patch})
    assert made()["greet_1.0.orig.tar.gz"] == sha256(upstream)
    subprocess.run(
        ["dpkg-source", "--no-check", "-x", "greet_1.0-1~c12.3.dsc", "x"],
        cwd=tmp_path / "room/out",
        check=True,
        capture_output=True,
    )
    assert (tmp_path / "room/out/x/README").read_text() == "hello, world\n"
    unpacked = {path.name for path in (tmp_path / "room/out/x").iterdir()}
    assert (unpacked, (tmp_path / "room/out/x/debian/upstreams").exists()) == (
        {"README", "src", "debian", ".pc"},
        False,
    )


def test_a_branch_with_the_packaging_only_and_nothing_else_is_told_what_there_is_to_choose(
    repository: Repository, made: Made
) -> None:
    repository.commit({**PACKAGING, ".gitreview": "[gerrit]\n"})
    with pytest.raises(Ended, match=r"packaging only.*pristine-tar.*source: tarball.*project") as caught:
        made()
    assert caught.value.status is Status.FAILED


def test_a_tree_whose_upstream_files_are_not_the_tarballs_is_told_which(
    repository: Repository, tarball: Tarball, made: Made
) -> None:
    repository.import_orig(tarball("greet_1.0.orig.tar.gz", UPSTREAM))
    repository.commit({**PACKAGING, "README": "other\n", "NEWS": "new\n"})
    with pytest.raises(Ended, match=r"upstream's files changed: NEWS, README.*debian/patches") as caught:
        made()
    assert caught.value.status is Status.FAILED


def test_a_repository_that_has_only_the_branch_of_the_packaging_is_a_tree(
    repository: Repository, made: Made, step: Step
) -> None:
    repository.commit({**UPSTREAM, **PACKAGING, "debian/gbp.conf": "[DEFAULT]\npristine-tar = True\n"})
    assert "greet_1.0.orig.tar.xz" in made()
    assert step.details["origin"]["kind"] == "tree"


def test_a_project_that_says_git_buildpackage_is_told_what_its_repository_lacks(
    repository: Repository, made: Made, step: Step
) -> None:
    name = step.inputs.project
    said = replace(step.settings.projects[name], source=Source("git-buildpackage"))
    step.settings = replace(step.settings, projects={name: said})
    repository.commit({**UPSTREAM, **PACKAGING})
    with pytest.raises(
        Ended, match=r"neither greet_1\.0\.orig\.tar\.\* in the branch pristine-tar nor the tag up.*git push"
    ):
        made()
    repository.commit({"debian/gbp.conf": "[DEFAULT]\nupstream-tree = SLOPPY\n"})
    shutil.rmtree(step.inputs.results.parent / "tree")
    shutil.rmtree(step.inputs.results.parent / "room")
    with pytest.raises(Ended, match="`source: tree`"):
        made()


def test_a_project_that_says_tree_is_not_looked_into(
    repository: Repository, tarball: Tarball, made: Made, step: Step
) -> None:
    name = step.inputs.project
    said = replace(step.settings.projects[name], source=Source("tree"))
    step.settings = replace(step.settings, projects={name: said})
    repository.import_orig(tarball("greet_1.0.orig.tar.gz", UPSTREAM))
    repository.commit(PACKAGING)
    assert "greet_1.0.orig.tar.xz" in made()


def test_the_branch_is_packed_where_gbp_conf_says_so(repository: Repository, made: Made, step: Step) -> None:
    repository.commit(UPSTREAM)
    repository.run("git", "branch", "up")
    repository.commit({**PACKAGING, "debian/gbp.conf": "[DEFAULT]\nupstream-tree = branch\nupstream-branch = up\n"})
    assert "greet_1.0.orig.tar.xz" in made()
    assert set(step.details["refs"]) == {"refs/heads/up"}


def test_settings_that_nobody_can_read_leave_the_tree_as_it_is(repository: Repository, made: Made, step: Step) -> None:
    repository.commit({**UPSTREAM, **PACKAGING, "debian/gbp.conf": "no settings\n"})
    assert "greet_1.0.orig.tar.xz" in made()
    assert step.details["origin"]["kind"] == "tree"


def test_a_tarball_that_is_a_link_is_none(
    repository: Repository, tarball: Tarball, made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.import_orig(tarball("greet_1.0.orig.tar.xz", UPSTREAM))
    repository.commit(PACKAGING)
    (tmp_path / "secret").write_text("a key")

    def links(step: Step, command: Sequence[str | Path], folder: Path, **more: object) -> int:
        (folder / "greet_1.0.orig.tar.xz").symlink_to(tmp_path / "secret")
        return 0

    monkeypatch.setattr(gbp, "offline", links)
    with pytest.raises(Ended, match="no plain file"):
        made()


@pytest.mark.parametrize("is_only", [True, False], ids=["packaging only", "with upstream's files"])
def test_check_gate_and_another_suite_have_one_tarball_and_versions_of_their_own(
    repository: Repository, step: Step, here: None, tmp_path: Path, is_only: bool
) -> None:
    repository.commit(UPSTREAM)
    repository.run("git", "tag", "upstream/1.0")
    repository.commit(PACKAGING, *(["README", "src"] if is_only else []))
    versions, checksums = [], set()
    for number, (pipeline, suffix) in enumerate(
        [("check", "+lab~deb13"), ("gate", "+lab~deb13"), ("gate", "+lab~deb12")]
    ):
        room = tmp_path / f"room-{number}"
        room.mkdir()
        target = replace(TARGET, version_suffix=suffix)
        one = told(step, pipeline=pipeline)
        made = source.make_source(one, check_out(one, tmp_path / f"tree-{number}"), target, room)
        versions.append(made.release.version)
        checksums |= {sha256(file) for file in made.files if ".orig.tar." in file.name}
    assert versions == ["1.0-1+lab~deb13~c12.3", "1.0-1+lab~deb13", "1.0-1+lab~deb12"]
    assert len(checksums) == 1
