"""``groups:`` of a site file: projects whose changes are checked together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from pkgci.model.load import load_site
from pkgci.model.packages import step_settings
from pkgci.render.hiera import Placeholders, Renderer
from tests.unit.conftest import SITE
from tests.unit.model.test_load import faults

Write = Callable[[str], Path]
OWN = "  hello-tools: {repository: packaging/deb/hello-tools, targets: [trixie]}\n"
UPSTREAM = "  packaging/pbr: {targets: [trixie], source: {project: openstack/pbr}}\n"


def site_with(groups: str) -> str:
    return f"{SITE}{OWN}{UPSTREAM}groups: {groups}\n"


def test_the_hosts_and_zuul_are_told_the_groups_with_gerrits_names_of_their_projects(write_site: Write) -> None:
    site = load_site(write_site(site_with("{icehouse: [packaging/hello, hello-tools, openstack/pbr]}")))
    wanted = {"icehouse": ["packaging/hello", "packaging/deb/hello-tools", "openstack/pbr"]}
    told = step_settings(site, site.host("pub01"), lambda name: [])
    assert told["groups"] == wanted
    renderer = Renderer(site)
    layer = renderer.render(site.host("zuul01"), Placeholders()).files["data/roles/zuul.yaml"]
    assert yaml.safe_load(layer)["profile::zuul::groups"] == wanted


def test_without_groups_there_are_none(write_site: Write) -> None:
    assert load_site(write_site(SITE)).groups == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "{icehouse: [packaging/helo]}",
            "there is no project 'packaging/helo' (did you mean 'packaging/hello'?)",
        ),
        ("{ice/house: [packaging/hello]}", "is not a valid group name"),
        ("{ice..house: [packaging/hello]}", "is not a valid group name"),
        ('{"": [packaging/hello]}', "is not a valid group name"),
    ],
)
def test_a_group_that_can_be_none_is_told_with_its_place(write_site: Write, text: str, message: str) -> None:
    found = faults(write_site(site_with(text)))
    assert any(message in fault for fault in found), found
