"""``pkgci deploy``: the plan first, one command after another, and how to go on."""

import json
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from pkgci.cli import deploy, deploy_plan, deploy_review, deploy_run
from pkgci.cli.changes import tell_changes, tell_doubt
from pkgci.cli.failure import Stopped
from pkgci.cli.main import run
from pkgci.cli.options import json_option, one_host_options, site_option, yes_option
from pkgci.cli.screen import print_json
from pkgci.cli.signals import Ended
from pkgci.connectivity import matrix
from pkgci.deploy.items import ITEMS, NAMES
from pkgci.deploy.resume import start
from pkgci.errors import PkgciError
from pkgci.model.load import load_site
from pkgci.model.site import Site
from tests.unit.conftest import SITE

GERRIT = "gerrit: {host: review.example.org}\n"


class Commands:
    """Stand-ins for the work items' own commands: what was called, and how each is to end."""

    def __init__(self) -> None:
        self.called: list[str] = []
        self.doubts: dict[str, str] = {}
        self.ends: dict[str, int | BaseException] = {}

    def command(self, name: str) -> click.Command:
        @click.command(name)
        @site_option
        @json_option
        @one_host_options
        def fake(site_file: object, as_json: bool, accept_new_host_keys: bool) -> int:
            self.called.append(name)
            end = self.ends.get(name, 0)
            if isinstance(end, BaseException):
                raise end
            tell_changes(f"nothing by {name}")
            if name in self.doubts:
                tell_doubt(self.doubts[name])
            if as_json:
                print_json({"by": name})
            else:
                click.echo(f"output of {name}")
            return end

        return fake


@pytest.fixture
def commands(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Commands]:
    fakes = Commands()
    monkeypatch.setattr(deploy_run, "command_of", lambda item: fakes.command(item.name))
    monkeypatch.setattr(deploy, "_check_secrets", lambda *_: None)
    monkeypatch.setattr(deploy_plan, "_review", lambda _: "nothing to do: Gerrit has all that the CI needs")
    monkeypatch.setattr(deploy_plan, "_jobs", lambda _: "3 added (0 jobs as declared)")
    monkeypatch.setattr(deploy_plan, "_pipelines", _away)
    yield fakes


def _away(_: Site) -> str:
    raise PkgciError("nothing answers")


def pkgci_deploy(site: Site, *arguments: str) -> int:
    return run(["deploy", "--site", str(site.path), *arguments])


