"""python-jenkins and jenkins-job-builder meet in the stand-in what they met in a real Jenkins."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import jenkins
import pytest

from pkgci.errors import PkgciError
from pkgci.jobs.connection import Access
from pkgci.jobs.plan import same
from pkgci.jobs.server import JenkinsServer
from pkgci.lab.stand_ins.jenkins.program.plugin_cli import install
from pkgci.lab.stand_ins.jenkins.program.plugins import Plugin
from tests.unit.lab.jenkins_stand_in import conftest as stand_in

from . import jenkins_side
from .jenkins_side import ADMIN, READER, RECORDINGS, Side, sections

machine, begin, side = stand_in.machine, jenkins_side.begin, jenkins_side.side

LINES = (RECORDINGS / "python-jenkins.txt").read_text().splitlines()[1:]
_XML = "<project><description/><builders/></project>"


@pytest.fixture
def admin(side: Side) -> jenkins.Jenkins:
    return jenkins.Jenkins(side.url, *ADMIN, timeout=10)


def told(action: Callable[[], Any]) -> str:
    """What was recorded of a call that fails: the exception's class, and the first line of what it says."""
    with pytest.raises(Exception) as raised:
        action()
    return f"{type(raised.value).__name__} {str(raised.value).splitlines()[0]}"


def test_python_jenkins_hears_of_jobs_nodes_and_plugins_what_was_recorded(side: Side, admin: jenkins.Jenkins) -> None:
    user, version = LINES[0].split()
    admin.get_whoami()
    assert (admin.get_whoami()["id"], admin.get_version()) == (user, version)
    for name in ("gate-foo", "jjb-1", "rest-a"):
        admin.create_job(name, _XML)
    assert str([job["name"] for job in admin.get_jobs()]) == LINES[1]
    assert str(admin.job_exists("rest-a")) == LINES[2]
    nodes = next(line for line in LINES if line.startswith("[{'name': 'Built-In Node'"))
    assert str(admin.get_nodes()) == nodes
    count, gearman = LINES[LINES.index(nodes) + 1].split()
    others = [Plugin(f"other-{number}", "1") for number in range(int(count) - 1)]
    install([Plugin("gearman-plugin", gearman), *others], side.controller.settings.home / "plugins")
    assert len(admin.get_plugins()) == int(count)
    assert admin.get_plugins()["gearman-plugin"]["version"] == gearman


def test_python_jenkins_fails_as_it_failed(side: Side, admin: jenkins.Jenkins) -> None:
    admin.create_job("pj-1", _XML)
    assert told(lambda: admin.create_job("pj-1", _XML)) == LINES[3]
    # It asks itself whether the job is there, and then sends the name in its own way.
    expected = re.sub(r"http://127\.0\.0\.1:\d+/", side.url, LINES[4])
    assert told(lambda: admin.create_job("bad?name", _XML)) == expected
    broken = told(lambda: admin.create_job("broken", "<project>"))
    assert broken == LINES[5]
    missing = [line for line in LINES if line.startswith("NotFoundException")]
    assert [told(lambda: admin.get_job_config("nosuch")), told(lambda: admin.delete_job("nosuch"))] == missing
    assert str(admin.get_job_name("nosuch")) == LINES[LINES.index(missing[0]) + 2]


def test_python_jenkins_is_refused_as_it_was(side: Side) -> None:
    reader, wrong = (jenkins.Jenkins(side.url, *login, timeout=10) for login in (READER, ("admin", "wrong")))
    reader.get_whoami()
    refused = [line for line in LINES if "[403]" in line]
    assert [told(lambda: reader.create_job("x", _XML)), told(lambda: reader.get_plugins())] == refused
    (unauthorized,) = [line for line in LINES if "[401]" in line]
    with pytest.raises(jenkins.JenkinsException) as raised:
        wrong.get_whoami()
    assert f"JenkinsException {raised.value}".startswith(unauthorized)
    assert "<title>Error 401 Unauthorized" in str(raised.value)


def test_a_job_that_jenkins_job_builder_made_comes_back_as_it_came_back(side: Side, admin: jenkins.Jenkins) -> None:
    text = sections("jjb.txt")["jenkins-job-builder"][0]
    kept = text[text.index("<?xml") :].strip()
    posted = kept.replace('<?xml version="1.0" encoding="UTF-8"?>', "<?xml version='1.0' encoding='utf-8'?>\n")
    admin.create_job("jjb-1", posted)
    assert admin.get_job_config("jjb-1") == kept
    assert same("jjb-1", posted, kept)


def test_pkgci_says_of_it_what_is_to_be_done(side: Side) -> None:
    server = JenkinsServer(Access(side.url, None, *ADMIN))
    server.create("pj-1", _XML)
    with pytest.raises(PkgciError, match="cannot create the job pj-1: job"):
        server.create("pj-1", _XML)
    assert [job.name for job in server.jobs()] == ["pj-1"]
    assert server.nodes()["agent1"].online
    with pytest.raises(PkgciError, match="create the job broken"):
        server.create("broken", "<project>")
    server.close()
    stranger = JenkinsServer(Access(side.url, None, "admin", "wrong"))
    with pytest.raises(PkgciError, match="does not accept the password"):
        stranger.jobs()
    stranger.close()
