"""Upstream's tarball, from a web server to the folder that a build takes it from."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

import pytest
from pkgci_steps.build import origins
from pkgci_steps.build.git import Entry, Tree
from pkgci_steps.build.origins import fetching, tarball
from pkgci_steps.build.origins.upstream import Upstream, Wanted
from pkgci_steps.fetch.request import Blob, Request
from pkgci_steps.settings import Project, Source
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step

from tests.unit.package_steps.build.origins.fetcher import fetcher, signer, upstream
from tests.unit.package_steps.fetch.conftest import Signer
from tests.unit.package_steps.fetch.conftest import Upstream as Server

__all__ = ["fetcher", "signer", "upstream"]  # fixtures

DATA = b"the tarball"
SHA256, SHA512 = hashlib.sha256(DATA).hexdigest(), hashlib.sha512(DATA).hexdigest()
DEB = Wanted("deb", "greet", "1.0", "greet_1.0.orig.tar.xz", "greet-1.0")
PACKAGING = {"debian/changelog": "x", "debian/control": "x"}
Signers = Callable[[str], Signer]


def tree(folder: Path, files: Mapping[str, str]) -> Tree:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return Tree(folder, "0" * 40, 0, tuple(Entry("100644", name.encode()) for name in sorted(files)))


def of_project(step: Step, **source: str) -> Step:
    projects = {step.inputs.project: Project(step.inputs.project, ("trixie",), source=Source(**source))}
    return dataclasses.replace(step, settings=dataclasses.replace(step.settings, projects=projects))


def fetched(step: Step, folder: Path, files: Mapping[str, str], wanted: Wanted) -> tuple[str, dict[str, bytes]]:
    """The kind of source that a tree turned out to be, and upstream's files."""
    room = folder / f"room-{len(list(folder.glob('room-*')))}"
    subprocess.run(["git", "init", "-q", str(step.inputs.source)], check=True)
    found: Upstream = origins.upstream(step, tree(folder / "tree", files), wanted, room)
    assert sorted(path.name for path in room.iterdir()) == sorted(path.name for path in found.files)
    assert not found.packed
    return step.details["origin"]["kind"], {path.name: path.read_bytes() for path in found.files}


def rpm(missing: Mapping[str, str]) -> Wanted:
    return Wanted("rpm", "greet", "1.0", "greet-1.0.tar.gz", "greet-1.0", PurePosixPath("greet.spec"), missing)


def test_a_tarball_of_the_sites_own_word_becomes_the_orig_tarball(
    step: Step, tmp_path: Path, fetcher: Path, upstream: Server
) -> None:
    upstream.files["/v1.0.tar.bz2"] = DATA
    step = of_project(step, kind="tarball", url=upstream.url("/v1.0.tar.bz2"), sha256=SHA256)
    assert fetched(step, tmp_path, PACKAGING, DEB) == ("tarball", {"greet_1.0.orig.tar.bz2": DATA})


def test_an_address_that_is_no_tarball_of_a_source_package_is_refused(
    step: Step, tmp_path: Path, fetcher: Path
) -> None:
    step = of_project(step, kind="tarball", url="https://example.org/greet.zip", sha256=SHA256)
    with pytest.raises(Ended, match=r"greet\.zip is no tarball that a source package takes"):
        fetched(step, tmp_path, PACKAGING, DEB)


def test_a_debian_only_tree_is_completed_as_its_watch_file_and_key_say(
    step: Step, tmp_path: Path, fetcher: Path, upstream: Server, signer: Signers
) -> None:
    ann = signer("ann")
    signature = ann.sign(DATA)
    upstream.files |= {
        "/files/": b'<a href="greet-1.0.tar.xz">it</a>',
        "/files/greet-1.0.tar.xz": DATA,
        "/files/greet-1.0.tar.xz.asc": signature,
    }
    files = {
        **PACKAGING,
        ".gitreview": "what a tool of people's has",
        "debian/watch": f"version=4\n{upstream.url('/files/')} @PACKAGE@@ANY_VERSION@@ARCHIVE_EXT@\n",
        "debian/upstream/signing-key.asc": ann.key.decode(),
    }
    expected = {"greet_1.0.orig.tar.xz": DATA, "greet_1.0.orig.tar.xz.asc": signature}
    assert fetched(of_project(step), tmp_path, files, DEB) == ("tarball", expected)
    upstream.files.clear()  # and never again
    assert fetched(of_project(step), tmp_path, files, DEB) == ("tarball", expected)


def test_what_one_change_says_of_a_version_is_no_word_for_another(
    step: Step, tmp_path: Path, fetcher: Path, upstream: Server, signer: Signers
) -> None:
    ann, old = signer("ann"), b"an old tarball, signed as well"
    upstream.files |= {
        "/files/": b'<a href="greet-1.0.tar.xz">it</a><a href="old/greet-0.1.tar.xz">old</a>',
        "/files/greet-1.0.tar.xz": DATA,
        "/files/greet-1.0.tar.xz.asc": ann.sign(DATA),
        "/files/old/greet-0.1.tar.xz": old,
        "/files/old/greet-0.1.tar.xz.asc": ann.sign(old),
    }
    key = {"debian/upstream/signing-key.asc": ann.key.decode()}
    page = upstream.url("/files/")
    forged = f"version=4\nopts=uversionmangle=s/0.1/1.0/ {page} old/greet-(.+)\\.tar\\.xz\n"
    good = f"version=4\n{page} greet-(.+)\\.tar\\.xz\n"
    _, first = fetched(of_project(step), tmp_path, {**PACKAGING, **key, "debian/watch": forged}, DEB)
    _, second = fetched(of_project(step), tmp_path, {**PACKAGING, **key, "debian/watch": good}, DEB)
    assert (first["greet_1.0.orig.tar.xz"], second["greet_1.0.orig.tar.xz"]) == (old, DATA)


