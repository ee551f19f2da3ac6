"""What readers of a repository see, whatever happens to whoever publishes."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from pkgci_steps.repository import folders
from pkgci_steps.repository.engine import Repository
from pkgci_steps.status import Ended, Status

from . import tools
from .conftest import GOOD, World, versions
from .readers import check_readable
from .tools import Killed, described


def test_what_is_published_is_there_with_lists_signatures_and_packages(world: World) -> None:
    world.publish(world.entry("greet", "1.0"), world.entry("greet", "1.0-1", "rpm"))
    assert versions(world.released) == ["trixie greet 1.0", "rpm greet 1.0-1"]
    check_readable(world.released)
    current = world.released.folder / "current"
    assert (current / "index.html").read_text() == "2 packages of release"
    assert "Acquire-By-Hash: yes" in (current / "deb/dists/trixie/Release").read_text()
    for architecture in ("all", "amd64"):
        assert (current / f"deb/dists/bookworm/main/binary-{architecture}/Packages").read_text() == ""
    package = next((current / "rpm/rpm/packages").rglob("*.rpm"))
    assert b"OLD!" in package.read_bytes()


def test_several_versions_of_a_package_stand_side_by_side(world: World) -> None:
    world.publish(world.entry("greet", "1.0"))
    world.publish(world.entry("greet", "2.0"))
    text = (world.released.folder / "current/deb/dists/trixie/main/binary-all/Packages").read_text()
    assert text.count("Package: greet\n") == 2


def test_the_same_version_for_two_suites_is_two_packages(world: World) -> None:
    world.publish(world.entry("greet", "1.0", "trixie", "a"), world.entry("greet", "1.0", "bookworm", "b"))
    check_readable(world.released)


def test_only_what_is_new_is_read(world: World) -> None:
    world.publish(world.entry("greet", "1.0"), world.entry("wordcount", "1.0", "bookworm"))
    world.tools.called.clear()
    world.publish(world.entry("greet", "2.0"))
    read = [words[-1] for words in world.tools.called if {"apt-ftparchive", "packages"} <= set(words)]
    assert len(read) == 1 and "/greet/2.0." in read[0]
    assert (
        sum(words[0].endswith("/pkgci-sign") for words in world.tools.called) == 2
    )  # the suite that has changed, and no other
    check_readable(world.released)


def test_a_killed_publisher_leaves_the_old_state_or_the_new_and_the_next_one_carries_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publish(world.entry("greet", "1.0"), world.entry("greet", "1.0-1", "rpm"))
    new = (world.entry("greet", "2.0"), world.entry("greet", "2.0-1", "rpm"))
    old = versions(world.released)
    both = [*old, "trixie greet 2.0", "rpm greet 2.0-1"]
    left, seen = 0, set()

    def maybe_die(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed

    rename, replace = Path.rename, Path.replace
    monkeypatch.setattr(Path, "rename", lambda path, to: (maybe_die(), rename(path, to), maybe_die())[1])
    monkeypatch.setattr(Path, "replace", lambda path, to: (maybe_die(), replace(path, to), maybe_die())[1])
    world.tools.before = maybe_die
    for moment in range(1, 200):
        left = moment
        try:
            world.publish(*new)
        except Killed:
            left = 0
            seen.add(tuple(versions(world.released)))
            assert versions(world.released) in (old, both)
            check_readable(world.released)
            world.publish(*new)
        assert sorted(versions(world.released)) == sorted(both)
        check_readable(world.released)
        lived, left = left > 0, 0
        world.released.roll_back(1, "again", world.released.generations()[-1].number)
        if lived:
            break
    assert moment > 15
    assert seen == {tuple(old), tuple(both)}
    world.released.tidy()
    assert not list(world.released.folder.rglob(f"{folders.ASIDE}*"))


def test_readers_of_an_older_state_find_its_lists_for_an_hour(world: World) -> None:
    first = world.publish(world.entry("greet", "1.0"), world.entry("greet", "1.0-1", "rpm"))
    lists = [path.relative_to(first.folder) for path in first.folder.rglob("by-hash/SHA256/*")]
    lists += [path.relative_to(first.folder) for path in first.folder.rglob("*-primary.xml.gz")]
    for version in ("2.0", "3.0", "4.0"):
        world.publish(world.entry("greet", version), world.entry("greet", f"{version}-1", "rpm"))
    current = world.released.folder / "current"
    assert all((current / path).is_file() for path in lists)
    _age(world.released, 3601)
    world.publish(world.entry("greet", "5.0"), world.entry("greet", "5.0-1", "rpm"))
    assert not all((current / path).is_file() for path in lists)
    check_readable(world.released)


def _age(repository: Repository, seconds: float) -> None:
    for one in repository.generations():
        os.utime(one.folder / "manifest.json", (time.time() - seconds, time.time() - seconds))


def test_so_many_states_stay_and_those_that_are_still_read(world: World) -> None:
    kept = world.settings.repository.generations
    for number in range(kept + 3):
        world.publish(world.entry("greet", f"{number}.0"))
    assert len(world.released.generations()) == kept + 3
    _age(world.released, 3601)
    world.released.tidy()
    assert [one.number for one in world.released.generations()] == list(range(4, kept + 4))


def test_a_rollback_is_a_new_state_signed_today(world: World) -> None:
    world.publish(world.entry("greet", "1.0"), world.entry("greet", "1.0-1", "rpm"))
    world.publish(world.entry("greet", "2.0"))
    world.keys = ("OLD!", "NEW!")
    done = world.released.roll_back(1, "a mistake", 2)
    assert done.number == 3
    assert versions(world.released) == ["trixie greet 1.0", "rpm greet 1.0-1"]
    check_readable(world.released, ("OLD!", "NEW!"))
    with pytest.raises(Ended, match="generation 3 by now"):
        world.released.roll_back(1, "again", 2)


def test_what_is_removed_is_gone_for_readers_and_later_from_the_disk(world: World) -> None:
    world.publish(world.entry("greet", "1.0"), world.entry("wordcount", "1.0"))
    gone = world.released.manifest().versions("trixie", "greet")
    world.released.remove(gone, "a mistake", 1)
    assert versions(world.released) == ["trixie wordcount 1.0"]
    folder = world.released.folder / "shared" / gone[0].folder
    world.released.tidy()
    assert folder.is_dir()  # one can roll back
    _age(world.released, 3601)
    for version in range(world.settings.repository.generations):
        world.publish(world.entry("tidy-logs", f"{version}.0"))
    _age(world.released, 3601)
    assert world.released.tidy() == [str(folder)]
    check_readable(world.released)


def test_other_keys_sign_everything_again(world: World) -> None:
    world.publish(world.entry("greet", "1.0"))
    world.keys = ("OLD!", "NEW!")
    world.released.sign_again("rotation")
    check_readable(world.released, ("OLD!", "NEW!"))


def test_ten_at_once_in_one_repository_all_arrive(world: World) -> None:
    packages = [world.entry("greet", f"{number}.0") for number in range(10)]
    threads = [threading.Thread(target=world.publish, args=(package,)) for package in packages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(versions(world.released)) == [f"trixie greet {number}.0" for number in range(10)]
    check_readable(world.released)


def test_another_content_of_a_version_does_not_touch_what_older_states_have(world: World) -> None:
    first = world.publish(world.entry("greet", "1.0", text="one"), name="review/5")
    world.publish(world.entry("greet", "1.0", text="two"), name="review/5")
    repository = Repository("review/5", world.publisher)
    assert versions(repository) == ["trixie greet 1.0"]
    check_readable(repository)
    before = first.manifest.entries[0]
    assert b"one" in (repository.folder / "shared" / before.folder / before.files[0].name).read_bytes()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace("Package: greet", "Package: bash"), "'bash', not 'greet' in the field package"),
        (lambda text: text + "Essential: yes\n", "'yes', not 'nothing' in the field essential"),
        (lambda text: text.replace("Description: a package\n", ""), "'nothing', not 'a package' in the field desc"),
        (lambda text: text.replace("Version", "Depends: evil\nVersion"), "'evil', not 'nothing' in the field depends"),
        (lambda text: text.replace("Size: ", "Size: 1"), "in the field size"),
        (lambda text: text.replace("SHA256: ", "SHA256: 0"), "in the field sha256"),
        (lambda text: text.replace("Version: 1.0", "Version: 1.0\nVersion: 1.0"), "the field Version twice"),
    ],
)
def test_an_index_that_says_anything_else_than_the_package_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch, change: Callable[[str], str], words: str
) -> None:
    said = world.tools._stanza
    monkeypatch.setattr(world.tools, "_stanza", lambda path, folder: change(said(path, folder)))
    with pytest.raises(Ended, match=words) as ended:
        world.publish(world.entry("greet", "1.0"))
    assert ended.value.status is Status.FAILED
    assert not world.released.exists


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace("Package: greet", "Package: bash"), "'bash', not 'greet' in the field package"),
        (lambda text: text + "Binary: bash\n", "'bash', not 'nothing' in the field binary"),
        (lambda text: text.replace("Directory: ", "Directory: ../"), "says nothing of"),
        (lambda text: re.sub("[0-9a-f]{64}", "0" * 64, text), "other checksums"),
        (
            lambda text: text.replace("Files:\n", f"Files:\n {'0' * 32} 1 evil.tar.xz\n"),
            "other files in the field files",
        ),
    ],
)
def test_an_index_that_says_anything_else_than_the_source_package_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch, change: Callable[[str], str], words: str
) -> None:
    said = world.tools._stanza

    def wrong(path: Path, folder: Path) -> str:
        return change(said(path, folder)) if path.suffix == ".dsc" else said(path, folder)

    monkeypatch.setattr(world.tools, "_stanza", wrong)
    world.build(world.inputs(), GOOD)
    with pytest.raises(Ended, match=words) as ended:
        world.review(world.inputs())
    assert ended.value.status in (Status.FAILED, Status.INFRASTRUCTURE)
    assert not Repository("review/5", world.publisher).exists


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"<name>greet<": "<name>bash<"}, "other name than it has"),
        ({'ver="1.0"': 'ver="9.0"'}, "other version than it has"),
        ({'epoch="0"': 'epoch="9"'}, "other version than it has"),
        ({"<format>": '<format><rpm:obsoletes><rpm:entry name="sudo"/></rpm:obsoletes>'}, "other obsoletes than it"),
        ({"<file>/usr/bin/greet<": "<file>/usr/bin/sudo<"}, "other files than it has"),
        ({'type="sha256">': 'type="sha256">0'}, "other checksum than it has"),
        ({"<location href=": "<location x="}, "createrepo_c does not say of it"),
        ({"</metadata>": ""}, "cannot be read"),
    ],
)
def test_metadata_that_says_anything_else_than_the_package_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch, change: dict[str, str], words: str
) -> None:
    def wrong(shared: Path, paths: Iterable[str]) -> dict[str, str]:
        found = described(shared, paths)
        for old, new in change.items():
            found = {kind: text.replace(old, new) for kind, text in found.items()}
        return found

    monkeypatch.setattr(tools, "described", wrong)
    with pytest.raises(Ended, match=words) as ended:
        world.publish(world.entry("greet", "1.0-1", "rpm"))
    assert ended.value.status is Status.FAILED
    assert not world.released.exists


def test_a_tool_that_fails_publishes_nothing(world: World) -> None:
    world.publish(world.entry("greet", "1.0"))
    world.tools._pkgci_sign = lambda words, folder: (2, b"")  # type: ignore[method-assign]
    with pytest.raises(Ended, match="could not sign Release"):
        world.publish(world.entry("greet", "2.0"))
    assert versions(world.released) == ["trixie greet 1.0"]
    check_readable(world.released)
