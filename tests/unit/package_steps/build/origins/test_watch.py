"""debian/watch, read as data."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from pkgci_steps.build.git import Entry, Tree
from pkgci_steps.build.origins import watch, watch_links
from pkgci_steps.build.origins.upstream import Wanted
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step

PAGE = """<html><a href="greet-0.9.tar.gz">old</a> <A class=x HREF='greet-1.0.tar.xz'>new</A>
<a href="greet-1.0.tar.xz.asc">its signature</a> <a href="/other/greet-7.0.tar.gz">no</a>
<a href=greet-1.1~rc1.tar.gz>next</a> <a href="greet-%31.2.tar.gz">encoded</a></html>"""
ADDRESS = "https://example.org/releases/"
PLAIN = f"version=4\n{ADDRESS} @PACKAGE@@ANY_VERSION@@ARCHIVE_EXT@\n"


def wanted(version: str = "1.0") -> Wanted:
    return Wanted("deb", "greet", version, f"greet_{version}.orig.tar.xz", f"greet-{version}")


def tree(folder: Path, text: str | None, key: str | None = "a key") -> Tree:
    files = {"debian/watch": text, "debian/upstream/signing-key.asc": key}
    for name, content in files.items():
        if content is not None:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)
    there = [name for name, content in files.items() if content is not None]
    return Tree(folder, "0" * 40, 0, tuple(Entry("100644", name.encode()) for name in there))


def link(step: Step, folder: Path, text: str, version: str = "1.0", page: str = PAGE) -> watch.Link:
    return watch.link(step, watch.read(tree(folder, text), wanted(version)), wanted(version), page, folder)


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        f"version=4\n# a comment\nopts=pgpmode=auto {ADDRESS} greet-(.+)\\.tar\\.(?:gz|xz) debian uupdate\n",
        f"version=3\n{ADDRESS}greet-([\\d.]+)\\.tar\\.xz\n",
        f'opts="pgpmode=auto,\\\n uversionmangle=s/(\\d)[_]/$1./g" \\\n{ADDRESS} \\\n greet-(.+)\\.tar\\.xz\n',
        f"Version: 5\n\nSource: {ADDRESS}\nMatching-Pattern: @PACKAGE@@ANY_VERSION@@ARCHIVE_EXT@\nPgp-Mode: auto\n",
    ],
)
def test_the_tarball_of_a_version_is_found_and_where_its_signature_may_be(
    step: Step, tmp_path: Path, text: str
) -> None:
    found = link(step, tmp_path, text)
    assert found.url == f"{ADDRESS}greet-1.0.tar.xz"
    assert found.signatures[0] == f"{ADDRESS}greet-1.0.tar.xz.asc"


def test_versions_and_addresses_are_mangled_as_perl_would(step: Step, tmp_path: Path) -> None:
    options = (
        "uversionmangle=s/~?(rc)/~$1/,pgpsigurlmangle=s%\\.tar\\.gz$%.sig%,downloadurlmangle=s{releases}{download}"
    )
    found = link(step, tmp_path, f"version=4\nopts={options} {ADDRESS} greet-(.+)\\.tar\\.gz\n", "1.1~rc1")
    assert found.url == "https://example.org/download/greet-1.1~rc1.tar.gz"
    assert found.signatures == ("https://example.org/download/greet-1.1~rc1.sig",)


@pytest.mark.parametrize(
    ("rules", "text", "becomes"),
    [
        ("s/a/b/", "aa", "ba"),
        ("s/a/b/g", "aa", "bb"),
        ("s/a/b/;s/b/c/g", "ab", "cc"),
        ("s/A/b/i", "a", "b"),
        ("s/(\\d)_(\\d)/$1.$2/g", "1_2", "1.2"),
        ("s/(\\d)/\\1\\1/", "1", "11"),
        ("s/(\\d)/${1}0/", "1", "10"),
        ("s/\\d/[$&]/", "a1", "a[1]"),
        ("s|/|-|g", "a/b", "a-b"),
        ("s/\\//-/", "a/b", "a-b"),
        ("s/$/.asc/", "a", "a.asc"),
        ("", "a", "a"),
    ],
)
def test_a_substitution_does_what_perls_does(rules: str, text: str, becomes: str) -> None:
    assert watch_links.mangled(rules, text) == becomes


@pytest.mark.parametrize("rules", ["tr/a/b/", "s/a/b", "system('id')", "s/a/b/ && id", "sxaxbx"])
def test_what_is_no_substitution_is_refused(rules: str) -> None:
    with pytest.raises(ValueError, match="is no substitution"):
        watch_links.mangled(rules, "a")


def test_a_plain_page_is_searched_for_addresses(step: Step, tmp_path: Path) -> None:
    page = '[{"url": "https://example.org/x/greet-1.0.tar.gz"}]'
    text = f"version=4\nopts=searchmode=plain {ADDRESS} https://example.org/x/greet@ANY_VERSION@@ARCHIVE_EXT@\n"
    assert link(step, tmp_path, text, page=page).url == "https://example.org/x/greet-1.0.tar.gz"


def test_an_absolute_link_counts_where_the_pattern_allows_it(step: Step, tmp_path: Path) -> None:
    text = f"version=4\n{ADDRESS} (?:.*?/)?greet-(\\d[\\d.]*)\\.tar\\.gz\n"
    assert link(step, tmp_path, text, "7.0").url == "https://example.org/other/greet-7.0.tar.gz"


def test_a_version_that_the_page_does_not_have_is_told_with_those_that_it_has(step: Step, tmp_path: Path) -> None:
    with pytest.raises(Ended, match=r"does not lead to the version 2\.0: .* has 0\.9, 1\.0, 1\.1~rc1") as raised:
        link(step, tmp_path, PLAIN, "2.0")
    assert raised.value.status is Status.FAILED


def test_a_repacked_tarball_is_not_fetched(step: Step, tmp_path: Path) -> None:
    text = PLAIN.replace("https", "opts=dversionmangle=s/\\+dfsg\\d*$// https", 1)
    with pytest.raises(Ended, match=r"the version 1\.0\+dfsg is not upstream's 1\.0: .* keep it with pristine-tar"):
        link(step, tmp_path, text, "1.0+dfsg")


def test_a_pattern_that_never_ends_is_ended(step: Step, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_SECONDS", 1.0)
    page = f'<a href="greet-{"a" * 60}!">x</a>'
    with pytest.raises(Ended, match="took longer than 1 s") as raised:
        link(step, tmp_path, f"version=4\n{ADDRESS} greet-(a+)+x\\.tar\\.gz\n", page=page)
    assert raised.value.status is Status.FAILED


def test_a_pattern_that_is_none_is_the_packages_fault(step: Step, tmp_path: Path) -> None:
    with pytest.raises(Ended, match="its patterns cannot be read") as raised:
        link(step, tmp_path, f"version=4\n{ADDRESS} greet-(\\d+\n")
    assert raised.value.status is Status.FAILED


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "the tree has no debian/watch"),
        ("version=4\n", "leads to 0 tarballs"),
        (f"{PLAIN}{ADDRESS} other-(.+)\\.tar\\.gz\n", "leads to 2 tarballs"),
        (f"version=4\nopts=component=x {ADDRESS} x-(.+)\\.tar\\.gz\n", "leads to 1 tarballs"),
        (f"version=4\nopts=mode=git {ADDRESS} HEAD\n", "says mode=git"),
        (f"version=4\nopts=pgpmode=none {ADDRESS} g-(.+)\\.tar\\.gz\n", "says pgpmode=none"),
        ("version=4\nftp://example.org/ greet-(.+)\\.tar\\.gz\n", "is no address of a page"),
        ("version=4\nhttps://example.org/([\\d.]+)/ greet-(.+)\\.tar\\.gz\n", "is no address of a page"),
        ("Version: 5\n\nTemplate: Github\nOwner: x\n", "Template: Github"),
    ],
)
def test_what_is_not_followed_is_refused_in_words(tmp_path: Path, text: str | None, why: str) -> None:
    with pytest.raises(Ended) as raised:
        watch.read(tree(tmp_path, text), wanted())
    assert raised.value.status is Status.FAILED and why in raised.value.reason


def test_without_upstreams_key_in_the_tree_nothing_is_verified_so_nothing_is_fetched(tmp_path: Path) -> None:
    with pytest.raises(Ended, match=r"the tree has no debian/upstream/signing-key\.asc.*`source: \{tarball:"):
        watch.keys(tree(tmp_path, PLAIN, key=None))
    assert not watch.found(tree(tmp_path / "other", PLAIN, key=None))
    assert watch.found(tree(tmp_path / "both", PLAIN))


def test_a_file_larger_than_any_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(Ended, match=r"debian/watch cannot be read: it has more than 65536 characters"):
        watch.read(tree(tmp_path, PLAIN + "\n" * 70_000), wanted())


def test_empty_lines_are_read_once(tmp_path: Path) -> None:
    started = time.process_time()
    text = PLAIN.replace("\n", "\n" * 60_000, 1)
    assert watch.read(tree(tmp_path, text), wanted()).page == ADDRESS
    assert time.process_time() - started < 3
