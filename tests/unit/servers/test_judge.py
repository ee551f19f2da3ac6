"""Delivered against ordered."""

from dataclasses import replace

import pytest

from pkgci.facts.disks import Disk, Temporary
from pkgci.facts.fact import Answers, whole_program
from pkgci.facts.network import Listener, Listeners, Mirror, Name
from pkgci.model.site import Host, Site
from pkgci.remote.errors import ChangedHostKeyError, HostError, SudoError, UnreachableError
from pkgci.servers.collect import Delivered, Delivery
from pkgci.servers.judge import Clock, Finding, Verdict, judge, judge_error

ANSWER = """\
os=debian-13
os_name=Debian GNU/Linux 13 (trixie)
cpu=8
memory_kb=32500000
disk=/srv 1600000000 1500000000 7% /data
kvm=usable
controller=memory
controller=pids
forward=systest01.pkg.example.org 10.20.0.23
reverse=10.20.0.23 dns systest01.pkg.example.org
reverse=10.20.0.23 files systest01
mirror=ok http://mirror.example.org/debian/dists/trixie/InRelease
mirrors=1
listen=0.0.0.0:22 users:(("sshd",pid=90,fd=6))
listen=127.0.0.11:38799
listen=[::]:22 users:(("sshd",pid=90,fd=7))
end=yes
"""
IN_TIME = Clock(0.01, 0.02)


@pytest.fixture
def host(site: Site) -> Host:
    return site.host("systest01")


@pytest.fixture
def delivered(site: Site, host: Host) -> Delivered:
    return Delivery(site, host).read(Answers(ANSWER))


def shorts(site: Site, host: Host, delivered: Delivered, clock: Clock = IN_TIME) -> dict[str, Finding]:
    return {item.check: item for item in judge(site, host, delivered, clock) if item.verdict is not Verdict.OK}


def test_a_host_as_ordered_is_ok_in_every_line(site: Site, host: Host, delivered: Delivered) -> None:
    assert shorts(site, host, delivered) == {}


def test_the_answer_of_the_collector_is_understood(delivered: Delivered) -> None:
    assert delivered.system.memory_mb == pytest.approx(33280)
    assert delivered.disks == (Disk("/srv", "/data", pytest.approx(1638.4), pytest.approx(1536), 7),)
    assert delivered.listeners == (Listener(22, "sshd"), Listener(38799, ""))


def test_a_look_that_broke_off_is_not_taken_for_a_whole_one() -> None:
    with pytest.raises(ValueError, match="inspecting the host failed"):
        Answers(ANSWER.replace("end=yes\n", ""))


def test_listeners_are_read_from_the_kernels_table_where_ss_is_missing() -> None:
    text = "listen_hex=00000000:01BB\nlisten_hex=00000000000000000000000000000000:01BB\nend=yes\n"
    assert Listeners().read(Answers(text)) == (Listener(443, ""),)


@pytest.mark.parametrize(
    ("change", "check", "found"),
    [
        ({"system": {"cpu": 4}}, "CPU", "4"),
        ({"system": {"memory_mb": 28_000.0}}, "RAM", "28 GB"),
        ({"system": {"os": "debian-12", "name": "Debian 12"}}, "system", "Debian 12"),
        ({"kvm": "no /dev/kvm"}, "KVM", "no /dev/kvm"),
        ({"controllers": frozenset({"cpu", "pids"})}, "control groups", "missing: memory"),
        ({"controllers": frozenset()}, "control groups", "missing: memory, pids"),
        ({"disks": (Disk("/srv", "/", 1000, 1400),)}, "disk", "1000 GB on /"),
        ({"disks": (Disk("/srv", "/", 1500, 900),)}, "disk free", "900 GB on /"),
        ({"temporary": Temporary("/tmp is read-only", False)}, "temporary files", "/tmp is read-only"),
        (
            {"temporary": Temporary(executes=False)},
            "temporary files",
            "/tmp is mounted noexec: no program runs from there",
        ),
        ({"forward": {}}, "DNS", "no record of systest01.pkg.example.org"),
        ({"forward": {"systest01.pkg.example.org": ("10.20.0.99",)}}, "DNS", "10.20.0.99"),
        ({"reverse": ()}, "reverse DNS", "no record of 10.20.0.23"),
        ({"reverse": (Name("10.20.0.23", "old.example.org", True),)}, "reverse DNS", "old.example.org"),
        ({"mirrors": ()}, "mirrors", "apt has no package sources"),
        ({"mirrors": (Mirror("http://u:p@deb.example.org/x", False),)}, "mirrors", "not reached: deb.example.org"),
    ],
)
def test_what_falls_short_is_named(
    site: Site, host: Host, delivered: Delivered, change: dict[str, object], check: str, found: str
) -> None:
    if isinstance(change.get("system"), dict):
        change = {"system": replace(delivered.system, **change["system"])}  # type: ignore[arg-type]
    short = shorts(site, host, replace(delivered, **change))  # type: ignore[arg-type]
    assert {name: item.found for name, item in short.items()} == {check: found}


