"""What a host's container is made with."""

from collections.abc import Callable
from ipaddress import IPv4Network

from pkgci.lab.engine import LABEL, CgroupVersion
from pkgci.lab.hosts import Blueprint, make_blueprint
from pkgci.model.site import Site
from tests.unit.lab.conftest import SITE

NETWORK = IPv4Network("198.18.7.0/24")


def blueprint(
    site: Site, name: str, cgroups: CgroupVersion = CgroupVersion.V1, key: str = "ssh-ed25519 A"
) -> Blueprint:
    return make_blueprint(site, site.host(name), "pkgci-lab:x", NETWORK, cgroups, (key,))


def test_a_host_is_named_and_labelled_after_its_lab(site: Site) -> None:
    arguments = blueprint(site, "work").arguments()
    assert arguments["name"] == "pkgci-small-work"
    assert arguments["labels"][LABEL] == "small"


def test_a_host_is_never_privileged(site: Site) -> None:
    for cgroups in CgroupVersion:
        settings = blueprint(site, "work", cgroups).host_settings()
        assert "privileged" not in settings
        assert settings["cap_drop"] == ["ALL"]
        assert "SYS_MODULE" not in settings["cap_add"]


def test_what_a_host_keeps_lies_on_a_disk_that_overlays_can_be_mounted_on(site: Site) -> None:
    assert blueprint(site, "work").arguments()["volumes"] == ["/srv"]


def test_the_machines_control_groups_are_mounted_only_where_they_are_of_version_1(site: Site) -> None:
    assert blueprint(site, "work", CgroupVersion.V1).host_settings()["binds"] == ["/sys/fs/cgroup:/sys/fs/cgroup:rw"]
    new = blueprint(site, "work", CgroupVersion.V2)
    assert "binds" not in new.host_settings()
    assert new.host_settings()["cgroupns"] == "private"


def test_a_host_answers_to_its_dns_name_its_aliases_and_its_name(site: Site) -> None:
    main = blueprint(site, "main")
    assert main.names == ("ci.example.org", "review.example.org", "main")
    assert (main.arguments()["hostname"], main.arguments()["domainname"]) == ("ci", "example.org")


def test_addresses_lead_back_to_the_dns_names_of_the_other_hosts(site: Site) -> None:
    assert blueprint(site, "work").host_settings()["extra_hosts"] == {
        "ci.example.org": "198.18.7.10",
        "outside.pkg.lab.test": "198.18.7.200",
    }


def test_a_host_is_told_its_account_port_and_network(site: Site) -> None:
    mode, content = blueprint(site, "work").files["etc/pkgci-lab/host.conf"]
    assert content.decode() == "LAB_NETWORK=198.18.7.0/24\nLAB_USER=deploy\nLAB_PORT=2222\n"
    assert mode == 0o644


def test_a_change_of_a_hosts_own_entry_or_key_makes_it_anew_and_a_neighbours_does_not(
    site: Site, load: Callable[[str], Site]
) -> None:
    before = blueprint(site, "work").fingerprint
    assert blueprint(load(SITE.replace("198.18.7.10", "198.18.7.99")), "work").fingerprint == before
    assert blueprint(load(SITE.replace("198.18.7.11", "198.18.7.99")), "work").fingerprint != before
    assert blueprint(load(SITE.replace("port: 2222", "port: 22")), "work").fingerprint != before
    assert blueprint(load(SITE.replace("user: deploy", "user: other")), "work").fingerprint != before
    assert blueprint(site, "work", key="ssh-ed25519 B").fingerprint != before
