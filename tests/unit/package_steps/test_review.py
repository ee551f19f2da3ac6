"""What a test believes of the publisher, and the repositories that it uses."""

from __future__ import annotations

import email.message
import io
import json
import urllib.error
from pathlib import Path
from typing import Any

import pytest
from pkgci_steps import review, web
from pkgci_steps.inputs import Inputs
from pkgci_steps.settings import Repository, Settings, Target
from pkgci_steps.status import Ended, Status

URL = "https://pub.example.org/packages/"
FILE = {
    "name": "greet_1.0~c7.1_amd64.deb",
    "size": 10,
    "sha256": "a" * 64,
    "package": "greet",
    "version": "1.0~c7.1",
    "architecture": "amd64",
    "source": "greet",
}
DEB, RPM = Target("trixie", "deb", "trixie"), Target("el9", "rpm", "trixie")
SETTINGS = Settings(
    site="site",
    repository=Repository(URL, Path("/release.asc"), Path("/review.asc")),
    targets={"trixie": DEB, "el9": RPM},
    projects={},
)


def inputs(**words: Any) -> Inputs:
    given = {"project": "p/greet", "target": "trixie", "change": "7", "ref": "refs/zuul/main/Z1", **words}
    return Inputs(Path("/out"), **given)


def document(**words: Any) -> bytes:
    return json.dumps(
        {"project": "p/greet", "target": "trixie", "build_id": "Z1", "files": [{**FILE, **words}]}
    ).encode()


def test_a_test_knows_exactly_what_its_own_run_published() -> None:
    asked: list[str] = []

    def read(url: str) -> bytes:
        asked.append(url)
        return document()

    build = review.published(inputs(), SETTINGS, read)
    assert asked == [f"{URL}review/7/builds/Z1/trixie.json"]
    assert [(file.package, file.version) for file in build.binaries()] == [("greet", "1.0~c7.1")]
    review.published(inputs(group="both"), SETTINGS, read)
    assert asked[1] == f"{URL}review/group-both/builds/Z1/trixie.json"
    review.published(inputs(group="both", pipeline="gate"), SETTINGS, read)
    assert asked[2] == f"{URL}gate/7-Z1/builds/Z1/trixie.json"


@pytest.mark.parametrize(
    "words",
    [
        {"name": "../greet.deb"},
        {"package": "-o=Dir::Bin"},
        {"version": "1.0 -o"},
        {"version": "$(id)"},
        {"sha256": "a"},
        {"size": "10"},
        {"size": -1},
        {"architecture": None},
    ],
)
def test_a_list_with_a_word_that_is_no_name_is_not_believed(words: dict[str, Any]) -> None:
    with pytest.raises(Ended, match="is not a list of published packages") as caught:
        review.published(inputs(), SETTINGS, lambda url: document(**words))
    assert caught.value.status is Status.INFRASTRUCTURE


def test_a_list_of_another_build_is_not_believed() -> None:
    with pytest.raises(Ended, match="is of p/greet, trixie, Z1"):
        review.published(inputs(project="p/other"), SETTINGS, lambda url: document())


def test_without_a_list_nothing_was_published_and_that_is_nobodys_pass() -> None:
    with pytest.raises(Ended, match="nothing was published") as caught:
        review.published(inputs(), SETTINGS, lambda url: None)
    assert caught.value.status is Status.INFRASTRUCTURE


def test_sources_and_debugging_symbols_are_not_installed() -> None:
    files = [
        review.File("greet_1.dsc", 1, "a" * 64, "greet", "1", "source", "greet"),
        review.File("greet-dbgsym_1_amd64.deb", 1, "a" * 64, "greet-dbgsym", "1", "amd64", "greet"),
        review.File("greet-1-1.src.rpm", 1, "a" * 64, "greet", "1-1", "src", "greet"),
        review.File("greet-1-1.noarch.rpm", 1, "a" * 64, "greet", "1-1", "noarch", "greet"),
        review.File("hello-dbgsym_1_amd64.ddeb", 1, "a" * 64, "hello-dbgsym", "1", "amd64", "greet"),
        review.File("hello-udeb_1_amd64.udeb", 1, "a" * 64, "hello-udeb", "1", "amd64", "greet"),
        review.File("lib-debuginfo-1-1.x86_64.rpm", 1, "a" * 64, "lib-debuginfo", "1-1", "x86_64", "greet"),
    ]
    build = review.Build("p/greet", "el9", "Z1", tuple(files))
    assert [file.name for file in build.binaries()] == ["greet-1-1.noarch.rpm"]
    # They are in the world of the change all the same; what is an installer's is in a world of its own.
    assert [file.package for file in build.packages()] == ["greet", "greet-dbgsym", "hello-dbgsym", "lib-debuginfo"]