def test_memory_that_the_kernel_keeps_is_not_held_against_the_server(
    site: Site, host: Host, delivered: Delivered
) -> None:
    assert shorts(site, host, replace(delivered, system=replace(delivered.system, memory_mb=32_000 * 0.91))) == {}


def test_two_paths_on_one_file_system_are_counted_once(site: Site, delivered: Delivered) -> None:
    host = site.host("log01")
    disks = (Disk("/srv", "/", 80, 80), Disk("/var/lib", "/", 80, 80))
    assert shorts(site, host, replace(delivered, disks=disks))["disk"].found == "80 GB on /"


def test_a_disk_that_our_services_have_filled_is_as_ordered(site: Site, host: Host, delivered: Delivered) -> None:
    full = replace(delivered, disks=(Disk("/srv", "/", 1500, 200),))
    assert "disk free" in shorts(site, host, full)
    assert shorts(site, host, replace(full, deployed=True)) == {}


def test_a_clock_is_judged_with_the_doubt_of_the_round_trip(site: Site, host: Host, delivered: Delivered) -> None:
    assert shorts(site, host, delivered, Clock(-2.5, 0.6)) == {}
    assert shorts(site, host, delivered, Clock(-2.5, 0.1))["clock"].found == "-2.50 s ± 0.10 s"


def test_a_name_that_only_the_hosts_file_knows_is_marked(site: Site, host: Host, delivered: Delivered) -> None:
    found = judge(site, host, replace(delivered, reverse=(Name("10.20.0.23", host.fqdn, False),)), IN_TIME)
    reverse = next(item for item in found if item.check == "reverse DNS")
    assert (reverse.found, reverse.verdict) == (f"{host.fqdn} (only /etc/hosts)", Verdict.OK)


def test_a_port_of_the_role_that_is_taken_names_who_has_it(site: Site, delivered: Delivered) -> None:
    host = site.host("zuul01")
    taken = replace(delivered, listeners=(Listener(22, "sshd"), Listener(443, "nginx"), Listener(25, "exim4")))
    assert shorts(site, host, taken)["ports"].found == "taken: 443 by nginx"


def test_our_own_services_may_listen_on_their_ports(site: Site, delivered: Delivered) -> None:
    ours = replace(delivered, listeners=(Listener(443, "apache2"),), deployed=True)
    assert "ports" not in shorts(site, site.host("zuul01"), ours)


def test_a_host_without_apt_is_not_called_as_ordered(site: Site, host: Host, delivered: Delivered) -> None:
    assert shorts(site, host, replace(delivered, mirrors=None))["mirrors"].verdict is Verdict.UNKNOWN


def test_only_a_host_where_changes_run_needs_control_groups(site: Site, delivered: Delivered) -> None:
    for name, needed in (("build01", True), ("pub01", False), ("zuul01", False)):
        checks = {item.check for item in judge(site, site.host(name), delivered, IN_TIME)}
        assert ("control groups" in checks) is needed, name


@pytest.mark.parametrize(
    ("error", "check"), [(UnreachableError, "reached"), (ChangedHostKeyError, "host key"), (SudoError, "root")]
)
def test_a_host_that_cannot_be_looked_at_is_short_with_the_reason(
    host: Host, error: type[HostError], check: str
) -> None:
    (finding,) = judge_error(host, error(host.name, "the reason"))
    assert (finding.check, finding.found, finding.verdict) == (check, "the reason", Verdict.SHORT)


def test_the_collector_gets_names_addresses_and_paths_of_the_host(site: Site) -> None:
    text = whole_program(Delivery(site, site.host("log01")).facts)
    for setting in ("NAMES=log01.pkg.example.org", "ADDRESSES=203.0.113.13", "PATHS='/srv /var/lib'"):
        assert f"\n{setting}\n" in text


def test_package_sources_that_could_not_be_asked_are_not_called_away(
    site: Site, host: Host, delivered: Delivered
) -> None:
    full = replace(delivered, mirrors=None, temporary=Temporary("/tmp is full"))
    mirrors = shorts(site, host, full)["mirrors"]
    assert (mirrors.found, mirrors.verdict) == ("not asked: /tmp is full", Verdict.UNKNOWN)
