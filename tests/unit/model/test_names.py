"""A host's name is a name and nothing else: not a place, a role, or a word of ours, whatever it is."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from pkgci.connectivity.matrix import assumed_operator, host_vantages, matrix
from pkgci.model.document import DocumentError
from pkgci.model.flows import Place
from pkgci.model.load import load_site
from pkgci.model.roles import Role
from pkgci.model.site import Site
from pkgci.render.hiera import Placeholders, Renderer
from pkgci.servers.order import PeerKind, order
from pkgci.servers.text import data
from pkgci.topology import topology
from tests.unit.conftest import ALICE, SITE

Write = Callable[[str], Path]

# Places, roles, words of the site file and of our own output, as far as they can be host names at all.
WORDS = sorted(
    {
        re.sub("[^a-z0-9]+", "-", word).strip("-")
        for word in (
            *(place.value for place in Place),
            *Role,
            *("all", "any", "site", "the-site", "hosts", "host", "operator", "this-machine", "localhost", "world"),
            *("common", "settings", "hiera", "roles", "end", "null", "true", "no", "0", "22", "everybody", "internet"),
        )
    }
)


def renamed(write_site: Write, old: str, new: str) -> Site:
    return load_site(write_site(SITE.replace(f"jump: {old}", f"jump: '{new}'").replace(old, new)))


def firewalls(site: Site) -> list[object]:
    """What packet filters are told of who may connect, without the reasons, which name hosts."""
    renderer, found = Renderer(site), []
    # Behind the jump host, and reached by it as what it is.
    for name in ("build01", "zuul01"):
        told = yaml.safe_load(renderer.render(site.host(name), Placeholders()).files["data/common.yaml"])
        rules = [(rule["networks"], rule["protocol"], rule["port"]) for rule in told["profile::firewall::rules"]]
        found.append((rules, told["profile::firewall::management"], told.get("profile::firewall::jobs")))
    return found


@pytest.fixture(scope="module")
def usual_firewalls(tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    folder = tmp_path_factory.mktemp("usual")
    (folder / "keys").mkdir()
    (folder / "keys/alice.pub").write_text(ALICE)
    (folder / "site.yaml").write_text(SITE)
    return firewalls(load_site(folder / "site.yaml"))


@pytest.mark.parametrize("word", WORDS)
def test_a_jump_host_may_have_any_name(write_site: Write, usual_firewalls: list[object], word: str) -> None:
    usual = load_site(write_site(SITE))
    site = renamed(write_site, "jenkins01", word)
    names = {host.name: word if host.name == "jenkins01" else host.name for host in usual.hosts}

    for item, other in zip(order(usual).servers, order(site).servers, strict=True):
        for side in ("inbound", "outbound"):
            expected = [
                (one.port, [(p.kind, names.get(p.name, p.name)) for p in one.peers]) for one in getattr(item, side)
            ]
            assert [(one.port, [(p.kind, p.name) for p in one.peers]) for one in getattr(other, side)] == expected
    build = next(item for item in data(order(site))["servers"] if item["host"] == "build01")
    assert all("anywhere" not in flow["peers"] for flow in build["inbound"])

    assert firewalls(site) == usual_firewalls

    def checks(of: Site, names: dict[str, str]) -> list[object]:
        found = matrix(of, [*host_vantages(of), assumed_operator(of, frozenset({4, 6}))])
        return [
            (c.vantage.kind, names.get(c.vantage.name), names[c.target], c.address, c.port_number, c.expected)
            for c in found.port_checks
        ]

    assert checks(site, {new: new for new in names.values()}) == checks(usual, names)

    assert [len(node.lines) for node in topology(site).nodes] == [len(node.lines) for node in topology(usual).nodes]
    assert [edge.ports for edge in topology(site).edges] == [edge.ports for edge in topology(usual).edges]


def test_only_the_world_is_anywhere(write_site: Write) -> None:
    site = renamed(write_site, "jenkins01", "world")
    for item in order(site).servers:
        for one in (*item.inbound, *item.outbound):
            in_words = [peer for peer in one.peers if peer.kind is PeerKind.PLACE]
            assert in_words == [peer for peer in one.peers if " " in peer.name or peer.name == "anywhere"]
        public = any("anywhere" in map(str, one.peers) for one in item.inbound)
        assert public == item.host.public


@pytest.mark.parametrize("word", ["outside", "anywhere"])
def test_a_name_that_output_uses_for_something_else_is_refused_in_words(write_site: Write, word: str) -> None:
    with pytest.raises(DocumentError, match=f"host '{word}'.*taken"):
        renamed(write_site, "jenkins01", word)


def test_no_text_is_a_place() -> None:
    assert not any(place == place.value for place in Place)


def test_a_slave_is_not_called_like_the_label_of_others(write_site: Write) -> None:
    """Jenkins takes a node's name for one of its labels: jobs of the publisher would run on such a build slave."""
    with pytest.raises(DocumentError, match=r"site.yaml:\d+:\d+: host 'publisher'.*label") as caught:
        renamed(write_site, "build01", "publisher")
    assert len(caught.value.faults) == 1


@pytest.mark.parametrize("host", ["pub01", "zuul01"])
def test_a_label_is_the_name_of_who_has_it_or_of_a_host_without_jobs(write_site: Write, host: str) -> None:
    site = renamed(write_site, host, "publisher")
    assert json.dumps(data(order(site))).count('"host": "publisher"') == 1
