"""Jobs and builds on disk."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pkgci.lab.stand_ins.jenkins.program.jobs.definition import Timeout, parse_definition, with_disabled
from pkgci.lab.stand_ins.jenkins.program.jobs.normal import as_posted
from pkgci.lab.stand_ins.jenkins.program.jobs.record import Build, Result
from pkgci.lab.stand_ins.jenkins.program.jobs.store import JobError, JobStore, UnknownJobError
from pkgci.lab.stand_ins.jenkins.program.xml_text import XmlError

from .conftest import job_xml


def _build(number: int, result: Result | None = None, started: int = 10**15) -> Build:
    return Build("hello", number, "build01", 0, "Started", 1, started, {"A": "1"}, result)


def test_a_job_is_kept_byte_for_byte_but_for_its_declaration(tmp_path: Path) -> None:
    posted = job_xml("echo hello").replace(b"\n", b"\r\n")
    kept = b'<?xml version="1.0" encoding="UTF-8"?>' + posted[posted.index(b"<project>") :].strip()
    JobStore(tmp_path).create("hello", posted)
    assert (tmp_path / "jobs/hello/config.xml").read_bytes() == kept
    assert JobStore(tmp_path).job("hello").config == kept
    latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><project><description>\xe4</description></project>"
    JobStore(tmp_path).change("hello", latin)
    assert JobStore(tmp_path).job("hello").definition.description == "ä"


@pytest.mark.parametrize("name", ["", "a/b", "..", "a*", " a", "a\nb", "a."])
def test_a_name_that_jenkins_would_not_take_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(JobError):
        JobStore(tmp_path).create(name, job_xml("true"))


@pytest.mark.parametrize("config", [b"<project>", b"", b"<flow-definition/>", b"<!DOCTYPE a><project/>", b"\xff"])
def test_a_config_that_is_none_of_a_freestyle_job_changes_nothing(tmp_path: Path, config: bytes) -> None:
    store = JobStore(tmp_path)
    store.create("hello", job_xml("true"))
    with pytest.raises(XmlError):
        store.change("hello", config)
    with pytest.raises(XmlError):
        store.create("other", config)
    assert [job.config for job in JobStore(tmp_path).jobs()] == [as_posted(job_xml("true"))]


def test_disabling_changes_one_word() -> None:
    config = job_xml("true", more="<disabled>false</disabled>")
    assert with_disabled(config, True) == config.replace(b"<disabled>false", b"<disabled>true")
    assert parse_definition(with_disabled(job_xml("true"), True)).disabled


def test_only_declared_parameters_are_passed_on() -> None:
    definition = parse_definition(job_xml("true", parameters={"A": "default", "B": "other"}))
    given = {"A": "given", "C": "dropped"}
    assert definition.passed(given) == {"A": "given"} and definition.undeclared(given) == ["C"]
    assert definition.with_defaults(given) == {"A": "given", "B": "other"}


def test_the_time_limit_is_that_of_the_build_timeout_plugin() -> None:
    strategy = "hudson.plugins.build_timeout.impl.AbsoluteTimeOutStrategy"
    wrapper = (
        f"<hudson.plugins.build__timeout.BuildTimeoutWrapper><strategy class='{strategy}'>"
        "<timeoutMinutes>5</timeoutMinutes></strategy><operationList>"
        "<hudson.plugins.build__timeout.operations.FailOperation/></operationList>"
        "</hudson.plugins.build__timeout.BuildTimeoutWrapper>"
    )
    assert parse_definition(job_xml("true", wrappers=wrapper)).timeout == Timeout(300, fail=True)


def test_what_the_stand_in_does_not_do_is_named() -> None:
    mailer = "<hudson.tasks.Mailer/>"
    definition = parse_definition(job_xml("true", publishers=mailer, more="<scm class='hudson.plugins.git.GitSCM'/>"))
    assert definition.not_done == ("hudson.tasks.Mailer",)
    assert definition.impossible == ("hudson.plugins.git.GitSCM",)


def test_a_build_that_ran_when_jenkins_ended_is_aborted_and_numbers_go_on(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    store.create("hello", job_xml("true"))
    store.start("hello", _build)
    again = JobStore(tmp_path)
    assert again.build("hello", 1).result is Result.ABORTED
    assert (tmp_path / "jobs/hello/builds/1/log").read_text().endswith("Finished: ABORTED\n")
    assert again.start("hello", _build).number == 2


def test_old_builds_go_but_never_the_last_good_one(tmp_path: Path) -> None:
    limits = "<daysToKeep>-1</daysToKeep><numToKeep>2</numToKeep>"
    store = JobStore(tmp_path)
    store.create("hello", job_xml("true", more=f"<logRotator>{limits}</logRotator>"))
    for number in range(1, 6):
        store.start("hello", _build)
        store.update(_build(number, Result.SUCCESS if number == 2 else Result.FAILURE))
    store.discard_old("hello")
    assert [build.number for build in store.builds("hello")] == [5, 4, 2]
    assert not (tmp_path / "jobs/hello/builds/1").exists()


def test_a_description_outlives_the_end_of_its_build(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    store.create("hello", job_xml("true"))
    build = store.start("hello", _build)
    store.describe("hello", 1, "<b>words</b>")
    assert store.update(replace(build, result=Result.SUCCESS)).description == "<b>words</b>"
    assert json.loads((tmp_path / "jobs/hello/builds/1/build.json").read_text())["result"] == "SUCCESS"


def test_a_deleted_job_leaves_nothing(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    store.create("hello", job_xml("true"))
    store.delete("hello")
    assert not (tmp_path / "jobs/hello").exists()
    with pytest.raises(UnknownJobError):
        store.job("hello")
