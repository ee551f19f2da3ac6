"""``pkgci render-jobs`` and ``pkgci deploy-jobs``, as their users run them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pkgci.cli.main import run
from pkgci.jobs import gearman, server
from pkgci.jobs.connection import Access, Told
from pkgci.jobs.gearman import Function, needed_functions
from pkgci.jobs.render import render_jobs
from pkgci.jobs.server import JenkinsServer
from pkgci.model.load import load_site
from pkgci.model.site import Site
from pkgci.model.steps import all_jobs
from pkgci.puppetrun import knowledge
from pkgci.puppetrun.knowledge import Knowledge
from pkgci.remote import session
from tests.unit.conftest import SITE
from tests.unit.jobs.fake_jenkins import FakeJenkins

Capture = pytest.CaptureFixture[str]
BUILD = "packaging-hello-build-trixie"


@pytest.fixture
def site_file(
    write_site: Callable[[str], Path],
    fake: FakeJenkins,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """A site whose Jenkins is the fake, and whose Gearman has every function."""
    path = str(write_site(SITE))
    assert run(["secrets", "init", "--site", path]) == 0

    @contextmanager
    def open_server(site: Site, secrets: object, told: Told) -> Iterator[JenkinsServer]:
        yield JenkinsServer(Access(fake.url, None, "admin", "s3cret-password"), told)

    @contextmanager
    def open_session(*_: object) -> Iterator[None]:
        yield None

    everything = {name: Function(name, 0, 0, 1) for name in needed_functions(all_jobs(load_site(Path(path))))}
    monkeypatch.setattr(server, "open_server", open_server)
    monkeypatch.setattr(session, "open_session", open_session)
    monkeypatch.setattr(knowledge, "ask_slaves", lambda *_: Knowledge({}, {}))
    monkeypatch.setattr(gearman, "registered_functions", lambda _: everything)
    return path


def test_rendered_jobs_are_listed_by_name(site_file: str, capsys: Capture) -> None:
    capsys.readouterr()
    assert run(["render-jobs", "--site", site_file]) == 0
    names = capsys.readouterr().out.splitlines()
    assert BUILD in names
    assert names == sorted(names)


def test_output_writes_a_file_for_each_job_and_removes_only_its_own_stale_ones(
    site_file: str, write_site: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = tmp_path / "review"
    assert run(["render-jobs", "--site", site_file, "--output", str(folder)]) == 0
    before = {file.name: file.read_text() for file in folder.iterdir()}
    assert f"{BUILD}.xml" in before
    (folder / "notes.xml").write_text("<mine/>")
    (folder / "README").write_text("mine")
    write_site(SITE.replace("targets: [trixie, el9]", "targets: [el9]"))
    assert run(["render-jobs", "--site", site_file, "--output", str(folder)]) == 0
    after = {file.name for file in folder.iterdir()}
    assert {"notes.xml", "README"} < after
    assert after - {"notes.xml", "README"} == {name for name in before if "trixie" not in name}


def test_a_plan_shows_each_job_with_a_diff_and_does_nothing(site_file: str, fake: FakeJenkins, capsys: Capture) -> None:
    assert run(["deploy-jobs", "--plan", "--site", site_file]) == 1
    out = capsys.readouterr().out
    assert f"added: {BUILD}\n" in out
    assert "jobs: 11 added, 0 changed, 0 retired, 0 unchanged" in out
    assert fake.jobs == {}


def test_nothing_to_do_is_exit_0_and_asks_nothing(site_file: str, fake: FakeJenkins, capsys: Capture) -> None:
    assert run(["deploy-jobs", "--yes", "--site", site_file]) == 0
    assert len(fake.jobs) == 11
    assert run(["deploy-jobs", "--plan", "--site", site_file]) == 0
    assert run(["deploy-jobs", "--site", site_file]) == 0


def test_only_a_deletion_needs_a_yes(
    site_file: str, fake: FakeJenkins, write_site: Callable[[str], Path], capsys: Capture
) -> None:
    assert run(["deploy-jobs", "--site", site_file]) == 0
    assert len(fake.jobs) == 11
    write_site(SITE.replace("targets: [trixie, el9]", "targets: [el9]"))
    assert run(["deploy-jobs", "--delete-retired", "--site", site_file]) == 2
    assert "--yes" in capsys.readouterr().err
    assert len(fake.jobs) == 11


def test_a_deployment_names_new_jobs_and_its_plan_shows_them_in_full(
    site_file: str, fake: FakeJenkins, capsys: Capture
) -> None:
    run(["deploy-jobs", "--plan", "--site", site_file])
    assert "+<project>" in capsys.readouterr().out
    run(["deploy-jobs", "--site", site_file])
    shown = capsys.readouterr().out
    assert f"added: {BUILD}\n" in shown and "<project>" not in shown


def test_retired_jobs_are_listed_and_deleted_only_when_asked_for(
    site_file: str, fake: FakeJenkins, write_site: Callable[[str], Path], capsys: Capture
) -> None:
    assert run(["deploy-jobs", "--yes", "--site", site_file]) == 0
    write_site(SITE.replace("targets: [trixie, el9]", "targets: [el9]"))
    capsys.readouterr()
    assert run(["deploy-jobs", "--yes", "--site", site_file]) == 0
    shown = capsys.readouterr()
    assert f"retired: {BUILD}\n" in shown.out
    assert "--delete-retired" in shown.err
    assert BUILD in fake.jobs
    assert run(["deploy-jobs", "--plan", "--delete-retired", "--site", site_file]) == 1
    assert run(["deploy-jobs", "--delete-retired", "--yes", "--site", site_file]) == 0
    assert "5 jobs deleted" in capsys.readouterr().err
    assert not [name for name in fake.jobs if "trixie" in name]
    assert len(fake.jobs) == 6


def test_a_job_of_others_with_a_wanted_name_stops_everything_and_is_named(
    site_file: str, fake: FakeJenkins, capsys: Capture
) -> None:
    fake.jobs = {BUILD: "<project><description>mine</description></project>"}
    assert run(["deploy-jobs", "--yes", "--site", site_file]) == 1
    assert BUILD in capsys.readouterr().err
    assert len(fake.jobs) == 1


def test_only_with_a_name_that_nothing_has_is_an_error(site_file: str, capsys: Capture) -> None:
    assert run(["deploy-jobs", "--plan", "--only", "nothing-*", "--site", site_file]) == 2
    assert "nothing-*" in capsys.readouterr().err


def test_functions_that_are_not_registered_are_named_with_the_reason(
    site_file: str, fake: FakeJenkins, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(gearman, "wait_for", lambda needed, ask: (tuple(needed), {}))
    assert run(["deploy-jobs", "--yes", "--only", BUILD, "--site", site_file]) == 1
    err = capsys.readouterr().err
    assert f"  Jenkins has no node with the label slave_build (build01):\n    build:{BUILD}:slave_build\n" in err
    assert err.count(":slave_build") == 1


def test_a_failure_in_the_middle_says_how_far_it_went(site_file: str, fake: FakeJenkins, capsys: Capture) -> None:
    fake.wrong = lambda handler: (
        handler.command == "POST" and len(fake.writes()) == 3 and handler.answer(500, "disk full")
    )
    assert run(["deploy-jobs", "--yes", "--site", site_file]) == 1
    err = capsys.readouterr().err
    assert "2 of 11 jobs done" in err
    assert "disk full" in err


def test_an_interruption_says_how_far_it_went(
    site_file: str, fake: FakeJenkins, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = JenkinsServer.create

    def interrupted(self: JenkinsServer, name: str, xml: str) -> None:
        if len(fake.jobs) == 4:
            raise KeyboardInterrupt
        create(self, name, xml)

    monkeypatch.setattr(JenkinsServer, "create", interrupted)
    assert run(["deploy-jobs", "--yes", "--site", site_file]) == 130
    assert "4 of 11 jobs done" in capsys.readouterr().err


def test_json_has_the_plan_what_was_done_and_what_is_missing(
    site_file: str, fake: FakeJenkins, capsys: Capture
) -> None:
    capsys.readouterr()
    assert run(["deploy-jobs", "--plan", "--json", "--site", site_file]) == 1
    plan = json.loads(capsys.readouterr().out)
    assert plan["as_declared"] is False
    assert {change["action"] for change in plan["changes"]} == {"added"}
    assert run(["deploy-jobs", "--json", "--site", site_file]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["done"] == [job.name for job in render_jobs(load_site(Path(site_file)))]
    assert result["missing_functions"] == {}


def test_no_output_has_the_password(site_file: str, fake: FakeJenkins, capsys: Capture) -> None:
    fake.wrong = lambda handler: handler.answer(401, handler.headers["Authorization"] or "")
    assert run(["deploy-jobs", "--plan", "--site", site_file]) == 1
    shown = capsys.readouterr()
    assert "s3cret" not in shown.out + shown.err
    assert "does not accept the password of 'admin'" in shown.err
