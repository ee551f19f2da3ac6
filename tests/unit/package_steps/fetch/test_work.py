"""What is fetched for builds: verified, or not at all, and once."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pkgci_steps.fetch.request import Answer, Blob, Request, read_answer
from pkgci_steps.fetch.store import Store
from pkgci_steps.fetch.work import Work
from pkgci_steps.status import Ended, Status

from .conftest import Signer, Upstream

DATA = b"the tarball"
SHA256, SHA512, MD5 = (hashlib.new(name, DATA).hexdigest() for name in ("sha256", "sha512", "md5"))
Make = Callable[[], Work]
Signers = Callable[[str], Signer]


def refused(work: Work, *blobs: Blob) -> Ended:
    with pytest.raises(Ended) as raised:
        work.do(Request(blobs))
    return raised.value


def kept(store: Store) -> list[str]:
    return sorted(file.name for file in (store.path("x").parent).glob("*"))


@pytest.mark.parametrize("sums", [{"sha256": SHA256}, {"sha512": SHA512}, {"sha512": SHA512, "md5": MD5}])
def test_a_tarball_with_its_checksum_is_kept_under_its_sha_256(
    work: Make, store: Store, upstream: Upstream, sums: dict[str, str]
) -> None:
    upstream.files["/a.tar.gz"] = DATA
    answer = work().do(Request((Blob("a.tar.gz", (upstream.url("/a.tar.gz"),), sums),)))
    assert answer.files == {"a.tar.gz": SHA256}
    assert store.path(SHA256).read_bytes() == DATA
    assert store.path(SHA256).stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("sums", [{"sha256": SHA256}, {"sha512": SHA512}])
def test_what_is_in_the_store_is_not_fetched_again(work: Make, upstream: Upstream, sums: dict[str, str]) -> None:
    upstream.files["/a.tar.gz"] = DATA
    request = Request((Blob("a.tar.gz", (upstream.url("/a.tar.gz"),), sums),))
    first = work().do(request)
    upstream.files.clear()
    assert work().do(request) == first
    assert upstream.asked == ["/a.tar.gz"]


def test_a_file_that_was_damaged_in_the_store_is_fetched_again(work: Make, store: Store, upstream: Upstream) -> None:
    upstream.files["/a.tar.gz"] = DATA
    request = Request((Blob("a.tar.gz", (upstream.url("/a.tar.gz"),), {"sha512": SHA512}),))
    work().do(request)
    store.path(SHA256).write_bytes(b"damaged")
    work().do(request)
    assert store.path(SHA256).read_bytes() == DATA


def test_the_next_address_is_tried_where_the_first_has_nothing(work: Make, upstream: Upstream) -> None:
    upstream.files["/b"] = DATA
    blob = Blob("a", (upstream.url("/a"), upstream.url("/b")), {"sha256": SHA256})
    assert work().do(Request((blob,))).files == {"a": SHA256}


def test_what_does_not_match_is_the_packages_fault_and_not_kept(work: Make, store: Store, upstream: Upstream) -> None:
    upstream.files["/a"] = b"another tarball"
    ended = refused(work(), Blob("a", (upstream.url("/a"),), {"sha512": SHA512}))
    assert ended.status is Status.FAILED
    assert f"a is not what was expected: its SHA512 is {hashlib.sha512(b'another tarball').hexdigest()}" in ended.reason
    assert kept(store) == []


def test_an_md5_that_stands_beside_a_strong_checksum_must_be_right_too(work: Make, upstream: Upstream) -> None:
    upstream.files["/a"] = DATA
    ended = refused(work(), Blob("a", (upstream.url("/a"),), {"sha512": SHA512, "md5": "0" * 32}))
    assert "its MD5 is" in ended.reason


@pytest.mark.parametrize(("answer", "why"), [(404, "404 Not Found"), (403, "403"), (503, "503")])
def test_what_cannot_be_fetched_is_not_the_packages_fault(
    work: Make, upstream: Upstream, answer: int, why: str
) -> None:
    upstream.files["/a"] = answer
    ended = refused(work(), Blob("a", (upstream.url("/a"),), {"sha256": SHA256}))
    assert ended.status is Status.INFRASTRUCTURE
    assert "a cannot be fetched" in ended.reason and why in ended.reason


@pytest.mark.parametrize(("blob", "why"), [({}, "nothing says what a is"), ({"md5": MD5}, "known by MD5 only")])
def test_what_cannot_be_verified_is_not_even_asked_for(
    work: Make, upstream: Upstream, blob: dict[str, str], why: str
) -> None:
    upstream.files["/a"] = DATA
    ended = refused(work(), Blob("a", (upstream.url("/a"),), blob))
    assert ended.status is Status.FAILED and why in ended.reason
    assert upstream.asked == []


@pytest.mark.parametrize("armour", [True, False])
def test_a_signature_by_the_trees_key_says_what_a_tarball_is(
    work: Make, store: Store, upstream: Upstream, signer: Signers, armour: bool
) -> None:
    ann = signer("ann")
    signature = ann.sign(DATA, armour=armour)
    upstream.files |= {"/a": DATA, "/a.asc": signature}
    key = Blob("key.asc", content=ann.key, is_key=True)
    blobs = (Blob("a", (upstream.url("/a"),)), Blob("a.asc", (upstream.url("/a.asc"),), signs="a"), key)
    answer = work().do(Request(blobs, same_as="a 1.0"))
    assert answer.files == {"a": SHA256, "a.asc": hashlib.sha256(signature).hexdigest()}
    upstream.files.clear()
    asked = list(upstream.asked)
    assert work().do(Request((key,), same_as="a 1.0")).files == answer.files
    assert upstream.asked == asked
    other = Blob("key.asc", content=signer("mallory").key, is_key=True)
    for trusted in ((), (other,), (key, other)):
        assert work().do(Request(trusted, same_as="a 1.0")).files == {}


def test_a_signature_by_anybody_else_is_none(work: Make, store: Store, upstream: Upstream, signer: Signers) -> None:
    upstream.files |= {"/a": DATA, "/a.asc": signer("mallory").sign(DATA)}
    key = Blob("key.asc", content=signer("ann").key, is_key=True)
    blobs = (Blob("a", (upstream.url("/a"),)), Blob("a.asc", (upstream.url("/a.asc"),), signs="a"), key)
    ended = refused(work(), *blobs)
    assert (ended.status, ended.reason) == (
        Status.FAILED,
        "a.asc is no good signature of a by a key that is trusted",
    )
    assert kept(store) == []


def test_a_signature_of_something_else_is_none(work: Make, upstream: Upstream, signer: Signers) -> None:
    upstream.files |= {"/a": DATA, "/a.asc": signer("ann").sign(b"another tarball")}
    key = Blob("key.asc", content=signer("ann").key, is_key=True)
    blobs = (Blob("a", (upstream.url("/a"),)), Blob("a.asc", (upstream.url("/a.asc"),), signs="a"), key)
    assert "no good signature" in refused(work(), *blobs).reason


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nxxxx\n"])
def test_a_key_that_is_none_makes_no_signature_good(
    work: Make, upstream: Upstream, signer: Signers, content: bytes
) -> None:
    upstream.files |= {"/a": DATA, "/a.asc": signer("ann").sign(DATA)}
    key = Blob("key.asc", content=content, is_key=True)
    blobs = (Blob("a", (upstream.url("/a"),)), Blob("a.asc", (upstream.url("/a.asc"),), signs="a"), key)
    assert "no good signature" in refused(work(), *blobs).reason


def test_a_key_is_fetched_by_its_whole_fingerprint(work: Make, upstream: Upstream, signer: Signers) -> None:
    ann = signer("ann")
    upstream.files |= {"/a": DATA, "/a.asc": ann.sign(DATA), "/key": b"The key of Ann:\n" + ann.key}
    key = Blob("key", (upstream.url("/key"),), is_key=True, fingerprint=ann.fingerprint)
    blobs = (Blob("a", (upstream.url("/a"),)), Blob("a.asc", (upstream.url("/a.asc"),), signs="a"), key)
    assert set(work().do(Request(blobs)).files) == {"a", "a.asc", "key"}


def test_a_key_with_another_fingerprint_or_beside_others_is_refused(
    work: Make, upstream: Upstream, signer: Signers
) -> None:
    ann, mallory = signer("ann"), signer("mallory")
    for content in (mallory.key, ann.key + mallory.key):
        upstream.files["/key"] = content
        key = Blob("key", (upstream.url("/key"),), is_key=True, fingerprint=ann.fingerprint)
        ended = refused(work(), key)
        assert ended.status is Status.FAILED
        assert f"key is not the key {ann.fingerprint}" in ended.reason


def test_a_key_that_nothing_pins_is_not_fetched(work: Make, upstream: Upstream) -> None:
    ended = refused(work(), Blob("key", (upstream.url("/key"),), is_key=True))
    assert "nothing says which key key is" in ended.reason and upstream.asked == []


def test_a_page_is_read_and_not_kept(work: Make, store: Store, upstream: Upstream) -> None:
    upstream.files["/"] = b"<a href=a>"
    assert work().do(Request(pages=(upstream.url("/"),))).pages == {upstream.url("/"): "<a href=a>"}
    assert kept(store) == []


def test_nothing_is_left_of_what_was_refused(work: Make, upstream: Upstream, tmp_path: Path) -> None:
    upstream.files["/a"] = b"another tarball"
    refused(work(), Blob("a", (upstream.url("/a"),), {"sha256": SHA256}))
    assert list((tmp_path / "store").rglob("*")) == []


def test_what_was_not_used_for_longest_goes_where_the_store_is_full(
    work: Make, store: Store, upstream: Upstream
) -> None:
    blobs = []
    for number in range(3):
        data = bytes([number]) * 100
        upstream.files[f"/{number}"] = data
        blobs.append(Blob(str(number), (upstream.url(f"/{number}"),), {"sha256": hashlib.sha256(data).hexdigest()}))
        work().do(Request((blobs[-1],)))
        os.utime(store.path(blobs[-1].sums["sha256"]), (number, number))
    work().do(Request((blobs[0],)))  # it is used again
    store.prune(250)
    assert kept(store) == sorted(blob.sums["sha256"] for blob in (blobs[0], blobs[2]))


def test_what_somebody_left_who_was_ended_while_he_wrote_goes(store: Store, tmp_path: Path) -> None:
    left, written = tmp_path / "store/.new-a", tmp_path / "store/.new-b"
    for file in (left, written):
        file.touch()
    os.utime(left, (0, 0))
    store.prune(1_000_000)
    assert not left.exists() and written.exists()


def test_a_file_that_another_request_removes_meanwhile_is_no_fault(
    work: Make, store: Store, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream.files["/a"] = DATA
    work().do(Request((Blob("a", (upstream.url("/a"),), {"sha256": SHA256}),)))
    listed = [store.path("0" * 64), store.path(SHA256)]
    monkeypatch.setattr(Path, "glob", lambda folder, pattern: [] if pattern.startswith(".") else listed)
    store.prune(0)
    assert not store.path(SHA256).exists()


@pytest.mark.parametrize("is_pinned", [True, False])
def test_each_signature_that_is_asked_for_is_verified_and_kept(
    work: Make, upstream: Upstream, signer: Signers, is_pinned: bool
) -> None:
    ann = signer("ann")
    upstream.files |= {"/a": DATA, "/a.asc": ann.sign(DATA), "/a.sig": ann.sign(DATA, armour=False)}
    key = Blob("key.asc", content=ann.key, is_key=True)
    tarball = Blob("a", (upstream.url("/a"),), {"sha256": SHA256} if is_pinned else {})
    signatures = [Blob(f"a.{end}", (upstream.url(f"/a.{end}"),), signs="a") for end in ("asc", "sig")]
    assert set(work().do(Request((tarball, *signatures, key))).files) == {"a", "a.asc", "a.sig"}
    upstream.files["/a.asc"] = signer("mallory").sign(DATA)
    assert "a.asc is no good signature" in refused(work(), tarball, *signatures, key).reason


@pytest.mark.parametrize(
    "files", [{"../a": SHA256}, {"..": SHA256}, {"a/b": SHA256}, {"a": "../../etc/passwd"}, {"a": ""}, ["a"], {"a": 1}]
)
def test_an_answer_names_files_of_the_store_and_no_others(files: object) -> None:
    with pytest.raises(Ended, match="gave no answer"):
        read_answer(json.dumps({"files": files, "pages": {}, "reason": ""}).encode())
    assert read_answer(Answer({"a.tar.gz": SHA256}).text().encode()).files == {"a.tar.gz": SHA256}
