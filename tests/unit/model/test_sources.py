"""``source:`` of a project: where upstream's files come from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from pkgci.lab.stand_ins.furnish import project_files
from pkgci.model.load import load_site
from pkgci.model.packages import step_settings
from pkgci.render.hiera import Placeholders, Renderer
from pkgci.review.wanted import wanted
from tests.unit.conftest import SITE
from tests.unit.model.test_load import faults

Write = Callable[[str], Path]
SUM = "0" * 64
PROJECT = "{targets: [trixie, el9]"


def site_with(source: str) -> str:
    return SITE.replace(PROJECT, f"{PROJECT}, source: {source}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("auto", {"kind": "auto"}),
        ("tree", {"kind": "tree"}),
        ("git-buildpackage", {"kind": "git-buildpackage"}),
        ("tarball", {"kind": "tarball"}),
        (
            f"{{tarball: {{url: 'https://example.org/a.tar.gz', sha256: '{SUM}'}}}}",
            {"kind": "tarball", "url": "https://example.org/a.tar.gz", "sha256": SUM},
        ),
        ("{project: openstack/pbr}", {"kind": "project", "project": "openstack/pbr"}),
        (
            "{project: openstack/pbr, branch: master}",
            {"kind": "project", "project": "openstack/pbr", "branch": "master"},
        ),
    ],
)
def test_the_hosts_are_told_where_a_projects_files_come_from(
    write_site: Write, text: str, words: dict[str, str]
) -> None:
    site = load_site(write_site(site_with(text)))
    told = step_settings(site, site.host("build01"), lambda name: [])
    assert told["projects"]["packaging/hello"]["source"] == words


def test_a_project_that_does_not_say_it_is_looked_into(write_site: Write) -> None:
    assert load_site(write_site(SITE)).projects["packaging/hello"].source == "auto"


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("tre", "tre}", "unknown source 'tre' (did you mean 'tree'?)"),
        ("[tree]", "[tree]", "'source': a source is 'auto', 'tree'"),
        ("project", "project}", "'source': a source is 'auto', 'tree'"),
        ("{tarbal: {}}", "{tarbal:", "'source': a source is 'auto', 'tree'"),
        ("{tarball: {}, project: a}", "{tarball: {}, ", "'source': a source is 'auto', 'tree'"),
        ("{project: a, brunch: b}", "brunch", "unknown key 'brunch' (did you mean 'branch'?)"),
        ("{project: 'a b'}", "'a b'", "'a b' is not a valid project name"),
        ("{tarball: {url: 'https://x/'}}", "tarball:", "missing key 'sha256' in 'projects.packaging/hello.source."),
        ("{tarball: {url: 'https://x/', sha265: a}}", "sha265", "unknown key 'sha265' (did you mean 'sha256'?)"),
        ("{tarball: {url: 'https://x/y', sha256: a1}}", "a1}", "'a1' is not a SHA-256 checksum"),
        ("{tarball: {url: x, sha256: a}}", "x, ", "'x' is not a web address: write https://HOST/PATH"),
        (
            f"{{tarball: {{url: 'https://x:99999/y', sha256: '{SUM}'}}}}",
            "'https://x:9",
            "'https://x:99999/y' is not a web address",
        ),
    ],
)
def test_a_source_that_is_none_is_refused_where_it_stands(
    write_site: Write, text: str, place: str, message: str
) -> None:
    whole = site_with(text)
    before = whole[: whole.index(place, whole.index("source: "))]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    found = faults(write_site(whole))
    assert any(fault.startswith(f"{line}:{column}: {message}") for fault in found), found


def test_an_upstream_project_is_one_of_the_sites_and_each_is_built_with_the_other(write_site: Write) -> None:
    site = load_site(write_site(site_with("{project: openstack/pbr, branch: master}")))
    assert site.repositories == ("packaging/hello", "openstack/pbr")
    assert site.built_together == {
        "packaging/hello": {"openstack/pbr": "master"},
        "openstack/pbr": {"packaging/hello": None},
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{project: packaging/hello}", "the project 'packaging/hello' cannot be its own upstream"),
        ("{project: openstack/pbr}, own_steps: true", "an upstream project cannot be combined with own_steps"),
    ],
)
def test_an_upstream_that_a_project_cannot_have_is_refused(write_site: Write, text: str, message: str) -> None:
    assert any(message in fault for fault in faults(write_site(site_with(text))))


@pytest.mark.parametrize(
    ("first", "second", "is_refused"),
    [
        ("", "", True),
        ("", ", branch: a", True),
        (", branch: a", ", branch: a", True),
        (", branch: a", ", branch: b", False),
    ],
)
def test_two_packages_of_one_upstream_for_one_target_need_branches_of_their_own(
    write_site: Write, first: str, second: str, is_refused: bool
) -> None:
    more = "".join(
        f"  packaging/{name}: {{targets: [trixie], source: {{project: openstack/greet{branch}}}}}\n"
        for name, branch in (("one", first), ("two", second))
    )
    if not is_refused:
        load_site(write_site(SITE + more))
        return
    (fault,) = faults(write_site(SITE + more))
    assert "'packaging/one' is made of openstack/greet for trixie, too" in fault


def test_the_review_the_merger_and_the_lab_know_the_upstream_project(write_site: Write) -> None:
    site = load_site(write_site(site_with("{project: upstream/hostnote, branch: master}")))
    assert wanted(site, None).projects == ("packaging/hello", "upstream/hostnote")
    data = Renderer(site).render(site.host("zuul01"), Placeholders())
    told = yaml.safe_load(data.files["data/roles/zuul.yaml"])["profile::zuul::together"]
    assert told == {"packaging/hello": {"upstream/hostnote": "master"}, "upstream/hostnote": {"packaging/hello": None}}
    assert any(path.endswith("/projects/upstream/hostnote/Makefile") for path in project_files(site))


@pytest.mark.parametrize(
    ("own", "is_refused"),
    [("targets: [trixie]", True), ("targets: [el9]", False), ("targets: [trixie], own_steps: true", False)],
)
def test_an_upstream_that_is_a_package_itself_is_not_built_twice_for_a_target(
    write_site: Write, own: str, is_refused: bool
) -> None:
    more = (
        "  packaging/greet: {targets: [trixie], source: {project: openstack/greet, branch: main}}\n"
        f"  greet: {{repository: openstack/greet, {own}}}\n"
    )
    text = "zuul: {trust: {accounts: [alice]}}\n" + SITE + more
    if not is_refused:
        load_site(write_site(text))
        return
    (fault,) = faults(write_site(text))
    assert "'greet' is made of openstack/greet for trixie, too: a change of that would be built twice" in fault
