"""The order: what the IT department reads."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from pkgci.cli.main import pkgci
from pkgci.model.load import load_site
from pkgci.model.roles import Kind
from pkgci.model.site import Site
from pkgci.servers.order import Connection, Peer, PeerKind, Server, order
from pkgci.servers.text import csv_text, data, markdown
from tests.unit.conftest import SITE

OPENSTACK = Path(__file__).parents[3] / "examples/openstack/site.yaml"


def server(site: Site, name: str) -> Server:
    return next(item for item in order(site).servers if item.host.name == name)


def connection(connections: tuple[Connection, ...], port: int, peer: str) -> Connection:
    return next(item for item in connections if item.port == port and peer in map(str, item.peers))


def test_the_openstack_example_orders_the_specifications_own_table() -> None:
    text = markdown(order(load_site(OPENSTACK)))
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if "|" in line]
    assert table[2:9] == [
        ["zuul01", "zuul", "VM", "2", "4 GB", "100 GB", "yes"],
        ["jenkins01", "jenkins_master", "VM", "2", "4 GB", "100 GB", "yes"],
        ["pub01", "publisher", "VM", "2", "2 GB", "500 GB", "yes"],
        ["log01", "log_server", "VM", "1", "1 GB", "100 GB", "yes"],
        ["build01", "slave_build", "hardware", "8", "32 GB", "50 GB", "no"],
        ["install01", "slave_install", "hardware", "8", "32 GB", "20 GB", "no"],
        ["systest01", "slave_systest", "hardware (KVM)", "8", "32 GB", "1500 GB", "no"],
    ]


def test_the_order_reads_well_unrendered_at_80_columns() -> None:
    assert max(len(line) for line in markdown(order(load_site(OPENSTACK))).splitlines()) <= 80


def test_several_roles_on_one_host_add_up(site: Site) -> None:
    text = markdown(order(site))
    assert "| log01     | log_server, monitoring | VM             |   2 |  3 GB |  120 GB | yes    |" in text


def test_totals_are_given_per_kind_and_overall(site: Site) -> None:
    totals = {total.kind: total for total in order(site).totals}
    assert list(totals) == [Kind.VM, Kind.HARDWARE, None]
    assert [totals[kind].count for kind in totals] == [4, 3, 7]
    assert totals[None].resources == totals[Kind.VM].resources + totals[Kind.HARDWARE].resources


def test_a_connection_stands_with_both_of_its_ends(site: Site) -> None:
    into = connection(server(site, "zuul01").inbound, 4730, "jenkins01")
    out = connection(server(site, "jenkins01").outbound, 4730, "zuul01")
    assert into.why == out.why == "Jenkins takes jobs from Zuul"
    assert into.peers == (Peer(PeerKind.HOST, "jenkins01"),)


def test_the_port_of_ssh_is_the_hosts_own(site: Site) -> None:
    assert connection(server(site, "build01").inbound, 2222, "192.0.2.0/24").why == "management"
    assert connection(server(site, "jenkins01").outbound, 2222, "build01")


def test_the_world_outside_is_named(site: Site) -> None:
    assert connection(server(site, "zuul01").outbound, 29418, "review.example.org")
    assert connection(server(site, "pub01").outbound, 53, "DNS resolvers").protocol == "udp"


def test_a_host_does_not_connect_to_itself(write_site: Callable[[str], Path]) -> None:
    head, _, tail = SITE.partition("  zuul01:")
    roles = "[zuul, jenkins_master, publisher, log_server, monitoring, slave_build, slave_install, slave_systest]"
    site = load_site(
        write_site(
            head
            + f"  all01: {{roles: {roles}, jobs_beside: [zuul, jenkins_master, publisher], address: 203.0.113.10}}\n"
            + tail[tail.index("gerrit:") :]
        )
    )
    alone = server(site, "all01")
    assert not any("all01" in map(str, item.peers) for item in (*alone.inbound, *alone.outbound))
    assert all(item.peers for item in (*alone.inbound, *alone.outbound))
    assert "zuul + 7" in markdown(order(site))


def test_csv_has_one_row_for_each_server(site: Site) -> None:
    rows = list(csv.DictReader(io.StringIO(csv_text(order(site)))))
    assert [row["host"] for row in rows] == [host.name for host in site.hosts]
    assert rows[3]["memory_mb"] == "3000"
    assert rows[1]["addresses"] == "203.0.113.11 2001:db8:1::11"
    assert "TCP 4730 jenkins01 (Jenkins takes jobs from Zuul)" in rows[0]["inbound"]


def test_json_says_the_same(site: Site) -> None:
    servers = data(order(site))["servers"]
    assert servers[6] | {"inbound": [], "outbound": []} == {
        "host": "systest01",
        "roles": ["slave_systest"],
        "kind": "hardware",
        "cpu": 8,
        "memory_mb": 32000,
        "disk_gb": 1500,
        "disk_paths": ["/srv"],
        "kvm": True,
        "os": "debian-13",
        "public": False,
        "dns": "systest01.pkg.example.org",
        "aliases": [],
        "addresses": ["10.20.0.23"],
        "inbound": [],
        "outbound": [],
    }


@pytest.mark.parametrize("arguments", [["--dns", "--json"], ["--json", "--format", "csv"]])
def test_options_that_contradict_each_other_are_refused(arguments: list[str]) -> None:
    from pkgci.cli.main import run

    assert run(["order-servers", "--site", str(OPENSTACK), *arguments]) == 2


def test_the_order_can_be_written_to_a_file(tmp_path: Path) -> None:
    path = tmp_path / "order.md"
    result = CliRunner().invoke(pkgci, ["order-servers", "--site", str(OPENSTACK), "--output", str(path)])
    assert result.exit_code == 0
    assert path.read_text().startswith("# Servers for openstack-packaging\n")
