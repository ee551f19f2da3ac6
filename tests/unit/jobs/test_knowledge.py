"""Jobs and pipelines are deployed only where the hosts know what they are about."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pkgci.cli.main import run
from pkgci.jobs import gearman, server
from pkgci.jobs.connection import Access, Told
from pkgci.jobs.server import JenkinsServer
from pkgci.model.known_steps import lacking
from pkgci.model.load import load_site
from pkgci.model.packages import step_settings
from pkgci.model.roles import SLAVES
from pkgci.model.site import Host, Site
from pkgci.pipelines import deploy
from pkgci.remote import session
from pkgci.remote.errors import CutShortError, UnreachableError
from pkgci.remote.session import Completed
from tests.unit.conftest import SITE
from tests.unit.jobs.fake_jenkins import FakeJenkins

Write = Callable[[str], Path]
WITH_MORE = SITE.replace("projects:\n", "projects:\n  demo/a: {targets: [trixie]}\n")


def bootstrapped(site: Site) -> dict[str, str]:
    """Host → its steps.json, as a bootstrap of ``site`` writes it."""
    slaves = [host for host in site.hosts if set(host.roles) & set(SLAVES)]
    return {host.name: json.dumps(step_settings(site, host, lambda name: ["a key"]), indent=2) for host in slaves}


def test_who_was_bootstrapped_lacks_nothing(site: Site) -> None:
    for name, text in bootstrapped(site).items():
        assert lacking(site, site.host(name), text, site.projects) == ()


@pytest.mark.parametrize(
    ("before", "after", "host", "told"),
    [
        (SITE, WITH_MORE, "build01", ("demo/a",)),
        (SITE, SITE.replace("{targets: [trixie, el9]}", "{targets: [trixie]}"), "build01", ("packaging/hello as it",)),
        (SITE, SITE.replace("{deb: trixie}", "{deb: bookworm}"), "install01", ("the target trixie as it is now",)),
        (
            SITE,
            SITE.replace("  el9:", "  sid: {deb: sid}\n  el9:").replace("targets: [trixie,", "targets: [sid,"),
            "pub01",
            ("packaging/hello as it", "the target sid"),
        ),
        (
            SITE,
            SITE.replace("install01: {role: slave_install", "install01: {roles: [slave_install, slave_build]"),
            "install01",
            ("the role slave_build",),
        ),
        (WITH_MORE, SITE, "build01", ()),
        (SITE, SITE + "builds: {memory: 8 GB}\n", "build01", ()),
    ],
)
def test_what_has_changed_since_is_named(
    write_site: Write, before: str, after: str, host: str, told: tuple[str, ...]
) -> None:
    known = bootstrapped(load_site(write_site(before)))
    site = load_site(write_site(after))
    found = lacking(site, site.host(host), known[host], site.projects)
    assert len(found) == len(told)
    assert all(words in one for words, one in zip(told, found, strict=True))


@pytest.mark.parametrize("text", [None, "", "no JSON", "[]", '{"projects": 3, "targets": [], "roles": "slave_build"}'])
def test_a_host_that_never_was_bootstrapped_knows_nothing(site: Site, text: str | None) -> None:
    found = lacking(site, site.host("build01"), text, site.projects)
    assert found[:3] == ("packaging/hello", "the target trixie", "the target el9")


def test_a_host_of_an_earlier_release_is_not_asked_for_what_that_did_not_write(site: Site) -> None:
    told = json.loads(bootstrapped(site)["build01"])
    del told["roles"]
    del told["projects"]["packaging/hello"]["overrides"]
    assert lacking(site, site.host("build01"), json.dumps(told), site.projects) == ()


class Hosts:
    """The hosts of a site: what each has of steps.json, and who was asked."""

    def __init__(self, known: dict[str, str]) -> None:
        self.known = known
        self.away: set[str] = set()
        self.asked: list[str] = []

    @contextmanager
    def open_session(self, site: Site, host: Host, *_: object, **__: object) -> Iterator[Any]:
        if host.name in self.away:
            raise UnreachableError(host.name, "no route to host")

        def answer(command: str, **_: object) -> Completed:
            self.asked.append(host.name)
            assert "steps.json" in command
            return Completed(0, self.known.get(host.name, ""), "")

        one = type("Session", (), {})()
        one.host, one.run = host, answer
        yield one


@pytest.fixture
def hosts(write_site: Write, fake: FakeJenkins, monkeypatch: pytest.MonkeyPatch) -> Hosts:
    """A site with a project that its hosts do not know, in front of a Jenkins that is reached."""
    hosts = Hosts(bootstrapped(load_site(write_site(SITE))))
    path = str(write_site(WITH_MORE))
    assert run(["secrets", "init", "--site", path]) == 0

    @contextmanager
    def open_server(site: Site, secrets: object, told: Told) -> Iterator[JenkinsServer]:
        yield JenkinsServer(Access(fake.url, None, "admin", "s3cret-password"), told)

    monkeypatch.setattr(server, "open_server", open_server)
    monkeypatch.setattr(session, "open_session", hosts.open_session)
    monkeypatch.setattr(gearman, "needed_functions", lambda jobs: {})
    return hosts


def site_file(tmp_path: Path) -> str:
    return str(tmp_path / "site.yaml")


def test_jobs_are_not_deployed_before_their_hosts_know_the_project(
    hosts: Hosts, fake: FakeJenkins, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["deploy-jobs", "--yes", "--site", site_file(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "pub01, build01, install01 and systest01 do not know demo/a yet" in said
    assert f"pkgci bootstrap --site {site_file(tmp_path)}" in said
    assert fake.jobs == {}

    hosts.known = bootstrapped(load_site(tmp_path / "site.yaml"))
    assert run(["deploy-jobs", "--yes", "--site", site_file(tmp_path)]) == 0
    assert any(name.startswith("demo-a-") for name in fake.jobs)


def test_one_host_that_lags_behind_is_named_with_its_own_remedy(
    hosts: Hosts, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = hosts.known["build01"]
    hosts.known = {**bootstrapped(load_site(tmp_path / "site.yaml")), "build01": old}
    assert run(["deploy-jobs", "--yes", "--site", site_file(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "build01 does not know demo/a yet" in said
    assert "--host build01" in said


def test_jobs_of_other_projects_can_be_deployed_meanwhile(hosts: Hosts, fake: FakeJenkins, tmp_path: Path) -> None:
    assert run(["deploy-jobs", "--only", "packaging-hello-*", "--site", site_file(tmp_path)]) == 0
    assert fake.jobs and not any(name.startswith("demo-a-") for name in fake.jobs)


def test_a_plan_says_what_hosts_do_not_know_and_asks_them_only_where_there_is_something_to_do(
    hosts: Hosts, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run(["deploy-jobs", "--plan", "--json", "--site", site_file(tmp_path)]) == 1
    told = capsys.readouterr()
    assert json.loads(told.out)["lacking"]["build01"] == ["demo/a"]
    assert "do not know demo/a yet" in told.err

    hosts.known = bootstrapped(load_site(tmp_path / "site.yaml"))
    assert run(["deploy-jobs", "--site", site_file(tmp_path)]) == 0
    hosts.asked.clear()
    assert run(["deploy-jobs", "--plan", "--site", site_file(tmp_path)]) == 0
    assert hosts.asked == []


def test_a_host_that_cannot_be_asked_is_said_and_holds_nothing_up(
    hosts: Hosts, fake: FakeJenkins, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hosts.known = bootstrapped(load_site(tmp_path / "site.yaml"))
    hosts.away = {"systest01"}
    assert run(["deploy-jobs", "--site", site_file(tmp_path)]) == 0
    assert "systest01 could not be asked" in capsys.readouterr().err
    assert fake.jobs


def test_the_layout_is_not_replaced_before_the_hosts_know_its_projects(
    hosts: Hosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    replaced = []
    live = deploy.Live(None, {}, 0.0, True, None, frozenset(), frozenset())
    planned = deploy.Plan(live, ("+new",), (), (), ())
    monkeypatch.setattr(deploy, "look", lambda *_: live)
    monkeypatch.setattr(deploy, "plan", lambda *_: planned)
    monkeypatch.setattr(deploy, "check_jobs", lambda *_: None)
    monkeypatch.setattr(deploy, "test", lambda *_: None)
    monkeypatch.setattr(deploy, "replace", lambda *_: replaced.append("yes"))
    assert run(["deploy-pipelines", "--site", site_file(tmp_path)]) == 1
    assert "do not know demo/a yet" in capsys.readouterr().err
    assert replaced == []

    assert run(["deploy-pipelines", "--plan", "--json", "--site", site_file(tmp_path)]) == 1
    told = capsys.readouterr()
    assert "do not know demo/a yet" in told.err
    assert json.loads(told.out)["lacking"]["build01"] == ["demo/a"]

    hosts.known = bootstrapped(load_site(tmp_path / "site.yaml"))
    assert run(["deploy-pipelines", "--site", site_file(tmp_path)]) == 0
    assert replaced == ["yes"]


def test_an_answer_that_is_not_whole_is_none(
    hosts: Hosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @contextmanager
    def broken(site: Site, host: Host, *_: object, **__: object) -> Iterator[Any]:
        one = type("Session", (), {})()
        one.host, one.run = host, not_whole
        yield one

    def not_whole(*_: object, **__: object) -> None:
        raise CutShortError("build01", "its answer is not whole")

    monkeypatch.setattr(session, "open_session", broken)
    assert run(["deploy-jobs", "--site", site_file(tmp_path)]) == 0
    said = capsys.readouterr().err
    assert "build01 could not be asked" in said
    assert "do not know" not in said
