"""Whose a name is: taken by a package's own name, or by what it says of others'. The same in check and in the gate."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

import pytest
from pkgci_steps.repository.built import Built
from pkgci_steps.repository.distribution import parse
from pkgci_steps.repository.known import Known, Package
from pkgci_steps.repository.manifest import File
from pkgci_steps.repository.ownership import check, names
from pkgci_steps.repository.relations import of_deb
from pkgci_steps.settings import Target
from pkgci_steps.status import Ended, Status

from .conftest import GOOD, PROJECT, World, repository

OTHER = "packaging/wordcount"
GATE = {"pipeline": "gate", "ref": "refs/zuul/main/Zgate"}
LISTS = b"""\
Package: sudo
Version: 1.9.16-2
Conflicts: sudo-ldap
Essential: yes
SHA256: 11

Package: exim4-daemon-light
Source: exim4
Version: 4.98-3
Provides: mail-transport-agent
Conflicts: mail-transport-agent, sudo
Breaks: sendmail-bin (<< 8)
SHA256: 22

Package: acl
Version: 2.3.2-2
Priority: optional
SHA256: 33

Package: libacl1
Source: acl (2.3.2-1)
Version: 2.3.2-2
SHA256: 44

Package: sendmail-bin
Source: sendmail
Version: 8.18-1
SHA256: 55
"""
DEBIAN = parse(LISTS)
SOURCES = frozenset({"sudo", "exim4", "acl", "sendmail"})


@pytest.fixture
def debian(world: World) -> World:
    """The distribution has some packages."""

    def ask(_target: Target, asked: Collection[str]) -> Known:
        return Known(tuple(one for one in DEBIAN if one.name in asked), SOURCES & frozenset(asked))

    world.publisher = dataclasses.replace(world.publisher, distribution=ask)
    return world


def publish(world: World, control: str = "", source: str = "greet", package: str = "", **other: str) -> str:
    """Publishes a build whose package says this of itself."""
    version = "1.0-1" if other.get("pipeline") == "gate" else GOOD
    inputs = world.inputs(**other)
    folder = world.build(inputs, version, source=source)
    if control or package:
        next(folder.glob("*.deb")).unlink()
        world.deb(folder, source, version, control=control, package=package or source)
    world.say(folder, inputs)
    return world.review(inputs)


def refused(
    world: World, *words: str, control: str = "", source: str = "greet", package: str = "", **other: str
) -> str:
    with pytest.raises(Ended) as ended:
        publish(world, control, source, package, **other)
    assert ended.value.status is Status.FAILED
    assert not repository(world).exists
    for word in words:
        assert word in ended.value.reason
    return ended.value.reason


TAKES = {
    "Provides: sudo": "it would meet the dependencies of others in place of that package",
    "Provides: sudo (= 99:1)": "it would meet the dependencies",
    "Conflicts: sudo": "that package would be removed or kept away",
    "Conflicts: sudo:any": "that package would be removed",
    "Breaks: sudo (<< 99:99)": "apt would remove that package",
    "Breaks: sudo (<= 1.9.16-2)": "apt would remove that package",
    "Breaks: sudo (= 1.9.16-2)": "apt would remove that package",
    "Breaks: sudo (>> 1.9.16-2)": "apt would remove that package",
    "Breaks: sudo (>= 9)": "apt would remove that package",
    "Breaks: sudo (< 1.9.16-2)": "apt would remove that package",
    "Replaces: sudo": "dpkg would write over that package's files",
    "Replaces: aa, sudo (<< 2), bb": "dpkg would write over that package's files",
    "Conflicts: nothing | sudo": "that package would be removed",
    "Conflicts: nothing,\n sudo": "that package would be removed",
}


@pytest.mark.parametrize("how", [{}, GATE], ids=["check", "gate"])
@pytest.mark.parametrize("field", TAKES)
def test_what_takes_the_place_of_a_package_of_the_distribution_is_refused_in_words(
    debian: World, field: str, how: dict[str, str]
) -> None:
    control = f"{field}\n"
    reason = refused(debian, TAKES[field], "sudo belongs to the distribution (trixie)", control=control, **how)
    assert f"greet says '{field.partition(':')[0]}: sudo" in reason
    assert "projects: {packaging/greet: {overrides: [sudo]}}" in reason


@pytest.mark.parametrize(
    "field",
    [
        "Provides: mail-transport-agent",
        "Conflicts: mail-transport-agent",
        "Provides: python3-greet, libjs-greet (= 1)",
        "Breaks: sudo (<< 1.9.16-2)",
        "Breaks: sudo (<< 1.8)\nReplaces: sudo (<< 1.8)",
        "Breaks: sudo (<= 1.9.16-1)",
        "Conflicts: sudo (= 1.9.15-1)",
        "Depends: sudo",
        "Recommends: sudo\nEnhances: sudo\nSuggests: sudo",
        "Replaces: greet (<< 2)\nBreaks: greet (<< 2)\nProvides: greet",
    ],
)
def test_what_takes_nothing_from_anybody_is_published(debian: World, field: str) -> None:
    assert "is published" in publish(debian, f"{field}\n")


@pytest.mark.parametrize(
    ("source", "package"), [("sudo", ""), ("greet", "sudo"), ("greet", "libacl1"), ("exim4", "xx")]
)
@pytest.mark.parametrize("how", [{}, GATE], ids=["check", "gate"])
def test_a_package_of_the_distribution_is_no_others(
    debian: World, source: str, package: str, how: dict[str, str]
) -> None:
    refused(debian, "is not packaging/greet's", "overrides: [", source=source, package=package, **how)


@pytest.mark.parametrize("package", ["sudo-dbgsym", "libacl1-udeb"])
def test_what_is_beside_a_package_of_the_distribution_is_no_others_either(debian: World, package: str) -> None:
    refused(debian, "belongs to the distribution", package=package)


@pytest.mark.parametrize(
    ("source", "package"), [("acl", ""), ("acl", "libacl1"), ("acl", "libacl1-udeb"), ("acl", "xx")]
)
def test_a_project_that_is_called_like_a_source_of_the_distribution_may_build_it(
    debian: World, source: str, package: str
) -> None:
    debian.have_project("packaging/acl")
    assert "is published" in publish(debian, source=source, package=package, project="packaging/acl")


def test_what_the_distributions_own_package_says_may_be_said_by_whoever_may_build_it(debian: World) -> None:
    debian.have_project("packaging/exim4")
    words = {"source": "exim4", "package": "exim4-daemon-light", "project": "packaging/exim4"}
    publish(debian, "Provides: mail-transport-agent\nConflicts: mail-transport-agent, sudo\n", **words)
    publish(debian, "Conflicts: sudo (<< 99)\nBreaks: sendmail-bin (<< 8)\n", **words)
    with pytest.raises(Ended, match=r"says 'Breaks: sendmail-bin \(<< 99\)'"):
        publish(debian, "Breaks: sendmail-bin (<< 99)\n", **words)
    with pytest.raises(Ended, match="says 'Replaces: sudo'"):
        publish(debian, "Replaces: sudo\n", **words)


@pytest.mark.parametrize("name", ["sudo", "acl"])
def test_the_site_file_may_say_that_a_project_takes_a_name(debian: World, name: str) -> None:
    debian.have_project(PROJECT, name)
    taken = {"sudo": "sudo", "acl": "libacl1"}[name]
    assert "is published" in publish(debian, f"Provides: {taken}\nConflicts: {taken}\nReplaces: {taken}\n")
    assert "is published" in publish(debian, package=taken)


@pytest.mark.parametrize("field", ["Provides", "Conflicts", "Breaks", "Replaces"])
def test_what_takes_the_place_of_another_projects_package_is_refused(debian: World, field: str) -> None:
    debian.publish(debian.entry("wordcount", "2.0-1"))
    owner = "wordcount belongs to packaging/wordcount, which released it first"
    reason = refused(debian, owner, control=f"{field}: wordcount\n")
    assert "overrides: [wordcount]" in reason
    if field != "Provides":
        assert "is published" in publish(debian, f"{field}: wordcount (<< 2.0-1)\n")


def test_a_project_keeps_what_it_released_before_the_distribution_had_it(debian: World) -> None:
    debian.publish(debian.entry("acl", "1.0"))  # of packaging/acl
    with pytest.raises(Ended, match="belongs to packaging/acl, which released it first"):
        publish(debian, source="acl", project=OTHER)


@pytest.mark.parametrize("how", [{}, GATE], ids=["check", "gate"])
def test_a_package_of_a_systems_base_is_one_where_the_distributions_is(debian: World, how: dict[str, str]) -> None:
    debian.have_project("packaging/sudo")
    words = {"source": "sudo", "project": "packaging/sudo", **how}
    assert "is published" in publish(debian, "Essential: yes\nPriority: required\n", **words)
    with pytest.raises(Ended, match="sudo says 'build-essential: yes' of itself"):
        publish(debian, "Build-Essential: yes\n", **words)


def test_what_a_change_ahead_is_to_release_is_its_projects_already(debian: World) -> None:
    first = debian.inputs(change="4", patchset="1", project=OTHER, **GATE)
    debian.build(first, "2.0-1", source="wordcount")
    debian.review(first)
    inputs = debian.inputs(changes=(("4", "1"), ("5", "2")), ahead=("4-Zgate",), **GATE)
    folder = debian.build(inputs, "1.0-1")
    debian.deb(folder, "greet", "1.0-1", control="Conflicts: wordcount\n")
    debian.say(folder, inputs)
    with pytest.raises(Ended, match="wordcount belongs to packaging/wordcount, of which a change with it is before"):
        debian.review(inputs)


def test_promote_takes_no_name_that_somebody_released_meanwhile(debian: World) -> None:
    publish(debian, **GATE)
    other, folder = debian.entry("greet", "0.1")
    debian.publish((dataclasses.replace(other, project=OTHER), folder))
    with pytest.raises(Ended, match="greet belongs to packaging/wordcount, which released it first"):
        debian.promote(debian.inputs(pipeline="", ref=""))


def test_what_is_asked_of_the_distribution_is_every_name_that_counts(world: World) -> None:
    relations = of_deb({"provides": "aa, bb (= 1)", "breaks": "cc:any (<< 2)"})
    file = File("x", 1, "", "p-dbgsym", "1", "all", "")
    built = Built("src", "1", (file,), {"p-dbgsym": relations})
    assert names(built) == {"src", "p", "p-dbgsym", "aa", "bb", "cc"}


def test_a_base_of_unknown_versions_is_spared_by_no_relation(world: World) -> None:
    project, target = world.settings.projects[PROJECT], world.settings.targets["trixie"]
    known = Known((Package("libc6", "", "glibc"),))
    built = Built("greet", "1", (), {"greet": of_deb({"breaks": "libc6 (<< 1)"})})
    with pytest.raises(Ended, match="libc6 belongs to the distribution"):
        check(project, target, built, world.released.manifest(), known)
