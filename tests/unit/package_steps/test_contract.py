"""What every step's program does, whatever the step."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from xml.etree import ElementTree

import pytest
from pkgci_steps.inputs import PATTERNS, read
from pkgci_steps.report import Case, junit
from pkgci_steps.settings import Limits, parse
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step, run

from pkgci.model.load import load_site
from pkgci.model.packages import step_settings

ROOT = Path(__file__).parents[3]


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    site = load_site(ROOT / "examples/openstack/site.yaml")
    path = tmp_path / "steps.json"
    path.write_text(json.dumps(step_settings(site, site.hosts[0], lambda name: [])))
    return path


def test_the_hosts_read_what_the_site_file_says() -> None:
    site = load_site(ROOT / "examples/lab/site.yaml")
    publisher = site.host("pub01")
    settings = parse(json.loads(json.dumps(step_settings(site, publisher, lambda name: [f"key of {name}"]))))
    assert settings.repository.url == "https://pub01.pkg.lab.test/packages/"
    assert settings.target("trixie").suite == "trixie"
    assert [(host.name, host.keys) for host in settings.build_hosts] == [("build01", ("key of build01",))]
    # On hosts, it is the kernel that keeps builds to their limits.
    assert settings.limits == Limits(120, 4000, 10000, files=1_000_000, processes=4000, enforced=True)
    # What promote asks Zuul's host for, and which jobs must have passed there.
    assert settings.zuul_notes == "https://zuul01.pkg.lab.test/zuul/vouched/"
    steps = ("build", "publish", "install", "repotest", "systest")
    assert settings.project("packaging/greet").jobs["rpm"] == tuple(f"packaging-greet-{step}-rpm" for step in steps)
    with pytest.raises(Ended, match="no target 'sid'"):
        settings.target("sid")


def test_a_step_leaves_its_result_its_report_and_its_log(tmp_path: Path, settings: Path) -> None:
    def perform(step: Step) -> str:
        assert step.programs.run(["sh", "-c", "echo some output; echo complaint >&2"]) == 0
        step.details["files"] = []
        return "all is well"

    environment = {"RESULTS": str(tmp_path / "out"), "PROJECT": "a/b", "REF": "refs/zuul/main/Z1"}
    status = run("try", perform, needed=["PROJECT"], usage="", arguments=[], environment=environment, settings=settings)
    assert status == 0
    result = json.loads((tmp_path / "out/result.json").read_text())
    assert (result["status"], result["reason"], result["build_id"]) == ("passed", "all is well", "Z1")
    assert (tmp_path / "out/log.txt").read_text() == "some output\ncomplaint\npkgci-try: passed: all is well\n"
    assert ElementTree.parse(tmp_path / "out/junit.xml").getroot().get("tests") == "1"


def test_the_report_says_what_ended_a_step_beside_what_was_found_before(tmp_path: Path, settings: Path) -> None:
    def perform(step: Step) -> str:
        step.cases.append(Case("greet: install"))
        raise Ended(Status.FAILED, "the test took more than 200 MB of memory (site file: builds)")

    environment = {"RESULTS": str(tmp_path / "out")}
    status = run("try", perform, needed=[], usage="", arguments=[], environment=environment, settings=settings)
    report = (tmp_path / "out/junit.xml").read_text()
    assert status == 1
    assert "greet: install" in report and "the test took more than 200 MB of memory" in report
    assert ElementTree.fromstring(report).get("failures") == "1"


def test_results_go_through_no_link_that_somebody_has_put_there(tmp_path: Path, settings: Path) -> None:
    """The folder is that of the account which calls, and the program may be another one's."""
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "out").mkdir()
    for name in ("log.txt", "result.json", ".result.json.new", ".junit.xml.new"):
        (tmp_path / "out" / name).symlink_to(tmp_path / "precious")
    told = {"RESULTS": str(tmp_path / "out"), "PROJECT": "a/b"}
    words = {"needed": (), "usage": "", "arguments": [], "settings": settings}
    assert run("try", lambda step: "all is well", environment=told, **words) == 0
    assert (tmp_path / "precious").read_text() == "precious"
    assert json.loads((tmp_path / "out/result.json").read_text())["status"] == "passed"
    (tmp_path / "link").symlink_to(tmp_path / "out")
    assert run("try", lambda step: "", environment={**told, "RESULTS": str(tmp_path / "link")}, **words) == 3


