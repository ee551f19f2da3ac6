"""The second revision of a version: upstream's tarball is the released one, whatever the tree looks like by then."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from pkgci_steps import review
from pkgci_steps.build.origins import Upstream, Wanted, released
from pkgci_steps.build.origins.released import repositories as asked
from pkgci_steps.offered import Offer
from pkgci_steps.settings import Target
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step

from .conftest import PACKAGING, UPSTREAM, Repository, sha256

Made = Callable[[], dict[str, str]]
WANTED = Wanted("deb", "greet", "1.0", "greet_1.0.orig.tar.xz", "greet-1.0")
RELEASED = review.Repository("released", "", "", 990)

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("gbp", "dpkg-source", "apt-ftparchive", "apt-get", "gpg"))),
    reason="needs git-buildpackage, dpkg-source, apt and apt-utils",
)


@pytest.fixture
def release(tmp_path: Path, step: Step, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Publishes the source package that was made, in a signed repository; what is made next finds it there."""
    archive, home = tmp_path / "archive", tmp_path / "archive-keys"
    home.mkdir(mode=0o700)
    gpg = ["gpg", "--homedir", str(home), "--batch", "--passphrase", ""]
    subprocess.run([*gpg, "--quick-gen-key", "x@y", "ed25519"], check=True, capture_output=True)
    exported = subprocess.run([*gpg, "--armor", "--export"], check=True, capture_output=True)
    step.settings.repository.release_key.write_bytes(exported.stdout)

    def publish() -> None:
        shutil.copytree(tmp_path / "room/out", archive / "pool", ignore=shutil.ignore_patterns("greet-*"))
        dists = archive / "dists/trixie"
        (dists / "main/source").mkdir(parents=True)
        run = {"cwd": archive, "check": True, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        listing = subprocess.run(["apt-ftparchive", "sources", "pool"], **run).stdout  # type: ignore[call-overload]
        (dists / "main/source/Sources").write_bytes(listing)
        words = [f"-oAPT::FTPArchive::Release::{name}=trixie" for name in ("Suite", "Codename")]
        head = subprocess.run(["apt-ftparchive", *words, "release", str(dists)], **run).stdout  # type: ignore[call-overload]
        subprocess.run([*gpg, "--clearsign", "-o", str(dists / "InRelease")], check=True, input=head)
        shutil.rmtree(tmp_path / "room")
        shutil.rmtree(tmp_path / "tree")
        monkeypatch.setattr(released, "repositories", there)

    def there(step: Step, target: Target) -> Sequence[review.Repository]:
        return [review.Repository("released", f"file:{archive}/", "release.asc", 1)]

    return publish


def next_revision(files: dict[str, str]) -> dict[str, str]:
    entry = PACKAGING["debian/changelog"]
    return {**files, "debian/changelog": entry.replace("1.0-1", "1.0-2") + "\n" + entry}


def test_the_next_revision_has_the_very_bytes_that_were_released(
    repository: Repository, made: Made, release: Callable[[], None], monkeypatch: pytest.MonkeyPatch, step: Step
) -> None:
    repository.commit({**UPSTREAM, **PACKAGING})
    first = made()
    # A tarball of the same files, made in another way: say, by an older pkgci.
    again = step.inputs.results.parent / "room/out/greet_1.0.orig.tar.xz"
    subprocess.run(f"xz -dc {again} | xz -1 >{again}.new; mv {again}.new {again}", shell=True, check=True)
    dsc = again.with_name("greet_1.0-1~c12.3.dsc")
    dsc.unlink()
    subprocess.run(["dpkg-source", "-b", "greet-1.0"], cwd=again.parent, check=True, capture_output=True)
    assert sha256(again) != first[again.name]
    checksum = sha256(again)
    release()
    repository.commit(next_revision({"debian/README.source": "more\n"}))
    assert made()[again.name] == checksum
    assert step.details["origin"]["note"] == "as released with greet 1.0-1~c12.3"


def test_what_version_control_has_beside_upstreams_files_changes_no_tarball(
    repository: Repository, made: Made, release: Callable[[], None]
) -> None:
    repository.commit({**UPSTREAM, **PACKAGING})
    first = made()["greet_1.0.orig.tar.xz"]
    release()
    repository.commit(next_revision({".gitreview": "[gerrit]\n"}))
    assert made()["greet_1.0.orig.tar.xz"] == first


def test_other_files_under_a_released_version_are_refused_and_named(
    repository: Repository, made: Made, release: Callable[[], None]
) -> None:
    repository.commit({**UPSTREAM, **PACKAGING})
    made()
    release()
    repository.commit(next_revision({"NEWS": "new\n", "README": "other\n"}), "src/greet.c")
    expected = (
        r"upstream's files changed: NEWS, README, src/greet\.c: not as in greet_1\.0\.orig\.tar\.xz, which was "
        "released with greet 1.0-1"
    )
    with pytest.raises(Ended, match=expected) as caught:
        made()
    assert caught.value.status is Status.FAILED


def test_a_patch_is_no_change_of_upstreams_files_whether_the_tree_has_it_applied_or_not(
    repository: Repository, made: Made, release: Callable[[], None], tmp_path: Path
) -> None:
    repository.commit({**UPSTREAM, **PACKAGING})
    first = made()["greet_1.0.orig.tar.xz"]
    release()
    patch = "--- a/README\n+++ b/README\n@@ -1 +1 @@\n-hello\n+hello, world\n"
    patches = {"debian/patches/series": "fix\n", "debian/patches/fix": patch}
    repository.commit(next_revision(patches))
    assert made()["greet_1.0.orig.tar.xz"] == first
    for name in ("room", "tree"):
        shutil.rmtree(tmp_path / name)
    repository.commit({"README": "hello, world\n"})
    assert made()["greet_1.0.orig.tar.xz"] == first


def test_a_package_of_format_1_carries_its_changes_in_its_diff(
    repository: Repository, made: Made, release: Callable[[], None]
) -> None:
    repository.commit({**UPSTREAM, **PACKAGING, "debian/source/format": "1.0\n"})
    first = made()
    release()
    repository.commit(next_revision({"README": "other\n"}))
    second = made()
    assert second["greet_1.0.orig.tar.gz"] == first["greet_1.0.orig.tar.gz"]
    assert "greet_1.0-2~c12.3.diff.gz" in second


def test_another_upstream_version_has_a_tarball_of_its_own(
    repository: Repository, made: Made, release: Callable[[], None]
) -> None:
    repository.commit({**UPSTREAM, **PACKAGING})
    made()
    release()
    changelog = PACKAGING["debian/changelog"].replace("1.0-1", "1.1-1")
    repository.commit({"README": "other\n", "debian/changelog": changelog})
    assert "greet_1.1.orig.tar.xz" in made()


def test_a_repository_that_nobody_signed_for_is_not_believed(
    repository: Repository, made: Made, release: Callable[[], None], step: Step, tmp_path: Path
) -> None:
    repository.commit({**UPSTREAM, **PACKAGING})
    made()
    release()
    listing = tmp_path / "archive/dists/trixie/main/source/Sources"
    listing.write_text(listing.read_text().replace("greet_1.0", "greet_2.0"))
    with pytest.raises(Ended, match="cannot be listed") as caught:
        made()
    assert caught.value.status is Status.INFRASTRUCTURE


def test_what_was_released_goes_before_what_the_changes_ahead_have_and_the_changes_own_is_not_asked(
    step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = [review.Repository(name, "", "", rank) for name, rank in (("before", 1002), ("released", 990))]
    monkeypatch.setattr(review, "beside", lambda inputs, settings: tuple(there))
    assert [item.name for item in asked(step, Target("trixie", "deb"))] == ["released", "before"]
    assert asked(step, Target("el9", "rpm")) == ()


def test_what_an_earlier_patch_set_left_in_the_repository_of_its_group_is_no_released_tarball() -> None:
    stanza = f"Package: greet\nVersion: 1.0-1\nChecksums-Sha256:\n {'0' * 64} 12 greet_1.0.orig.tar.xz\n"
    group = review.Repository("review-group-big", "", "", 1002, offer=Offer(sources=frozenset({("greet", "1.0-2")})))
    assert released.earlier(stanza, WANTED, group) is None
    assert released.earlier(stanza.replace("1.0-1", "1.0-2"), WANTED, group) is not None


def test_only_the_same_upstream_version_counts() -> None:
    stanza = (
        "Package: greet\nVersion: 1:{}\nChecksums-Sha256:\n"
        f" {'0' * 64} 12 greet_{{}}.orig.tar.xz\n {'1' * 64} 12 greet_{{}}.orig-po.tar.gz\n"
        f" {'2' * 64} 12 greet_{{}}-1.debian.tar.xz\n {'3' * 64} 12 greet_{{}}.orig.tar.xz.asc\nFormat: 3.0 (quilt)\n"
    )
    text = "\n".join(stanza.format(f"{version}-1", *[version] * 4) for version in ("1.0.1", "1.0"))
    found = released.earlier(text, WANTED, RELEASED)
    assert found == released.Earlier(
        "1:1.0-1",
        {
            "greet_1.0.orig.tar.xz": "0" * 64,
            "greet_1.0.orig-po.tar.gz": "1" * 64,
            "greet_1.0.orig.tar.xz.asc": "3" * 64,
        },
    )
    assert released.earlier(stanza.format("2.0-1", *["2.0"] * 4), WANTED, RELEASED) is None


def test_a_released_tarball_keeps_its_signature_when_upstream_signs_it_anew(
    tmp_path: Path, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [tmp_path / name for name in ("greet_1.0.orig.tar.xz", "greet_1.0.orig.tar.xz.asc")]
    for file in files:
        file.write_text(file.name)
    kept = tmp_path / "kept.asc"
    monkeypatch.setattr(released, "_fetched", lambda *_: [kept])
    found = Upstream(tuple(files), "as upstream has it")
    sums = {file.name: sha256(file) for file in files}
    for before, expected in (
        (sums, found.files),
        ({files[0].name: sums[files[0].name]}, found.files),
        ({**sums, files[1].name: "0" * 64}, (kept,)),
    ):
        earlier = released.Earlier("1.0-1", before)
        assert released._the_same(step, WANTED, found, earlier, tmp_path, None).files == expected
