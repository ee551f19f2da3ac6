"""Archives: the same bytes for the same files, and nothing in them that no host needs."""

import gzip
import hashlib
import io
import os
import tarfile
from pathlib import Path

import pytest

from pkgci.errors import UsageError
from pkgci.puppetrun.bundle import Archive, code_archive, data_archive, run_archive


def members(archive: Archive) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(archive.packed))) as tar:
        return {member.name: member for member in tar}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "puppet"
    (folder / "manifests").mkdir(parents=True)
    (folder / "manifests/site.pp").write_text("include role\n")
    return folder


def test_the_same_files_give_the_same_archive_whenever_and_whosever_they_are(tree: Path) -> None:
    before = code_archive(tree)
    os.utime(tree / "manifests/site.pp", (1, 1))
    (tree / "manifests/site.pp").chmod(0o600)
    assert code_archive(tree) == before


def test_another_content_gives_another_name(tree: Path) -> None:
    before = code_archive(tree)
    (tree / "manifests/site.pp").write_text("include other\n")
    assert code_archive(tree).name != before.name


def test_an_archive_is_named_by_the_digest_of_its_tar(tree: Path) -> None:
    archive = code_archive(tree)
    plain = gzip.decompress(archive.packed)
    assert archive.name == hashlib.sha256(plain).hexdigest()
    assert archive.size == len(plain)


@pytest.mark.parametrize(
    "name",
    [
        ".git/config",
        "manifests/site.pp~",
        "manifests/.site.pp.swp",
        "manifests/.#site.pp",
        "manifests/REFERENCE.md",
    ],
)
def test_what_version_control_and_editors_leave_and_a_modules_documentation_do_not_travel(
    tree: Path, name: str
) -> None:
    before = code_archive(tree)
    (tree / name).parent.mkdir(exist_ok=True)
    (tree / name).write_text("x")
    assert code_archive(tree) == before


def test_links_and_programs_stay_what_they_are(tree: Path) -> None:
    (tree / "run").write_text("#!/bin/sh\n")
    (tree / "run").chmod(0o755)
    (tree / "link").symlink_to("run")
    found = members(code_archive(tree))
    assert found["run"].mode == 0o755
    assert found["link"].linkname == "run"


def test_a_tree_without_manifests_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no manifests"):
        code_archive(tmp_path)


def test_a_tree_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        code_archive(tmp_path / "gone")


def test_only_root_reads_a_hosts_data_and_it_names_its_code(tree: Path) -> None:
    code = code_archive(tree)
    found = members(data_archive({"hiera.yaml": "a", "data/roles/zuul.yaml": "b"}, code))
    assert {name: member.mode for name, member in found.items() if member.isfile()} == {
        "hiera.yaml": 0o600,
        "data/roles/zuul.yaml": 0o600,
    }
    assert found["data"].mode == found["data/roles"].mode == 0o700
    assert found["code"].linkname == f"../{code.name}"


def test_folders_come_before_what_is_in_them(tree: Path) -> None:
    names = list(members(data_archive({"data/roles/zuul.yaml": "b", "data/common.yaml": ""}, code_archive(tree))))
    assert names.index("data") < names.index("data/roles") < names.index("data/roles/zuul.yaml")


def test_a_runs_folder_names_the_data_that_it_applies(tree: Path) -> None:
    data = data_archive({"hiera.yaml": "a"}, code_archive(tree))
    assert members(run_archive({"plan": ""}, data))["data"].linkname == f"../../releases/{data.name}"
