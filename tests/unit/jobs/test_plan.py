"""What is a difference of a job, what is none, and whose job it is."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from pkgci.jobs.plan import Action, NoJobError, Plan, make_plan
from pkgci.jobs.render import RenderedJob, render_jobs
from pkgci.model.site import Site

BUILD = "packaging-hello-build-trixie"


@pytest.fixture
def job(site: Site) -> RenderedJob:
    return next(job for job in render_jobs(site) if job.name == BUILD)


def plan(job: RenderedJob, live: str | None) -> Plan:
    return make_plan("test", [job], {} if live is None else {job.name: live})


def as_jenkins_saves_it(xml: str) -> str:
    """The same job after somebody pressed Save: XML 1.1, other order, plugin versions, defaults, no empty fields."""
    root = ElementTree.fromstring(xml.encode())
    for field in ("actions", "publishers"):
        empty = root.find(field)
        if empty is not None and not len(empty):
            root.remove(empty)
    ElementTree.SubElement(root, "triggers")
    ElementTree.SubElement(root, "authToken")
    root[:] = sorted(root, key=lambda child: child.tag, reverse=True)
    for item in root.iter():
        if item.tag.startswith("hudson.plugins."):
            item.attrib["plugin"] = "some-plugin@1.2"
    rotator = root.find("properties/*/strategy")
    assert rotator is not None
    ElementTree.SubElement(rotator, "removeLastBuild").text = "false"
    properties = root.find("properties")
    assert properties is not None
    properties[:] = reversed(list(properties))
    ElementTree.indent(root, "\t")
    text = ElementTree.tostring(root, encoding="unicode", short_empty_elements=False)
    return "<?xml version='1.1' encoding='UTF-8'?>\n" + text


def test_a_job_that_jenkins_does_not_have_is_added(job: RenderedJob) -> None:
    (change,) = plan(job, None).changes
    assert (change.action, change.wanted, change.live) == (Action.ADDED, job.xml, None)
    assert change.diff[:2] == ("--- /dev/null", f"+++ {BUILD} next")


def test_a_job_that_jenkins_has_as_it_was_sent_is_unchanged(job: RenderedJob) -> None:
    assert plan(job, job.xml) == Plan((), 1)


def test_a_job_that_somebody_only_saved_again_is_unchanged(job: RenderedJob) -> None:
    saved = as_jenkins_saves_it(job.xml)
    assert saved != job.xml
    assert plan(job, saved) == Plan((), 1)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("hello trixie", "hello trixie || true"),
        ("<disabled>false<", "<disabled>true<"),
        ("<concurrentBuild>true<", "<concurrentBuild>false<"),
        ("<assignedNode>slave_build<", "<assignedNode>publisher<"),
        ("--minutes 300", "--minutes 3000"),
        ("<name>LOG_PATH<", "<name>LOG<"),
        ("<publishers />", "<publishers><hudson.tasks.ArtifactArchiver/></publishers>"),
        ("<daysToKeep>30<", "<daysToKeep>-1<"),
        ('class="hudson.scm.NullSCM"', 'class="hudson.plugins.git.GitSCM"'),
        ("builds the packages", "does what it likes"),
    ],
)
def test_a_drift_is_found_also_in_a_saved_job_and_shown_as_a_short_diff(job: RenderedJob, old: str, new: str) -> None:
    assert old in job.xml
    (change,) = plan(job, as_jenkins_saves_it(job.xml.replace(old, new))).changes
    assert change.action is Action.CHANGED
    lines = [line for line in change.diff if re.match(r"[+-](?![+-])", line)]
    assert 1 <= len(lines) <= 6


def test_defaults_that_jenkins_fills_in_are_no_difference() -> None:
    mark = "Made by pkgci from the site test as nightly. Changes made here are overwritten."
    short = f"<project><description>{mark}</description></project>"
    filled = "".join(
        f"<{field}>false</{field}>"
        for field in (
            "keepDependencies",
            "disabled",
            "concurrentBuild",
            "blockBuildWhenDownstreamBuilding",
            "blockBuildWhenUpstreamBuilding",
        )
    )
    live = short.replace("</project>", f'{filled}<scm class="hudson.scm.NullSCM"/><triggers/></project>')
    assert plan(RenderedJob("nightly", short), live) == Plan((), 1)
    assert plan(RenderedJob("nightly", short), live.replace("false", "true")).changes


def test_the_order_of_builders_counts(job: RenderedJob) -> None:
    two = "<hudson.tasks.Shell><command>x</command></hudson.tasks.Shell><hudson.tasks.Ant><targets>a</targets>"
    one = job.xml.replace("<publishers />", f"<publishers>{two}</hudson.tasks.Ant></publishers>")
    root = ElementTree.fromstring(one.encode())
    publishers = root.find("publishers")
    assert publishers is not None
    publishers[:] = reversed(list(publishers))
    (change,) = plan(RenderedJob(BUILD, one), ElementTree.tostring(root, encoding="unicode")).changes
    assert change.action is Action.CHANGED


def test_a_job_of_the_site_that_is_no_longer_wanted_is_retired(job: RenderedJob) -> None:
    found = make_plan("test", [], {job.name: job.xml})
    (change,) = found.changes
    assert (change.action, change.wanted, change.live) == (Action.RETIRED, None, job.xml)
    assert found.to_do(delete_retired=False) == ()
    assert found.to_do(delete_retired=True) == (change,)


def test_a_job_of_an_older_pkgci_is_its_own_also_where_somebody_changed_the_description(job: RenderedJob) -> None:
    parameter = (
        "<hudson.model.StringParameterDefinition><name>PKGCI_JOB</name>"
        f"<defaultValue>test/{job.name}</defaultValue></hudson.model.StringParameterDefinition>"
    )
    older = job.xml.replace("Made by pkgci", "By somebody").replace(
        "<parameterDefinitions>", f"<parameterDefinitions>{parameter}"
    )
    found = make_plan("test", [job], {job.name: older})
    assert [change.action for change in found.changes] == [Action.CHANGED] and not found.foreign
    assert make_plan("other", [job], {job.name: older}).foreign == (job.name,)


def test_a_copy_of_a_job_is_not_taken_for_pkgcis(job: RenderedJob) -> None:
    assert make_plan("test", [], {"a-copy": job.xml}).changes == ()


def test_jobs_of_others_are_neither_retired_nor_changed(job: RenderedJob) -> None:
    foreign = "<project><description>mine</description></project>"
    assert make_plan("test", [], {"theirs": foreign}).changes == ()
    assert make_plan("other-site", [], {job.name: job.xml}).changes == ()
    found = make_plan("test", [job], {job.name: foreign})
    assert (found.changes, found.foreign) == ((), (BUILD,))


def test_a_copy_that_somebody_made_in_jenkins_is_not_pkgcis(job: RenderedJob) -> None:
    assert make_plan("test", [], {"copy-of-it": job.xml}).changes == ()


def test_a_job_whose_description_somebody_changed_is_still_pkgcis(job: RenderedJob) -> None:
    live = re.sub(r"(?s)<description>Step.*?</description>", "<description>hands off</description>", job.xml)
    (change,) = plan(job, live).changes
    assert change.action is Action.CHANGED


def test_additions_come_first_and_deletions_last(site: Site) -> None:
    first, second, third, *_ = render_jobs(site)
    live = {second.name: second.xml.replace("pkgci-job", "other"), first.name: first.xml}
    found = make_plan("test", [second, third], live)
    assert [change.action for change in found.to_do(delete_retired=True)] == list(Action)


@pytest.mark.parametrize("text", ["<project><a></project>", "", '<!DOCTYPE p [<!ENTITY a "b">]><project>&a;</project>'])
def test_a_config_that_is_no_xml_is_named(job: RenderedJob, text: str) -> None:
    with pytest.raises(NoJobError, match=BUILD):
        plan(job, text)


def test_control_characters_of_xml_11_are_shown_not_refused(job: RenderedJob) -> None:
    (change,) = plan(job, job.xml.replace("pkgci-job build", "pkgci-job&#x1b;[31m build")).changes
    assert any("␛[31m" in line for line in change.diff)
