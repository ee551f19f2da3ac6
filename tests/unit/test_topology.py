"""The picture of a site."""

from collections.abc import Callable
from pathlib import Path

from pkgci.model.load import load_site
from pkgci.model.site import Site
from pkgci.topology import SITE, dot, mermaid, topology
from tests.unit.conftest import SITE as SITE_TEXT


def test_every_host_stands_in_the_picture_with_its_roles(site: Site) -> None:
    lines = {node.id: node.lines for node in topology(site).nodes if node.ours}
    assert list(lines) == [host.name for host in site.hosts]
    assert lines["log01"] == ("log01", "log_server", "monitoring")


def test_a_flow_is_an_edge_with_its_ports(site: Site) -> None:
    edges = {(edge.source, edge.target): edge.ports for edge in topology(site).edges}
    assert edges["jenkins01", "zuul01"] == ("gearman 4730",)
    assert edges["world", "pub01"] == ("https 443", "http 80")
    assert ("build01", "systest01") not in edges


def test_what_all_hosts_share_is_one_edge(site: Site) -> None:
    edges = {(edge.source, edge.target): edge.ports for edge in topology(site).edges}
    assert edges["management", SITE] == ("ssh 22", "ssh 2222")
    assert ("management", "zuul01") not in edges
    assert edges[SITE, "resolvers"] == ("dns 53",)


def test_mermaid_and_graphviz_draw_the_same(site: Site) -> None:
    picture = topology(site)
    assert mermaid(picture, "test").count("-->|") == dot(picture, "test").count(" -> ") == len(picture.edges)


def test_names_are_no_words_of_the_languages(site: Site) -> None:
    text = mermaid(topology(site), 'a "site"')
    assert "subgraph site [\"a 'site'\"]" in text
    assert 'n0_zuul01["zuul01<br>zuul"]' in text


def test_a_host_that_is_called_like_a_place_is_another_node(write_site: Callable[[str], Path]) -> None:
    usual = topology(load_site(write_site(SITE_TEXT)))
    renamed = topology(load_site(write_site(SITE_TEXT.replace("jenkins01", "world"))))
    assert [len(node.lines) for node in renamed.nodes] == [len(node.lines) for node in usual.nodes]
    assert [edge.ports for edge in renamed.edges] == [edge.ports for edge in usual.edges]
    assert len({node.id for node in renamed.nodes}) == len(renamed.nodes)
    assert mermaid(renamed, "test").count("-->|") == dot(renamed, "test").count(" -> ") == len(renamed.edges)