def test_a_spec_as_rdos_is_completed_by_sources_signature_and_fingerprint(
    step: Step, tmp_path: Path, fetcher: Path, upstream: Server, signer: Signers
) -> None:
    ann = signer("ann")
    key = f"0x{ann.fingerprint.lower()}.txt"
    contents = {"greet-1.0.tar.gz": DATA, "greet-1.0.tar.gz.asc": ann.sign(DATA), key: ann.key}
    upstream.files |= {f"/{name}": content for name, content in contents.items()}
    missing = {name: upstream.url(f"/{name}") for name in contents}
    files = {"greet.spec": "x", "sources": f"SHA512 (greet-1.0.tar.gz) = {SHA512}\n"}
    assert fetched(of_project(step), tmp_path, files, rpm(missing)) == ("tarball", contents)
    upstream.files.clear()
    assert fetched(of_project(step), tmp_path, files, rpm(missing)) == ("tarball", contents)


def test_the_sites_word_is_the_specs_tarball_too(step: Step, tmp_path: Path, fetcher: Path, upstream: Server) -> None:
    upstream.files["/anything"] = DATA
    step = of_project(step, kind="tarball", url=upstream.url("/anything"), sha256=SHA256)
    wanted = rpm({"greet-1.0.tar.gz": "greet-1.0.tar.gz"})
    assert fetched(step, tmp_path, {"greet.spec": "x"}, wanted) == ("tarball", {"greet-1.0.tar.gz": DATA})


def test_a_tree_with_upstreams_files_in_it_is_packed_as_ever(step: Step, tmp_path: Path, fetcher: Path) -> None:
    files = {"greet.spec": "x", "hello.c": "int main;"}
    room = tmp_path / "room"
    found = origins.upstream(of_project(step), tree(tmp_path / "tree", files), rpm({"greet-1.0.tar.gz": ""}), room)
    assert found.packed and step.details["origin"]["kind"] == "tree"


@pytest.mark.parametrize(
    ("content", "status", "why"),
    [
        (b"another", Status.FAILED, "is not what was expected: its SHA512"),
        (404, Status.INFRASTRUCTURE, "greet-1.0.tar.gz cannot be fetched: "),
        ("http://localhost:1/", Status.FAILED, "the site does not allow this host"),
    ],
)
def test_whose_fault_it_is_comes_through_to_the_build(
    step: Step,
    tmp_path: Path,
    fetcher: Path,
    upstream: Server,
    content: bytes | int | str,
    status: Status,
    why: str,
) -> None:
    upstream.files["/greet-1.0.tar.gz"] = content
    files = {"greet.spec": "x", "sources": f"SHA512 (greet-1.0.tar.gz) = {SHA512}\n"}
    with pytest.raises(Ended) as raised:
        fetched(of_project(step), tmp_path, files, rpm({"greet-1.0.tar.gz": upstream.url("/greet-1.0.tar.gz")}))
    assert raised.value.status is status and why in raised.value.reason


def test_a_fetcher_that_does_not_run_is_not_the_packages_fault(
    step: Step, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for command in (("sh", "-c", "echo sudo: no >&2; exit 1"), ("sh", "-c", "kill -9 $$"), ("/nowhere/sudo",)):
        monkeypatch.setattr(fetching, "COMMAND", command)
        with pytest.raises(Ended) as raised:
            fetching.ask(step, Request((Blob("a"),)), tmp_path)
        assert raised.value.status is Status.INFRASTRUCTURE


def test_a_file_in_the_store_that_is_another_by_now_is_not_taken(
    step: Step, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "STORE", tmp_path / "store")
    (tmp_path / "store/sha256").mkdir(parents=True)
    (tmp_path / "store/sha256" / SHA256).write_bytes(b"another")
    with pytest.raises(Ended, match="is not what was verified") as raised:
        fetching.take({"a": SHA256}, ["a"], tmp_path)
    assert raised.value.status is Status.INFRASTRUCTURE


def test_a_name_stays_in_its_folder(step: Step) -> None:
    assert json.loads(Request((Blob("a", content=b"x"),)).text())["blobs"][0]["content"] == "eA=="
    assert tarball._orig(DEB, "https://example.org/../../etc/x.tar.gz") == "greet_1.0.orig.tar.gz"


def test_a_spec_without_upstreams_files_is_packed_as_no_tarball(step: Step, tmp_path: Path, fetcher: Path) -> None:
    files = {"greet.spec": "x", "fix.patch": "x", ".gitreview": "x"}
    with pytest.raises(Ended, match=r"packaging only.*`sha512sum --tag greet-1\.0\.tar\.gz`.*source: ") as raised:
        fetched(step, tmp_path, files, rpm({"greet-1.0.tar.gz": "https://example.org/greet-1.0.tar.gz"}))
    assert raised.value.status is Status.FAILED


@pytest.mark.parametrize(
    "blobs", [[Blob(str(number)) for number in range(101)], [Blob("key.gpg", content=b"x" * 2**23, is_key=True)]]
)
def test_more_than_can_be_asked_for_is_the_packages_fault(
    step: Step, tmp_path: Path, fetcher: Path, blobs: list[Blob]
) -> None:
    with pytest.raises(Ended, match="at most 100 can be") as raised:
        fetching.ask(step, Request(tuple(blobs)), tmp_path)
    assert raised.value.status is Status.FAILED
