"""`make prove-real`: which servers there are, and the page of results."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from tests.prove import __main__ as prove
from tests.prove.page import Results, cases, markdown, page
from tests.prove.servers import Servers

JUNIT = """<testsuites><testsuite>
<testcase classname="tests.lab.test_changes" name="test_a_change_gets_a_vote" time="12.4"/>
<testcase classname="tests.lab.test_changes" name="test_two_merge" time="3">
<failure message="after 9 s: a | b"/></testcase>
<testcase classname="tests.lab.test_review" name="test_a_page" time="0"><skipped message="of the stand-in"/></testcase>
</testsuite></testsuites>"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plugins").mkdir()
    for name in ("gerrit.war", "jenkins.war", "plugins/git.hpi"):
        (tmp_path / name).touch()
    return tmp_path


def test_the_folder_says_which_servers_are_real(folder: Path) -> None:
    servers = Servers.in_folder(folder)
    assert servers.real == {"review", "jenkins"}
    line = yaml.safe_load(servers.lab_line())["lab"]
    assert line["review"] == {"war": str(folder / "gerrit.war")}
    assert line["jenkins"] == {"war": str(folder / "jenkins.war"), "plugins": str(folder / "plugins")}


def test_either_may_be_missing(folder: Path) -> None:
    (folder / "gerrit.war").rename(folder / "away")
    assert Servers.in_folder(folder).real == {"jenkins"}
    (folder / "away").rename(folder / "gerrit.war")
    (folder / "jenkins.war").unlink()
    (folder / "plugins/git.hpi").unlink()
    assert Servers.in_folder(folder).real == {"review"}
    assert yaml.safe_load(Servers().lab_line()) == {"lab": {}}


@pytest.mark.parametrize(
    ("gone", "words"),
    [
        (("plugins/git.hpi",), "has jenkins.war without plugins/"),
        (("jenkins.war",), "has plugins/ without jenkins.war"),
        (("gerrit.war", "jenkins.war", "plugins/git.hpi"), "has neither gerrit.war nor jenkins.war"),
    ],
)
def test_half_of_a_server_stops_it_in_words_with_exit_status_2(
    folder: Path, gone: tuple[str, ...], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prove, "_pytest", None)
    for name in gone:
        (folder / name).unlink()
    result = CliRunner().invoke(prove.main, [str(folder)])
    assert result.exit_code == 2
    assert f"{folder} {words}" in result.stderr


def test_a_folder_that_is_not_there_and_a_war_that_leads_nowhere_are_told(folder: Path) -> None:
    result = CliRunner().invoke(prove.main, [str(folder / "no-such")])
    assert (result.exit_code, f"{folder}/no-such is not a folder" in result.stderr) == (2, True)
    (folder / "gerrit.war").unlink()
    (folder / "gerrit.war").symlink_to("no-such.war")
    result = CliRunner().invoke(prove.main, [str(folder)])
    assert (result.exit_code, "gerrit.war is a link to what is not there" in result.stderr) == (2, True)


def test_a_relative_folder_and_one_that_is_a_link_are_the_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Servers.in_folder(folder)
    monkeypatch.chdir(folder.parent)
    assert Servers.in_folder(Path(folder.name)) == whole
    link = folder / "wars"
    link.symlink_to(folder)
    assert Servers.in_folder(link) == whole
    (folder / "plugins").rename(folder / "elsewhere")
    (folder / "plugins").symlink_to("elsewhere")
    assert Servers.in_folder(folder).plugins == folder / "elsewhere"


def test_make_looks_at_the_folder_before_it_prepares_anything(tmp_path: Path) -> None:
    for words, said in ((), "WARS=DIRECTORY"), ((f"WARS={tmp_path}/none",), f"there is no folder {tmp_path}/none"):
        command = ["make", "--directory", str(prove.CHECKOUT), "prove-wars", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"]})
        assert done.returncode == 2
        assert said in done.stderr


def test_the_lab_tests_are_told_by_their_environment(folder: Path) -> None:
    servers = Servers.in_folder(folder)
    assert Servers.of_environment(servers.environment) == servers
    assert Servers.of_environment({}).real == frozenset()


def test_the_page_has_each_test_with_its_verdict_and_its_time() -> None:
    results = Results({"Gerrit": "the real one, 3.11", "Jenkins": "the lab's stand-in"}, "today", cases(JUNIT))
    text = markdown(results)
    assert "today: 1 passed, 1 failed, 1 not run." in text
    assert "- Gerrit: the real one, 3.11\n" in text
    assert "| a change gets a vote | passed | 12 s |" in text
    assert "| two merge | failed: after 9 s: a \\| b | 3 s |" in text
    assert "| a page | not run: of the stand-in | 0 s |" in text
    assert '<tr class="failed"><td>two merge<br><small>after 9 s: a | b</small></td>' in page(results)
