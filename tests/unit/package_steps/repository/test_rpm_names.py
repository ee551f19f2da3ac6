"""Whose a name is, of RPM packages: taken by what a package says of others, in its header."""

from __future__ import annotations

import pytest
from pkgci_steps.status import Ended, Status

from . import rpms
from .conftest import GOOD, World

FLAGS = {"": 0, "<": 2, "=": 8, ">=": 12}
RPM_TAKES = [
    ("Obsoletes", "sudo", "<", "99:99", "dnf would put it in the place of that package"),
    ("Provides", "kernel", "=", "99", "it would meet the dependencies of others"),
    ("Provides", "kernel(x86-64)", "=", "99", "it would meet the dependencies of others"),
    ("Provides", "/bin/sh", "", "", "/bin/sh is a file that it does not have itself"),
    ("Conflicts", "glibc", "", "", "that package would be removed or kept away"),
    ("Conflicts", "glibc", ">=", "2", "that package would be removed or kept away"),
    ("Conflicts", "(glibc with bash)", "", "", "that package would be removed or kept away"),
    ("Supplements", "systemd", "", "", "it would be installed wherever that package is"),
    ("Supplements", "(greet or systemd)", "", "", "it would be installed wherever that package is"),
]
RPM_FREE = [
    ("Obsoletes", "greet-old", "<", "2"),
    ("Conflicts", "systemd", "<", "219"),
    ("Provides", "greet", "=", f"{GOOD}"),
    ("Provides", "libc.so.6()(64bit)", "", ""),
    ("Provides", "bundled(kernel)", "=", "1"),
    ("Provides", "/bin/greet", "", ""),
    ("Provides", "/usr/sbin/greet", "", ""),
    ("Conflicts", "(greet-old >= 3 if greet-older)", "", ""),
    ("Supplements", "(greet and systemd)", "", ""),
]


def _publish_rpm(world: World, *relation: str) -> str:
    inputs = world.inputs(target="rpm")
    folder = world.build(inputs, GOOD)
    word, name, operator, version = relation
    tags = {"NAME": "greet", "VERSION": "1.0", "RELEASE": "1~c5.2", "ARCH": "noarch"}
    made = rpms.rpm(
        {**tags, "SOURCERPM": f"greet-{GOOD}.src.rpm"},
        files=["/usr/bin/greet"],
        relations=[(word, name, FLAGS[operator], version)],
    )
    next(folder.glob("*.noarch.rpm")).write_bytes(made)
    world.say(folder, inputs)
    return world.review(inputs)


@pytest.mark.parametrize("relation", RPM_TAKES, ids=" ".join)
def test_an_rpm_that_takes_the_place_of_the_base_is_refused_in_words(world: World, relation: tuple[str, ...]) -> None:
    with pytest.raises(Ended, match=relation[4]) as ended:
        _publish_rpm(world, *relation[:4])
    assert ended.value.status is Status.FAILED
    assert "overrides: [" in ended.value.reason


@pytest.mark.parametrize("relation", RPM_FREE, ids=" ".join)
def test_an_rpm_that_takes_nothing_is_published(world: World, relation: tuple[str, ...]) -> None:
    assert "is published" in _publish_rpm(world, *relation)


def test_an_rpm_takes_no_released_name_and_may_speak_of_what_is_older(world: World) -> None:
    world.publish(world.entry("wordcount", "2.0-3", "rpm"))
    for operator, version in (("", ""), ("<", "2.0-4"), ("=", "2.0"), (">=", "3")):
        with pytest.raises(Ended, match="wordcount belongs to packaging/wordcount"):
            _publish_rpm(world, "Obsoletes", "wordcount", operator, version)
    for version in ("2.0-3", "2.0", "1.9-9"):
        assert "is published" in _publish_rpm(world, "Obsoletes", "wordcount", "<", version)
