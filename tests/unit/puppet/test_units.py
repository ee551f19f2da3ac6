"""What Puppet writes for systemd, and that systemd hears of it; and what does not run without the packet filter."""

from __future__ import annotations

import pytest

from pkgci.model.roles import SUBORDINATE_IDS
from pkgci.servers.accounts import accounts
from tests.unit.puppet.conftest import Catalog

FOLDER = "/etc/systemd/system/"
FIREWALL = "pkgci-firewall.service"
# What listens to others, on every host that has it: SSH alone must be reached whatever happens.
REACHED = {"geard", "zuul-server", "jenkins", "apache2", "prometheus", "prometheus-node-exporter"}


def test_systemd_reads_every_unit_and_drop_in_again_when_it_changes(lab: dict[str, Catalog], one: Catalog) -> None:
    for catalog in (*lab.values(), one):
        files = [
            title for title, values in catalog.all("File").items() if title.startswith(FOLDER) and "content" in values
        ]
        assert files
        for title in files:
            told = catalog.get("Exec", f"have systemd read {title.removeprefix(FOLDER)}")
            assert told["command"] == "systemctl daemon-reload" and f"File[{title}]" in str(told["require"])
            # Also where the run that wrote the file ended before systemd was told.
            assert "NeedDaemonReload" in str(told["onlyif"]) and "refreshonly" not in told


def test_a_service_is_started_anew_with_its_unit(one: Catalog) -> None:
    for name in ("geard", "zuul-server", "zuul-merger", "zuul-queue"):
        assert one.get("Systemd_unit", f"{name}.service")["notify"] == f"Service[{name}]"


def test_a_timer_takes_new_times_and_its_work_a_new_command(one: Catalog) -> None:
    timers = one.all("Systemd_unit::Timer")
    assert {"prune-logs", "pkgci-prune", "clear-zuul-refs", "clean-workspaces", "pkgci-chroots@build"} <= set(timers)
    for name in timers:
        service = one.get("Service", f"{name}.timer")
        assert service["enable"] in (True, "true") and service["subscribe"] == f"Systemd_unit[{name}.timer]"
        assert service["require"] == f"Systemd_unit[{name}.service]"


def test_what_others_reach_does_not_run_without_the_packet_filter(lab: dict[str, Catalog], one: Catalog) -> None:
    for catalog in (*lab.values(), one):
        needing = set(catalog.all("Packet_filter::Needed_by"))
        assert needing == {name for name in REACHED if _runs(catalog, name)}
        for name in needing:
            text = str(catalog.get("File", f"{FOLDER}{name}.service.d/pkgci-firewall.conf")["content"])
            assert f"Requires={FIREWALL}\nAfter={FIREWALL}\n" in text
    assert set(one.all("Packet_filter::Needed_by")) == REACHED


def _runs(catalog: Catalog, name: str) -> bool:
    if name == "apache2":
        return catalog.has("Class", "Apache")
    return catalog.has("Service", name)


@pytest.mark.parametrize(
    ("host", "port", "networks"),
    [
        ("zuul01", 22, "198.18.1.1/32"),
        ("build01", 22, "198.18.1.1/32, 198.18.1.11/32"),
        ("install01", 2222, "198.18.1.1/32"),
    ],
)
def test_without_rules_that_load_only_the_operator_gets_in(
    lab: dict[str, Catalog], host: str, port: int, networks: str
) -> None:
    closed = str(lab[host].get("File", "/usr/local/lib/pkgci-firewall/closed.nft")["content"])
    assert "policy drop;" in closed
    opened = [line.strip() for line in closed.splitlines() if "dport" in line and "547" not in line]
    assert opened == [f'ip saddr {{ {networks} }} tcp dport {port} accept comment "management"']


def test_the_packet_filter_is_loaded_by_a_program_that_falls_back_and_never_by_nothing(one: Catalog) -> None:
    unit = str(one.get("Systemd_unit", FIREWALL)["content"])
    assert "ExecStart=/usr/local/sbin/pkgci-firewall start\n" in unit
    assert "ExecReload=/usr/local/sbin/pkgci-firewall reload\n" in unit
    loads = one.get("Exec", "load the packet filter")
    assert loads["command"] == f"systemctl reload-or-restart {FIREWALL}", "what needs it must not be started anew"
    assert "/var/lib/pkgci-firewall/degraded" in str(loads["unless"])


def test_the_catalogue_knows_every_account_that_puppet_makes(lab: dict[str, Catalog], one: Catalog) -> None:
    for catalog in (*lab.values(), one):
        made = {*catalog.all("User"), *catalog.all("Group")} - {"root", "kvm", "www-data"}
        known = accounts(catalog.site, catalog.host)
        assert made == {*known.made, *known.groups}, catalog.host.name


def test_the_catalogue_knows_the_identities_of_builds_and_tests(one: Catalog) -> None:
    line = one.get("File_line", "/etc/subuid: jenkins-agent")["line"]
    assert line == f"jenkins-agent:{SUBORDINATE_IDS.start}:{len(SUBORDINATE_IDS)}"