def test_nobody_is_asked_where_there_is_no_terminal(
    site: Site, commands: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pkgci_deploy(site) == 2
    captured = capsys.readouterr()
    assert "7  deploy-pipelines" in captured.out
    assert "--yes" in captured.err
    assert commands.called == []


@pytest.mark.parametrize(("answer", "status", "count"), [("y", 0, 7), ("n", 4, 0)])
def test_on_a_terminal_the_plan_needs_a_yes(
    site: Site, commands: Commands, monkeypatch: pytest.MonkeyPatch, answer: str, status: int, count: int
) -> None:
    def confirm(text: str, err: bool) -> bool:
        return answer == "y"

    for stream in (sys.stdin, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(click, "confirm", confirm)
    assert pkgci_deploy(site) == status
    assert len(commands.called) == count


def test_every_step_runs_under_its_heading_and_the_last_line_sums_up(
    site: Site, commands: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pkgci_deploy(site, "--yes") == 0
    out = capsys.readouterr().out
    assert commands.called == list(NAMES)
    places = [out.index(f"{number} of 7  {name}") for number, name in enumerate(NAMES, 1)]
    assert places == sorted(places)
    assert out.index("output of bootstrap") > places[1]
    assert "nothing by bootstrap, " in out.splitlines()[-1]
    assert max(map(len, out.splitlines()[:20])) <= 80


@pytest.mark.parametrize(("end", "status"), [(3, 3), (PkgciError("no way", "try this"), 1)])
def test_a_step_that_fails_stops_the_deploy_and_the_next_one_goes_on_there(
    site: Site, commands: Commands, capsys: pytest.CaptureFixture[str], end: Any, status: int
) -> None:
    commands.ends["verify-connectivity"] = end
    assert pkgci_deploy(site, "--yes") == status
    assert commands.called == list(NAMES[:3])
    assert f"  pkgci deploy --site {site.path}" in capsys.readouterr().err
    commands.called, commands.ends = [], {}
    assert pkgci_deploy(site, "--yes") == 0
    assert commands.called == list(NAMES[2:])
    assert "goes on where the deploy of" in capsys.readouterr().out
    commands.called = []
    assert pkgci_deploy(site, "--yes") == 0
    assert commands.called == list(NAMES)


def test_a_step_that_is_chosen_is_where_it_begins(site: Site, commands: Commands) -> None:
    assert pkgci_deploy(site, "--yes", "--from", "deploy-jobs") == 0
    assert commands.called == ["deploy-jobs", "deploy-pipelines"]


def test_servers_that_are_not_as_ordered_stop_it_and_the_way_on_is_told(
    site: Site, commands: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    commands.ends["verify-servers"] = 1
    assert pkgci_deploy(site, "--yes") == 1
    assert "--from bootstrap" in capsys.readouterr().err


def test_a_review_that_lacks_something_stops_it_and_the_way_on_is_told(
    site: Site, commands: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    for item, following in (("deploy-review", "verify-review"), ("verify-review", "deploy-jobs")):
        commands.ends = {item: 1}
        assert pkgci_deploy(site, "--yes") == 1
        assert commands.called[-1] == item
        assert f"--from {following}" in capsys.readouterr().err


def test_what_a_step_could_not_prove_is_said_at_the_end(
    site: Site, commands: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    commands.doubts["verify-review"] = "Gerrit is NOT PROVEN: Submit"
    assert pkgci_deploy(site, "--yes") == 0
    assert capsys.readouterr().out.splitlines()[-1] == "Gerrit is NOT PROVEN: Submit"
    assert pkgci_deploy(site, "--yes", "--json") == 0
    steps = json.loads(capsys.readouterr().out)["steps"]
    assert [step["doubt"] for step in steps if step["doubt"]] == ["Gerrit is NOT PROVEN: Submit"]


def test_a_step_that_needs_a_login_is_told_that_it_may_pass_without_one(
    site: Site, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = []
    real = deploy_run.Runner

    def runner(*arguments: Any) -> Any:
        told.append(arguments[-1])
        return real(*arguments)

    monkeypatch.setattr(deploy_run, "Runner", runner)
    assert pkgci_deploy(site, "--yes") == 0
    known = {parameter.name for parameter in deploy_review.command.params}
    assert told[0]["if_possible"] is True and "if_possible" in known


def test_the_plan_says_what_the_review_lacks_and_of_what_is_no_gerrit_that_it_is_none(
    site: Site, write_site: Callable[[str], Path]
) -> None:
    known = deploy_plan.expected(site, [item for item in ITEMS if item.name == "verify-review"])
    assert known["verify-review"] == "asks review.example.org as zuul, from zuul01: changes nothing"
    items = [item for item in ITEMS if "review" in item.name]
    for text, words in ((SITE + "lab: {}\n", "stand-in"), (SITE.partition("gerrit:")[0], "names no Gerrit")):
        known = deploy_plan.expected(load_site(write_site(text)), items)
        assert words in known["deploy-review"] and words in known["verify-review"]


def test_machines_get_every_steps_own_answer_in_one_document(
    site: Site, commands: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    commands.ends["deploy-jobs"] = 1
    assert pkgci_deploy(site, "--yes", "--json") == 1
    data = json.loads(capsys.readouterr().out)
    assert data["done"] is False
    assert [(step["step"], step["status"]) for step in data["steps"]] == [
        *((name, 0) for name in NAMES[:5]),
        ("deploy-jobs", 1),
    ]
    assert data["steps"][1]["result"] == {"by": "bootstrap"}


def test_the_plan_says_what_is_known_and_what_is_not(site: Site, commands: Commands) -> None:
    begin = start(None, "one", None, "2026-11-23T04:30:00+00:00")
    text = "\n".join(deploy_plan.lines(site, begin, ITEMS, deploy_plan.expected(site, begin.items), 80))
    assert "zuul01, jenkins01, pub01" in text
    assert "3 added" in text
    assert "not known before the bootstrap" in text.split("deploy-pipelines")[1]
    assert max(map(len, text.splitlines())) <= 80


def test_the_plan_counts_the_connections_without_making_them(
    site: Site, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matrix, "_check", lambda *_: pytest.fail("a check was made"))
    known = deploy_plan.expected(site, [item for item in ITEMS if item.name == "verify-connectivity"])
    assert "connections from 8 places" in known["verify-connectivity"]


def test_of_what_does_not_answer_the_plan_blames_the_bootstrap_only_where_there_will_be_one(
    site: Site, commands: Commands
) -> None:
    begin = start(None, "one", "deploy-pipelines", "2026-11-23T04:30:00+00:00")
    text = "\n".join(deploy_plan.lines(site, begin, ITEMS, deploy_plan.expected(site, begin.items), 80))
    assert "not known: there is no answer" in text
    assert "bootstrap" not in text.split("deploy-pipelines")[-1]


def test_the_commands_options_are_those_of_the_steps() -> None:
    assert {"parallel", "accept_new_host_keys"} <= {parameter.name for parameter in deploy.command.params}


def test_a_plan_changes_nothing_and_says_by_its_status_whether_a_deploy_would(
    site: Site, commands: Commands, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pkgci_deploy(site, "--plan") == 1
    assert commands.called == [] and not (site.directory / ".pkgci").exists()
    assert f"next: pkgci deploy --site {site.path}\n" in capsys.readouterr().err
    assert pkgci_deploy(site, "--yes") == 0
    commands.called = []
    assert pkgci_deploy(site, "--plan") == 1, "three jobs are to be added"
    for item in ("_jobs", "_pipelines"):
        monkeypatch.setattr(deploy_plan, item, lambda _: "nothing to do")
    assert pkgci_deploy(site, "--plan") == 0
    site.path.write_text(f"{site.path.read_text()}\n# changed\n")
    capsys.readouterr()
    assert pkgci_deploy(site, "--plan", "--json") == 1
    plan = json.loads(capsys.readouterr().out)
    assert [step["step"] for step in plan["steps"] if step["changes"]] == ["bootstrap"]
    assert plan["as_declared"] is False and commands.called == []


def test_a_yes_to_the_whole_is_none_to_what_is_taken_out_of_zuuls_queues(
    site: Site, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, bool] = {}

    def command_of(item: Any) -> click.Command:
        @click.command(item.name)
        @site_option
        @yes_option
        def fake(site_file: object, yes: bool) -> int:
            given[item.name] = yes
            return 0

        return fake

    monkeypatch.setattr(deploy_run, "command_of", command_of)
    assert pkgci_deploy(site, "--yes") == 0
    assert given.pop("deploy-pipelines") is False
    assert set(given.values()) == {True}


def test_a_step_that_is_interrupted_ends_the_deploy_with_the_signals_status_and_one_document(
    site: Site, commands: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    commands.ends["bootstrap"] = Stopped("it goes on", Ended(signal.SIGTERM))  # type: ignore[assignment]
    assert pkgci_deploy(site, "--yes", "--json") == 143
    told = json.loads(capsys.readouterr().out)
    assert told["steps"][-1]["result"]["kind"] == "interrupted"
    assert told["steps"][-1]["status"] == 143