def test_who_calls_by_sudo_names_a_results_folder_of_his_own(
    tmp_path: Path, settings: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = {"RESULTS": str(tmp_path), "PROJECT": "a/b"}
    words = {"needed": (), "usage": "", "arguments": [], "settings": settings, "environment": told}
    monkeypatch.setenv("SUDO_UID", str(os.getuid() + 1))
    assert run("try", lambda step: "", **words) == 3
    assert "no folder of the account that calls: `mkdir -m 777 FOLDER` makes one" in capsys.readouterr().err
    monkeypatch.setenv("SUDO_UID", str(os.getuid()))
    assert run("try", lambda step: "", **words) == 0


def test_who_calls_by_sudo_has_no_folder_made_where_he_could_make_none(
    tmp_path: Path, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"RESULTS": str(tmp_path / "public/evil"), "PROJECT": "a/b"}
    monkeypatch.setenv("SUDO_UID", str(os.getuid() + 1))
    assert run("try", lambda step: "", needed=(), usage="", arguments=[], settings=settings, environment=told) == 3
    assert not (tmp_path / "public").exists()


def test_the_log_and_the_result_say_what_took_how_long(tmp_path: Path, settings: Path) -> None:
    def perform(step: Step) -> str:
        with step.timed("lists fetched"), step.timed("roots made"):
            pass
        raise Ended(Status.FAILED, "because")

    run("try", perform, needed=[], usage="", arguments=[], environment={"RESULTS": str(tmp_path)}, settings=settings)
    *_, timing, last = (tmp_path / "log.txt").read_text().splitlines()
    assert timing == "pkgci-try: timing: roots made 0.0 s, lists fetched 0.0 s; 0.0 s in all"
    assert last == "pkgci-try: failed: because"
    assert json.loads((tmp_path / "result.json").read_text())["timing"] == {"lists fetched": 0.0, "roots made": 0.0}


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.PASSED])
def test_the_exit_status_says_whose_fault_it_is(tmp_path: Path, settings: Path, status: Status) -> None:
    def perform(step: Step) -> str:
        raise Ended(status, "because")

    environment = {"RESULTS": str(tmp_path / "out")}
    code = run("try", perform, needed=[], usage="", arguments=[], environment=environment, settings=settings)
    assert code == status.value
    assert json.loads((tmp_path / "out/result.json").read_text())["status"] == status.word


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("value", ["$(reboot)", "../../etc/passwd", "-rf", "a b;c", "`x`", "refs/../x", "a\nb"])
def test_no_word_of_a_change_is_more_than_a_word(name: str, value: str) -> None:
    with pytest.raises(Ended) as ended:
        read({"RESULTS": "/tmp/x", name: value}, [])
    assert ended.value.status is Status.MISUSED


def test_the_changes_before_are_those_it_stands_on() -> None:
    inputs = read({"RESULTS": "/r", "CHANGE": "7", "CHANGES": "3,1 5,2 7,4", "GROUP": "icehouse"}, [])
    assert inputs.changes_before == (("3", "1"), ("5", "2"))
    assert inputs.repository == "group-icehouse"


def test_a_step_that_is_asked_to_stop_ends_what_runs(tmp_path: Path, settings: Path) -> None:
    def perform(step: Step) -> str:
        os.kill(os.getpid(), signal.SIGTERM)
        step.programs.run(["sleep", "1000"])
        return "never"

    environment = {"RESULTS": str(tmp_path / "out")}
    assert run("try", perform, needed=[], usage="", arguments=[], environment=environment, settings=settings) == 143


def test_a_report_counts_infrastructure_as_an_error_and_the_package_as_a_failure() -> None:
    cases = [
        Case("a"),
        Case("b", Status.FAILED, "no \x00"),
        Case("c", Status.INFRASTRUCTURE),
        Case("d", Status.SKIPPED),
    ]
    root = ElementTree.fromstring(junit("x", cases))
    assert [root.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["4", "1", "1", "1"]
