"""Hosts are asked side by side, and nobody waits for one that does not answer."""

import subprocess
import time

import pytest

from pkgci.facts.disks import Disks
from pkgci.facts.fact import Answers, Fact, whole_program
from pkgci.facts.services import Question, Said, Services
from pkgci.model.site import Host, Site
from pkgci.remote.errors import HostError, UnreachableError
from pkgci.remote.pool import Pool
from pkgci.status.collect import Health, HostFacts
from pkgci.status.gather import within
from tests.unit.connectivity.servers import closed_port, mute, saying, serve

FACTS = HostFacts(None, None, (), (), None, ())


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


def ask_here(*facts: Fact[object]) -> Answers:
    """What the facts are on this very machine."""
    done = subprocess.run(["sh", "-c", whole_program(facts)], capture_output=True, text=True, timeout=60, check=True)
    return Answers(done.stdout)


def services(pages: dict[str, tuple[int, str]], geard: int | None = None) -> Said:
    """What services of this machine answer."""
    fact = Services(
        [Question(name, port, path) for name, (port, path) in pages.items()],
        [] if geard is None else [Question("status", geard, "status"), Question("workers", geard, "workers")],
    )
    return fact.read(ask_here(fact))


def test_services_are_asked_on_their_local_ports() -> None:
    answer = b"HTTP/1.1 200 OK\r\nX-Jenkins: 2.1\r\n\r\n{}"
    with serve(saying(answer)) as web, serve(saying(b"a:b\t1\t0\t2\n.\n")) as geard:
        said = services({"nodes": (web, "/x?tree=a%5Bb%5D"), "none": (closed_port(), "/"), "again": (web, "/*")}, geard)
    assert said.pages["nodes"].headers == {"x-jenkins": "2.1"} and said.pages["nodes"].body == "{}"
    assert set(said.pages) == {"nodes", "again"}
    assert said.gearman == {"status": "a:b\t1\t0\t2\n.\n", "workers": "a:b\t1\t0\t2\n.\n"}


def test_a_long_answer_arrives_whole_beside_others() -> None:
    body = "x" * 500_000
    with serve(saying(f"HTTP/1.1 200 OK\r\n\r\n{body}".encode())) as web:
        said = services(dict.fromkeys(("one", "two", "three"), (web, "/")))
    assert {name: page.body == body for name, page in said.pages.items()} == dict.fromkeys(
        ("one", "two", "three"), True
    )


def test_a_path_that_is_not_there_yet_lies_in_its_nearest_parents_file_system() -> None:
    fact = Disks(["/no/such"])
    (disk,) = fact.read(ask_here(fact))
    assert disk.path == "/no/such" and 0 <= disk.percent <= 100 and disk.size_gb >= disk.free_gb


def test_services_that_never_answer_are_waited_for_side_by_side() -> None:
    began = time.monotonic()
    with mute() as port:
        said = services({"zuul": (port, "/status.json"), "nodes": (port, "/")}, port)
    assert time.monotonic() - began < 15  # four of them, 5 s each
    assert said == Said({}, {})


def test_each_host_is_asked_about_what_it_has(site: Site) -> None:
    zuul, build = (whole_program(Health(site, site.host(name)).facts) for name in ("zuul01", "build01"))
    units = "UNITS='pkgci-firewall zuul-server zuul-merger zuul-queue geard apache2 clear-zuul-refs.timer'"
    assert units in zuul and "gearman=status 4730 status" in zuul and "PORT=29418" in zuul
    assert "UNITS='pkgci-firewall pkgci-chroots@build.timer clean-workspaces.timer'" in build
    assert "QUESTIONS=''" in build and "PORT=''" in build


def test_an_answer_that_broke_off_is_none() -> None:
    with pytest.raises(ValueError, match="inspecting the host failed"):
        Answers("unit=geard LoadState=loaded ActiveState=active")
