"""`make prove-real`: which servers there are, and the page of results."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

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
    (folder / "gerrit.war").unlink()
    assert Servers.in_folder(folder).real == {"jenkins"}
    (folder / "plugins/git.hpi").unlink()
    assert Servers.in_folder(folder) == Servers()
    assert yaml.safe_load(Servers().lab_line()) == {"lab": {}}


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