GATE = {
    f"{URL}gate/7-Z1/deb/dists/trixie/InRelease": b"Origin: site\nLabel: site-gate-7-Z1\nCodename: trixie\n",
    f"{URL}gate/5-Z3/deb/dists/trixie/InRelease": b"Origin: site\nLabel: site-gate-5-Z3\n",
    f"{URL}deb/dists/trixie/InRelease": b"Origin: site\nLabel: site\n",
}
GATED = {"pipeline": "gate", "changes": (("4", "1"), ("5", "2"), ("7", "1")), "ahead": ("4-Z2", "5-Z3")}


def test_own_packages_go_before_those_of_changes_ahead_and_these_before_released_ones() -> None:
    found = review.repositories(inputs(**GATED), SETTINGS, GATE.get)
    assert [item.name for item in found] == ["gate-7-Z1", "gate-5-Z3", "released"]
    assert review.apt_preferences(found, DEB).split("\n\n")[0] == (
        "Package: *\nPin: release o=site,l=site-gate-7-Z1,n=trixie\nPin-Priority: 1003"
    )
    ranks = [item.rank for item in found]
    assert ranks == sorted(ranks, reverse=True)
    assert (
        "URIs: https://pub.example.org/packages/gate/5-Z3/deb/\nSuites: trixie\nComponents: main\n"
        "Signed-By: /etc/pkgci/repository/review.asc\n"
    ) in review.apt_sources(found, DEB)
    assert "Signed-By: /etc/pkgci/repository/release.asc" in review.apt_sources(found, DEB)


@pytest.mark.parametrize("pipeline", ["gate", "republish"])
@pytest.mark.parametrize("target", ["trixie", "el9"])
def test_a_release_build_and_its_tests_read_nothing_that_check_published(pipeline: str, target: str) -> None:
    asked: list[str] = []

    def everything_is_there(url: str) -> bytes:
        asked.append(url)
        return b""

    told = inputs(**{**GATED, "pipeline": pipeline, "target": target, "group": "both"})
    tested = review.repositories(told, SETTINGS, everything_is_there)
    built = review.beside(told, SETTINGS, everything_is_there)
    assert [item.name for item in tested] == ["gate-7-Z1", "gate-5-Z3", "gate-4-Z2", "released"]
    assert [item.name for item in built] == ["gate-5-Z3", "gate-4-Z2", "released"]
    assert not [url for url in asked if "/review/" in url]


def test_check_reads_nothing_that_the_gate_built_before_its_release() -> None:
    asked: list[str] = []
    review.repositories(inputs(ahead=("4-Z2",)), SETTINGS, lambda url: asked.append(url) or b"")
    assert asked and not [url for url in asked if "/gate/" in url]


def test_dnf_checks_every_package_and_every_list() -> None:
    found = review.repositories(inputs(target="el9"), SETTINGS, lambda url: b"")
    text = review.dnf_repo(found, "/ca.crt")
    assert text.count("gpgcheck=1\nrepo_gpgcheck=1") == 2
    assert "mirrorlist=https://pub.example.org/packages/review/7/rpm/el9/mirrorlist" in text
    assert text.index("priority=10") < text.index("priority=23")
    assert "includepkgs" not in text


def test_an_empty_released_repository_is_left_out() -> None:
    found = review.repositories(inputs(), SETTINGS, lambda url: b"" if "/review/" in url else None)
    assert [item.name for item in found] == ["review-7"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (urllib.error.HTTPError(URL, 503, "Busy", email.message.Message(), io.BytesIO()), "the answer is 503 Busy"),
        (urllib.error.URLError("no route"), "no route"),
        (TimeoutError("timed out"), "timed out"),
    ],
)
def test_a_publisher_that_does_not_answer_is_infrastructure(
    monkeypatch: pytest.MonkeyPatch, error: OSError, said: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(web.urllib.request, "urlopen", fail)
    monkeypatch.setattr(web.time, "sleep", lambda seconds: None)
    with pytest.raises(Ended, match=said) as caught:
        web.fetch(URL)
    assert caught.value.status is Status.INFRASTRUCTURE
