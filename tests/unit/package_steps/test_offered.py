"""What of a review repository a build and its tests in check use, and what they never do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pkgci_steps import review
from pkgci_steps.inputs import Inputs
from pkgci_steps.repository.manifest import Entry, File, Manifest
from pkgci_steps.settings import Repository, Settings, Target
from pkgci_steps.status import Ended, Status

URL = "https://pub.example.org/packages/"
DEB, RPM = Target("trixie", "deb", "trixie"), Target("el9", "rpm", "trixie")
SETTINGS = Settings("site", Repository(URL, Path("/r.asc"), Path("/v.asc")), {"trixie": DEB, "el9": RPM}, {})


def file(package: str, version: str, architecture: str = "all") -> File:
    return File(f"{package}_{version}.deb", 1, "a" * 64, package, version, architecture, "a" * 64)


def entry(change: str, patchset: str, *packages: str, owns: tuple[str, ...] = (), target: str = "trixie") -> Entry:
    """What a patch set built, all of it in one version, and its source package."""
    version = f"1-1~c{change}.{patchset}"
    files = (*(file(name, version) for name in packages), file("source-only", version, "source"))
    where = {"project": "p/greet", "change": change, "patchset": patchset, "build_id": "Z1", "published": ""}
    return Entry(
        target, "deb" if target == "trixie" else "rpm", "greet", version, **where, folder="f", files=files, owns=owns
    )


class Publisher:
    """What is read of it: review repositories by their names."""

    def __init__(self, **repositories: tuple[Entry, ...]) -> None:
        self._has: dict[str, bytes] = {}
        for word, entries in repositories.items():
            name = f"{URL}review/{word.lstrip('c').replace('_', '-')}/"
            label = f"Origin: site\nLabel: site-{word}\n".encode()
            self._has[f"{name}deb/dists/trixie/InRelease"] = label
            self._has[f"{name}rpm/el9/repodata/repomd.xml"] = b""
            self._has[f"{name}manifest.json"] = Manifest("2026-03-01T00:00:00", "", (), entries).text().encode()

    def read(self, url: str) -> bytes | None:
        return self._has.get(url)


def inputs(**words: Any) -> Inputs:
    given = {"project": "p/greet", "target": "trixie", "change": "7", "patchset": "2", "pipeline": "check"}
    return Inputs(Path("/out"), **{**given, "ref": "refs/zuul/main/Z1", **words})


def pins(found: tuple[review.Repository, ...]) -> list[tuple[str, str]]:
    """The packages and the priority of each pin."""
    blocks = review.apt_preferences(found, DEB).strip().split("\n\n")
    rows = [dict(line.split(": ", 1) for line in block.splitlines()) for block in blocks]
    return [(row["Package"], row["Pin-Priority"]) for row in rows]


def test_a_build_reads_nothing_that_an_earlier_patch_set_of_its_change_published() -> None:
    publisher = Publisher(c7=(entry("7", "1", "gperf"),))
    assert review.beside(inputs(), SETTINGS, publisher.read) == ()


def test_of_a_change_before_it_a_build_takes_what_nobody_has_and_what_is_its_projects_own() -> None:
    publisher = Publisher(c5=(entry("5", "3", "gperf", "greet", "libgreet1", owns=("greet", "libgreet1")),))
    found = review.beside(inputs(changes=(("5", "3"), ("7", "2"))), SETTINGS, publisher.read)
    # Below the distribution's 500 what anybody may call as he likes; and nothing that is not named.
    assert pins(found) == [("greet libgreet1", "1002"), ("gperf", "400"), ("*", "-1")]


@pytest.mark.parametrize("there", ["2", "4"])
def test_another_patch_set_of_a_change_before_it_than_it_stands_on_is_not_used(there: str) -> None:
    publisher = Publisher(c5=(entry("5", there, "libgreet1"),))
    told = inputs(changes=(("5", "3"), ("7", "2")))
    assert review.beside(told, SETTINGS, publisher.read) == ()


def test_the_tests_use_all_of_their_own_change() -> None:
    publisher = Publisher(c7=(entry("7", "2", "cowsay"),))
    (own,) = review.repositories(inputs(), SETTINGS, publisher.read)
    assert pins((own,)) == [("*", "1003")]


def test_a_build_in_a_group_uses_the_others_packages_and_never_its_own_earlier_ones() -> None:
    mine = entry("7", "1", "gperf", "greet-extra", owns=("gperf",))
    publisher = Publisher(group_big=(mine, entry("6", "1", "greet-extra", "other", owns=("other",))))
    found = review.beside(inputs(group="big"), SETTINGS, publisher.read)
    assert pins(found) == [("greet-extra", "-1"), ("other", "1002"), ("greet-extra", "400"), ("*", "-1")]
    assert found[0].has("greet-extra", "1-1~c6.1") and not found[0].has("greet-extra", "1-1~c7.1")
    assert not found[0].has("gperf", "1-1~c7.1")


def test_the_tests_of_a_group_rank_their_own_packages_before_the_others() -> None:
    publisher = Publisher(
        group_big=(entry("7", "2", "greet"), entry("6", "1", "greet", "other", "more", owns=("other",)))
    )
    found = review.repositories(inputs(group="big"), SETTINGS, publisher.read)
    assert pins(found) == [("greet", "-1"), ("greet", "1003"), ("other", "1002"), ("more", "400"), ("*", "-1")]
    assert [item.is_own for item in found] == [True]


def test_dnf_has_a_repository_for_each_rank_with_the_names_that_it_may_take() -> None:
    rows = (
        entry("7", "1", "gperf", target="el9"),
        entry("6", "1", "gperf", "other", owns=("other",), target="el9"),
        entry("6", "1", "not-for-it"),
    )
    found = review.beside(inputs(group="big", target="el9"), SETTINGS, Publisher(group_big=rows).read)
    text = review.dnf_repo(found, "/ca.crt")
    sections = {part.split("]")[0]: part for part in text.split("[")[1:]}
    assert set(sections) == {"review-group-big", "review-group-big-400"}
    assert "priority=11\nincludepkgs=other\n" in sections["review-group-big"]
    # 99 is the distribution's: the lower goes first.
    assert "priority=613\nincludepkgs=gperf\nexcludepkgs=gperf-1-1~c7.1\n" in sections["review-group-big-400"]


@pytest.mark.parametrize("name", ["-o=Dir::Bin", "a b", "*", "a\nPin: version *", ""])
def test_a_name_that_is_none_is_not_believed(name: str) -> None:
    publisher = Publisher(c5=(entry("5", "3", name),))
    with pytest.raises(Ended, match="is no list of packages") as caught:
        review.beside(inputs(changes=(("5", "3"), ("7", "2"))), SETTINGS, publisher.read)
    assert caught.value.status is Status.INFRASTRUCTURE


def test_a_manifest_of_an_older_publisher_owns_nothing() -> None:
    old = json.loads(Manifest("", "", (), (entry("5", "3", "greet", owns=("greet",)),)).text())
    del old["entries"][0]["owns"]
    publisher = Publisher(c5=())
    publisher._has[f"{URL}review/5/manifest.json"] = json.dumps(old).encode()
    found = review.beside(inputs(changes=(("5", "3"), ("7", "2"))), SETTINGS, publisher.read)
    assert pins(found) == [("greet", "400"), ("*", "-1")]
