"""Hosts are asked side by side, and nobody waits for one that does not answer."""

import subprocess
import time

import pytest

from pkgci.model.site import Host, Site
from pkgci.remote.errors import HostError, UnreachableError
from pkgci.remote.pool import Pool
from pkgci.status.collect import HostFacts, parse, script
from pkgci.status.gather import within
from tests.unit.connectivity.servers import closed_port, mute, saying, serve

FACTS = parse("end=yes")


def test_who_does_not_answer_in_time_is_named_and_the_others_are_there(site: Site) -> None:
    def work(host: Host) -> HostFacts:
        if host.name == "pub01":
            time.sleep(5)
        return FACTS

    began = time.monotonic()
    found = within(site, work, Pool(), parallel=20, deadline=0.5)
    assert time.monotonic() - began < 2
    late = found["pub01"]
    assert isinstance(late, HostError) and "no answer within 0.5 s" in late.reason
    assert [name for name, answer in found.items() if isinstance(answer, HostFacts)] == [
        host.name for host in site.hosts if host.name != "pub01"
    ]


def test_a_hosts_error_is_its_answer(site: Site) -> None:
    def work(host: Host) -> HostFacts:
        raise UnreachableError(host.name, "away")

    found = within(site, work, Pool(), parallel=20, deadline=5)
    assert {answer.reason for answer in found.values() if isinstance(answer, HostError)} == {"away"}


def test_a_fault_of_pkgci_is_no_hosts_answer(site: Site) -> None:
    def work(_: Host) -> HostFacts:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        within(site, work, Pool(), parallel=20, deadline=5)


def look(**settings: str) -> HostFacts:
    """What the collector finds on this very machine."""
    defaults = {"UNITS": "", "PATHS": "", "PAGES": "", "GEARMAN": "", "GERRIT": ""}
    lines = [f"{name}='{value}'" for name, value in {**defaults, **settings}.items()]
    text = script_text()
    done = subprocess.run(
        ["bash", "-s"], input="\n".join([*lines, text]), capture_output=True, text=True, timeout=30, check=True
    )
    return parse(done.stdout)


def script_text() -> str:
    from importlib import resources

    return resources.files("pkgci.status").joinpath("collect.sh").read_text()


def test_services_are_asked_on_their_local_ports() -> None:
    answer = b"HTTP/1.1 200 OK\r\nX-Jenkins: 2.1\r\n\r\n{}"
    with serve(saying(answer)) as web, serve(saying(b"a:b\t1\t0\t2\n.\n")) as geard:
        facts = look(PAGES=f"nodes {web} /x?tree=a%5Bb%5D none {closed_port()} /", GEARMAN=str(geard), PATHS="/no/such")
    assert facts.pages["nodes"].headers == {"x-jenkins": "2.1"} and facts.pages["nodes"].body == "{}"
    assert "none" not in facts.pages
    assert facts.gearman["status"] == "a:b\t1\t0\t2\n.\n"
    assert facts.disks[0].path == "/no/such" and 0 <= facts.disks[0].percent <= 100


def test_a_service_that_never_answers_does_not_hold_up_the_look() -> None:
    began = time.monotonic()
    with mute() as port:
        facts = look(PAGES=f"zuul {port} /status.json", GEARMAN=str(port))
    assert time.monotonic() - began < 8
    assert facts.pages == {} and facts.gearman == {}


def test_each_host_is_asked_about_what_it_has(site: Site) -> None:
    zuul, build = (script(site, site.host(name)).decode().splitlines()[:5] for name in ("zuul01", "build01"))
    assert zuul[0] == "UNITS='pkgci-firewall zuul-server zuul-merger zuul-queue geard apache2 clear-zuul-refs.timer'"
    assert "GEARMAN=4730" in zuul and "GERRIT=29418" in zuul
    assert (
        build[0] == "UNITS='pkgci-firewall pkgci-chroots@build.timer clean-workspaces.timer'"
        and "PAGES=''" in build
        and "GEARMAN=''" in build
    )


def test_an_answer_that_broke_off_is_none() -> None:
    with pytest.raises(ValueError, match="broke off"):
        parse("unit=geard LoadState=loaded ActiveState=active")
