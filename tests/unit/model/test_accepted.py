"""What ``validate`` accepts, every later command takes; what it refuses, it refuses in words, with place and hint."""

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, note, settings

from pkgci.connectivity.matrix import assumed_operator, host_vantages, matrix
from pkgci.jobs.render import render_jobs
from pkgci.model.document import DocumentError
from pkgci.model.load import load_site, load_strictly
from pkgci.model.rules import external, inbound, listening, way_in
from pkgci.model.site import Site
from pkgci.pipelines.layout import render
from pkgci.puppetrun.plan import own_tree, plan_text
from pkgci.rehearsal import check_files
from pkgci.render.hiera import Placeholders, Renderer
from pkgci.render.needs import Needs
from pkgci.review.wanted import wanted
from pkgci.secrets.needs import needs
from pkgci.servers.order import order
from pkgci.servers.text import csv_text, data, markdown
from pkgci.servers.zone import zone_text
from pkgci.topology import dot, mermaid, topology
from tests.unit.conftest import ALICE
from tests.unit.model import generated
from tests.unit.model.odd import examples

TREE = own_tree()
NEEDS = Needs.read(TREE.module_folders)
PLACE = re.compile(r"^.+:\d+:\d+: .{5,}$")


def use(site: Site) -> None:
    """All that commands make of a site before they reach a host."""
    renderer = Renderer(site)
    for host in site.hosts:
        found = renderer.render(host, Placeholders())
        NEEDS.check(found)
        for text in found.files.values():
            yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        plan_text(site, host, TREE, run="r", data="d", noop=True)
        assert inbound(site, host) and way_in(site, host)
        external(site, host), listening(site, host)
    names = {job.name for job in render_jobs(site)}
    if site.gerrit is not None:
        assert names >= {job["name"] for job in render(site).data["jobs"] if job["name"][0] != "^"} - {"noop"}
        wanted(site, None)
    ordered = order(site)
    markdown(ordered), csv_text(ordered), data(ordered), zone_text(site), needs(site)
    picture = topology(site)
    mermaid(picture, site.name), dot(picture, site.name)
    matrix(site, [*host_vantages(site), assumed_operator(site, frozenset({4, 6}))])


@pytest.mark.parametrize("example", examples(), ids=lambda path: path.parent.name)
def test_every_example_is_accepted_and_can_be_used(example: Path) -> None:
    loaded = load_strictly(example)
    check_files(loaded)
    if loaded.site.manifests is None:
        use(loaded.site)


@settings(
    max_examples=40,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(made=generated.sites())
def test_what_is_accepted_can_be_used_and_what_is_refused_has_a_place(made: generated.Site, tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir(exist_ok=True)
    (tmp_path / "keys/alice.pub").write_text(ALICE)
    path = tmp_path / "site.yaml"
    path.write_text(yaml.safe_dump(made, sort_keys=False, allow_unicode=True))
    note(path.read_text())
    try:
        site = load_site(path)
    except DocumentError as error:
        assert error.hint
        assert all(PLACE.match(line) for line in error.message.splitlines()), error.message
        assert not re.search(r"\\[wsd]|\[\^|\(\?|should match|valid (string|integer)", error.message), error.message
        return
    use(site)
