"""Facts are asked in one program, and none disturbs another."""

import subprocess
from collections.abc import Iterable, Mapping
from importlib import resources

import pytest

from pkgci.facts import fact as room
from pkgci.facts.fact import Answers, Fact, collect, whole_program
from pkgci.model.site import Site
from pkgci.puppetrun.host_state import Ground
from pkgci.remote.errors import CutShortError, HostError
from pkgci.remote.session import open_session
from pkgci.remote.trust import Trust
from pkgci.servers.collect import Delivery
from pkgci.status.collect import Health
from tests.unit.sshd.network import Network
from tests.unit.sshd.script import End


class Told(Fact[list[str]]):
    """Whatever ``text`` prints."""

    def __init__(self, text: str, **settings: str) -> None:
        self.program = text
        self._settings = settings

    def settings(self) -> Mapping[str, Iterable[str]]:
        return {name: [value] for name, value in self._settings.items()}

    def read(self, answers: Answers) -> list[str]:
        return answers.all("told")


@pytest.fixture(autouse=True)
def texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "text_of", lambda text: text)


def run(*facts: Fact[object]) -> Answers:
    done = subprocess.run(["sh", "-c", whole_program(facts)], input="input", capture_output=True, text=True, timeout=60)
    return Answers(done.stdout)


def test_a_fact_that_ends_early_or_leaves_something_behind_spoils_no_other() -> None:
    facts = (
        Told("echo told=$A; A=b; cd /; cat; exit 3", A="it's $HOME"),
        Told("kill -9 $$$$ 2>/dev/null; echo told=$A-"),
    )
    assert run(*facts).all("told") == ["it's $HOME", "-"]


def test_a_number_that_is_none_is_not_read_as_zero() -> None:
    answers = Answers("a=7\nb=\nc=7x\nend=yes")
    assert [answers.number(key) for key in "abcd"] == [7, None, None, None]


def test_the_facts_of_a_command_print_no_key_twice(site: Site) -> None:
    """Whoever reads a key reads what one program has printed."""
    for host in site.hosts:
        for facts in (Delivery(site, host).facts, Health(site, host).facts, Ground([]).facts):
            programs = [fact.program for fact in facts]
            assert len(programs) == len(set(programs))
    folder = resources.files("pkgci.facts") / "host"
    names = {path.name.removesuffix(".sh") for path in folder.iterdir()}
    kinds = [*Delivery(site, site.host("zuul01")).facts, *Health(site, site.host("zuul01")).facts, *Ground([]).facts]
    assert names == {fact.program for fact in kinds}


def test_a_look_that_a_host_cuts_short_is_an_error_of_that_host(network: Network) -> None:
    network.host("zuul01")
    site = network.site()
    with open_session(site, site.host("zuul01"), Trust.of(site), timeout=30) as session:
        network.hosts["zuul01"].on("told", "told=1\n", stderr="sh: trouble\n", status=2)
        with pytest.raises(HostError, match=r"zuul01: .*sh: trouble"):
            collect(session, [Told("echo told=1")], timeout=60)
        network.hosts["zuul01"].on("told", "told=1\nend=yes\n", end=End.KILLED)
        with pytest.raises(CutShortError):
            collect(session, [Told("echo told=1")], timeout=60)
