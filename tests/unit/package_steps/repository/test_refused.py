"""What a build may not say or leave: the publisher refuses it in words, and nothing of it is published."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pkgci_steps.status import Ended, Status

from . import rpms
from .conftest import GOOD, World, repository, versions


@pytest.mark.parametrize("target", ["trixie", "rpm"])
@pytest.mark.parametrize(
    ("pipeline", "version", "words"),
    [
        ("check", "1.0-1", "does not end with ~c5.2"),
        ("check", "1.0-1~c6.2", "does not end with ~c5.2"),
        ("check", "1.0-1~c5.20", "does not end with ~c5.2"),
        ("gate", "1.0-1~c5.2", "is no release"),
    ],
)
def test_a_version_that_passes_for_another_is_refused(
    world: World, target: str, pipeline: str, version: str, words: str
) -> None:
    inputs = world.inputs(pipeline=pipeline, target=target)
    world.build(inputs, version)
    refused(world, words, pipeline=pipeline, target=target)


def refused(world: World, words: str, **other: str) -> None:
    with pytest.raises(Ended, match=words) as ended:
        world.review(world.inputs(**other))
    assert ended.value.status is Status.FAILED
    assert not repository(world).exists


EVIL = [
    "../../etc/passwd",
    "a/b.deb",
    "",
    ".hidden",
    "-rf",
    "$(id)",
    "a b.deb",
    "a\nb",
    "`id`.deb",
    "x;reboot",
    "\u202e.deb",
]


@pytest.mark.parametrize("name", EVIL)
def test_a_name_that_is_more_than_a_name_is_refused(world: World, name: str) -> None:
    folder = world.build(world.inputs(), GOOD)
    world.say(folder, world.inputs(), files=[{"name": name, "size": 1, "sha256": "0" * 64}])
    refused(world, "it names a file")


@pytest.mark.parametrize("field", ["step", "status", "project", "target", "change", "patchset", "pipeline", "build_id"])
@pytest.mark.parametrize("value", ["../../../etc", "$(touch /tmp/x)", None, ["x"], {"a": 1}, 7, True])
def test_a_result_of_another_build_is_refused(world: World, field: str, value: Any) -> None:
    folder = world.build(world.inputs(), GOOD)
    world.say(folder, world.inputs(), **{field: value})
    refused(world, f"its {field} is")
    assert not any("touch" in word for command in world.tools.called for word in command)


def test_a_build_of_another_commit_of_upstream_is_refused(world: World) -> None:
    inputs = world.inputs(upstream_commit="a" * 40, change_project="openstack/greet")
    folder = world.build(inputs, GOOD)
    for commit in (None, "b" * 40):
        world.say(folder, inputs, commit="c" * 40, upstream_commit=commit)
        with pytest.raises(Ended, match="its upstream_commit is"):
            world.review(inputs)
    world.say(folder, inputs, commit="c" * 40, upstream_commit="a" * 40)
    world.review(inputs)
    assert versions(repository(world)) == [f"trixie greet {GOOD}"]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '"x"', "[" * 100_000, '{"files": 1}', "\x00", '{"a": NaN}'],
    ids=["empty", "cut", "list", "null", "text", "deep", "number", "nul", "nan"],
)
def test_a_result_that_is_none_is_refused(world: World, text: str) -> None:
    (world.build(world.inputs(), GOOD) / "result.json").write_text(text)
    refused(world, "result.json is not acceptable")


@pytest.mark.parametrize("file", [1, None, {}, {"name": "a.deb"}, {"name": "a.deb", "size": "1", "sha256": "0" * 64}])
@pytest.mark.parametrize("count", [1, 501])
def test_a_list_of_files_that_is_none_is_refused(world: World, file: Any, count: int) -> None:
    world.say(world.build(world.inputs(), GOOD), world.inputs(), files=[file] * count)
    refused(world, "result.json is not acceptable")


def test_sizes_have_a_limit_in_all(world: World) -> None:
    files = [{"name": f"{i}.deb", "size": 6_000_000_000, "sha256": "0" * 64} for i in range(2)]
    world.say(world.build(world.inputs(), GOOD), world.inputs(), files=files)
    refused(world, "more than 10000 MB|more than [0-9]+ MB")


def test_a_result_without_end_is_not_read(world: World) -> None:
    folder = world.build(world.inputs(), GOOD)
    (folder / "result.json").write_text(" " * 2_000_000)
    refused(world, "no file of an allowed size")


def _tamper(folder: Path) -> None:
    path = next(folder.glob("*.deb"))
    path.write_bytes(path.read_bytes()[:-1] + b"!")


def _grow(folder: Path) -> None:
    path = next(folder.glob("*.deb"))
    path.write_bytes(path.read_bytes() + b" " * 1000)


def _link(folder: Path) -> None:
    path = next(folder.glob("*.deb"))
    path.unlink()
    path.symlink_to("/etc/shadow")


def _lose(folder: Path) -> None:
    next(folder.glob("*.deb")).unlink()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_tamper, "checksum is another"),
        (_grow, "is no file of that size"),
        (_link, "is no file"),
        (_lose, "is no file"),
    ],
)
def test_a_file_that_is_not_what_was_built_is_refused(world: World, change: Callable[[Path], None], words: str) -> None:
    change(world.build(world.inputs(), GOOD))
    refused(world, words)


CONTROL = [
    ("Package: bash\n", "the field Package twice"),
    ("\nPackage: bash\n", "more than one paragraph"),
    ("Filename: ../../x\n", "field filename, which belongs to"),
    ("SHA256: 0\n", "field sha256, which belongs to"),
    ("Essential: yes\n", "says 'essential: yes' of itself"),
    ("Source: bash\n", "is of the source 'bash'"),
    ("Source: greet (9)\n", "not of greet"),
    ("no field\n", "a line that is no field"),
    ("X: \x1b[2J\n", "control characters"),
]


@pytest.mark.parametrize(("control", "words"), CONTROL)
def test_control_data_that_speaks_for_the_index_is_refused(world: World, control: str, words: str) -> None:
    folder = world.build(world.inputs(), GOOD)
    world.deb(folder, "greet", GOOD, control=control)
    world.say(folder, world.inputs())
    refused(world, words)


def _rename(folder: Path) -> None:
    next(folder.glob("*.deb")).rename(folder / f"hello_{GOOD}_all.deb")


def _add(folder: Path) -> None:
    (folder / "run-me.sh").write_text("reboot")


def _add_archive(folder: Path) -> None:
    (folder / f"greet_{GOOD}.orig.tar.gz").write_text("more")


def _second_source(folder: Path) -> None:
    (folder / "other_1.dsc").write_text("Source: other\n")


def _no_package(folder: Path) -> None:
    next(folder.glob("*.deb")).unlink()


def _other_changes(folder: Path) -> None:
    (folder / "greet.changes").write_text(
        f"Source: greet\nVersion: {GOOD}\nChecksums-Sha256:\n {'0' * 64} 1 greet.dsc\n"
    )


def _source_of_nothing(folder: Path) -> None:
    path = next(folder.glob("*.dsc"))
    path.write_text(path.read_text().replace(".tar.xz", ".tar.gz"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_rename, "by its control data it is greet_"),
        (_add, "run-me.sh is no part"),
        (_add_archive, "is no part of the packages"),
        (_second_source, "there are 2 .dsc files"),
        (_no_package, "there is no package besides the source package"),
        (_other_changes, "it names 'greet.dsc', which was not built"),
        (_source_of_nothing, "which was not built"),
    ],
)
def test_files_that_do_not_fit_together_are_refused(world: World, change: Callable[[Path], None], words: str) -> None:
    folder = world.build(world.inputs(), GOOD)
    change(folder)
    world.say(folder, world.inputs())
    refused(world, words)


@pytest.mark.parametrize(
    ("tag", "value", "words"),
    [
        ("NAME", "../../etc", "its name is not acceptable"),
        ("NAME", "hello", "by its header it is hello-"),
        ("ARCH", "$(id)", "its arch is not acceptable"),
        ("SOURCERPM", "other-1-1.src.rpm", "is of the source package other-1-1.src.rpm"),
        ("VERSION", "1\n2", "rpm cannot say what it is"),
        ("VERSION", "1\x1b2", "has the control character"),
    ],
)
def test_an_rpm_that_is_not_what_it_should_be_is_refused(world: World, tag: str, value: str, words: str) -> None:
    inputs = world.inputs(target="rpm")
    folder = world.build(inputs, GOOD)
    tags = {"NAME": "greet", "VERSION": "1.0", "RELEASE": "1~c5.2", "ARCH": "noarch"}
    made = rpms.rpm({**tags, "SOURCERPM": f"greet-{GOOD}.src.rpm", tag: value})
    next(folder.glob("*noarch.rpm")).write_bytes(made)
    world.say(folder, inputs)
    refused(world, words, target="rpm")


def test_a_damaged_rpm_is_refused(world: World) -> None:
    inputs = world.inputs(target="rpm")
    folder = world.build(inputs, GOOD)
    next(folder.glob("*noarch.rpm")).write_text("no package")
    world.say(folder, inputs)
    refused(world, "it is no RPM package", target="rpm")


def test_the_first_project_that_releases_a_name_owns_it(world: World) -> None:
    world.publish(world.entry("greet", "0.9"))  # of packaging/greet
    inputs = world.inputs(project="packaging/wordcount")
    world.build(inputs, GOOD)
    refused(world, "belongs to packaging/greet", project="packaging/wordcount")
    world.build(world.inputs(), GOOD)
    world.review(world.inputs())


@pytest.mark.parametrize(("target", "name"), [("trixie", "bash"), ("trixie", "libc6"), ("rpm", "glibc")])
def test_what_every_system_is_made_of_is_nobodys(world: World, target: str, name: str) -> None:
    inputs = world.inputs(target=target)
    world.build(inputs, GOOD, source=name)
    refused(world, f"{name} belongs to the distribution", target=target)


def test_a_build_that_is_gone_is_no_fault_of_the_package(world: World) -> None:
    with pytest.raises(Ended, match=r"build01 has nothing\. Builds stay for some days: build it again") as ended:
        world.review(world.inputs())
    assert ended.value.status is Status.INFRASTRUCTURE
    assert not repository(world).exists
