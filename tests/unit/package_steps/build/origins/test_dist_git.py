"""dist-git's `sources`, and what of a spec's files is fetched, by whose word."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import pytest
from pkgci_steps.build.git import Entry, Tree
from pkgci_steps.build.origins import dist_git
from pkgci_steps.build.origins.upstream import Wanted
from pkgci_steps.fetch.request import Blob
from pkgci_steps.status import Ended, Status

SHA512, MD5 = "ab" * 64, "cd" * 16
FINGERPRINT = "815AFEC729392386480E076DCC0DFE2D21C023C9"
KEY = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nxxxx\n"
TARBALL = {"greet-1.0.tar.gz": "https://example.org/releases/greet-1.0.tar.gz"}
SIGNED = {**TARBALL, "greet-1.0.tar.gz.asc": "https://example.org/releases/greet-1.0.tar.gz.asc"}
# As RDO's and OpenStack's spec files have it.
RDO = {**SIGNED, f"0x{FINGERPRINT.lower()}.txt": f"https://example.org/_static/0x{FINGERPRINT.lower()}.txt"}
PINNED = f"SHA512 (greet-1.0.tar.gz) = {SHA512}\n"


def tree(folder: Path, files: Mapping[str, str]) -> Tree:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return Tree(folder, "0" * 40, 0, tuple(Entry("100644", name.encode()) for name in sorted(files)))


def wanted(missing: Mapping[str, str]) -> Wanted:
    return Wanted("rpm", "greet", "1.0", "greet-1.0.tar.gz", "greet-1.0", PurePosixPath("greet.spec"), missing)


def blobs(
    folder: Path, files: Mapping[str, str], missing: Mapping[str, str], lookaside: str | None = None
) -> dict[str, Blob]:
    found = dist_git.blobs(tree(folder, files), wanted(missing), lookaside, {})
    return {blob.name: blob for blob in found}


@pytest.mark.parametrize(
    ("line", "algorithm", "value"),
    [
        (f"SHA512 (greet-1.0.tar.gz) = {SHA512}", "sha512", SHA512),
        (f"SHA512 (greet-1.0.tar.gz) = {SHA512.upper()}", "sha512", SHA512),
        (f"SHA256 (greet-1.0.tar.gz) = {SHA512[:64]}", "sha256", SHA512[:64]),
        (f"MD5 (greet-1.0.tar.gz) = {MD5}", "md5", MD5),
        (f"{MD5}  greet-1.0.tar.gz", "md5", MD5),
        (f"{MD5} greet-1.0.tar.gz", "md5", MD5),
        (f"{SHA512} *greet-1.0.tar.gz", "sha512", SHA512),
    ],
)
def test_each_way_to_write_a_checksum_is_read(line: str, algorithm: str, value: str) -> None:
    assert dist_git.parse(f"# a comment\n\n{line}\n") == {"greet-1.0.tar.gz": {algorithm: value}}


@pytest.mark.parametrize(
    "line",
    ["SHA512 (a) = 12", "BLAKE9 (a) = 12", "hello", f"{SHA512[:7]} a", f"SHA512 (../a) = {SHA512}", f"{MD5} a/b"],
)
def test_a_line_that_is_no_checksum_is_shown(line: str) -> None:
    with pytest.raises(Ended, match=r"sources: .* is not as in 'SHA512 \(FILE\) = CHECKSUM'") as raised:
        dist_git.parse(line)
    assert raised.value.status is Status.FAILED


def test_a_pinned_tarball_comes_from_the_lookaside_or_the_specs_own_address(tmp_path: Path) -> None:
    pattern = "https://cache.example.org/{name}/{file}/{algorithm}/{hash}/{file}"
    found = blobs(tmp_path, {"sources": PINNED}, TARBALL, pattern)["greet-1.0.tar.gz"]
    assert found.sums == {"sha512": SHA512}
    assert found.urls == (
        f"https://cache.example.org/greet/greet-1.0.tar.gz/sha512/{SHA512}/greet-1.0.tar.gz",
        "https://example.org/releases/greet-1.0.tar.gz",
    )


def test_what_comes_after_the_file_in_an_address_is_its_name_here(tmp_path: Path) -> None:
    missing = {"greet-1.0.tar.gz": "https://example.org/archive/1.0.tar.gz#/greet-1.0.tar.gz"}
    found = blobs(tmp_path, {"sources": PINNED}, missing)["greet-1.0.tar.gz"]
    assert found.urls == ("https://example.org/archive/1.0.tar.gz",)


def test_an_md5_alone_is_refused_for_it_can_be_forged(tmp_path: Path) -> None:
    with pytest.raises(Ended, match=r"the MD5 of greet-1\.0\.tar\.gz only, which can be forged.*`sha512sum --tag"):
        blobs(tmp_path, {"sources": f"{MD5}  greet-1.0.tar.gz\n"}, TARBALL)


def test_an_md5_beside_a_strong_checksum_is_checked_too(tmp_path: Path) -> None:
    found = blobs(tmp_path, {"sources": f"{MD5}  greet-1.0.tar.gz\n{PINNED}"}, TARBALL)["greet-1.0.tar.gz"]
    assert found.sums == {"md5": MD5, "sha512": SHA512}


def test_a_tarball_that_nothing_pins_is_refused_and_it_is_said_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Ended, match=r"nothing says what greet-1\.0\.tar\.gz is that greet\.spec names: add the line"):
        blobs(tmp_path, {"greet.spec": ""}, TARBALL)


def test_a_file_without_address_and_checksum_is_missing_in_the_tree(tmp_path: Path) -> None:
    with pytest.raises(Ended, match=r"greet\.spec names fix\.patch, which is not beside it in the tree"):
        blobs(tmp_path, {"sources": PINNED}, {**TARBALL, "fix.patch": "fix.patch"})


def test_a_pinned_file_that_has_no_address_is_refused_without_a_lookaside(tmp_path: Path) -> None:
    with pytest.raises(Ended, match=r"has no address of it.*sources: \{lookaside: …\}"):
        blobs(tmp_path, {"sources": PINNED}, {"greet-1.0.tar.gz": "greet-1.0.tar.gz"})


def test_a_signature_needs_a_key_that_is_in_the_tree(tmp_path: Path) -> None:
    with pytest.raises(Ended, match="nothing says what greet-1"):
        blobs(tmp_path, {"greet.spec": ""}, SIGNED)
    found = blobs(tmp_path, {"greet.spec": "", "ann.asc": KEY}, SIGNED)
    assert found["greet-1.0.tar.gz.asc"].signs == "greet-1.0.tar.gz"
    assert found["ann.asc"].is_key and found["ann.asc"].content == KEY.encode()
    assert found["greet-1.0.tar.gz"].sums == {}


def test_a_file_of_the_tree_that_is_no_key_makes_no_signature_good(tmp_path: Path) -> None:
    with pytest.raises(Ended, match="nothing says what greet-1"):
        blobs(tmp_path, {"notes.txt": "hello\n"}, SIGNED)


@pytest.mark.parametrize("sources", ["", PINNED])
def test_a_key_that_is_named_by_its_whole_fingerprint_is_as_good(tmp_path: Path, sources: str) -> None:
    found = blobs(tmp_path, {"sources": sources}, RDO)
    key = found[f"0x{FINGERPRINT.lower()}.txt"]
    assert (key.is_key, key.fingerprint) == (True, FINGERPRINT)
    assert found["greet-1.0.tar.gz.asc"].signs == "greet-1.0.tar.gz"


@pytest.mark.parametrize("name", ["openstack.txt", "0x21C023C9.txt", "0xCC0DFE2D21C023C9.asc"])
def test_a_key_that_is_named_otherwise_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Ended, match=f"nothing says what {name} is"):
        blobs(tmp_path, {"sources": PINNED}, {**SIGNED, name: f"https://example.org/{name}"})


def test_the_sites_own_checksum_goes_before_everything_else(tmp_path: Path) -> None:
    site = Blob("greet-1.0.tar.gz", ("https://site.example.org/x",), {"sha256": "ef" * 32})
    found = dist_git.blobs(tree(tmp_path, {"sources": PINNED}), wanted(TARBALL), None, {site.name: site})
    assert found == (site,)


@pytest.mark.parametrize(
    ("files", "missing", "is_found"),
    [
        ({"sources": PINNED}, TARBALL, True),
        ({"hello.c": "x"}, TARBALL, False),
        ({"sources": "see doc/\n"}, TARBALL, False),
        ({"hello.c": "x"}, RDO, True),
    ],
)
def test_a_tree_is_of_dist_git_where_it_pins_what_it_lacks(
    tmp_path: Path, files: dict[str, str], missing: dict[str, str], is_found: bool
) -> None:
    assert dist_git.found(tree(tmp_path, files), wanted(missing)) is is_found
