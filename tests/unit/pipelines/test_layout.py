"""The Zuul layout of a site."""

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from pkgci.assets import asset
from pkgci.model.document import DocumentError
from pkgci.model.load import load_site
from pkgci.model.site import Site
from pkgci.model.steps import STEPS, Pipeline, Step, all_jobs
from pkgci.pipelines.contents import all_names, jobs_of
from pkgci.pipelines.layout import LAYOUT, Layout, render
from pkgci.pipelines.names import job_pattern
from tests.unit.conftest import SITE

Write = Callable[[str], Path]
# The site of somebody's existing manifests has no Gerrit, and so no pipelines.
EXAMPLES = sorted(path.parent.name for path in asset("examples").glob("*/site.yaml") if load_site(path).gerrit)


def pipeline(layout: Layout, name: str) -> dict[str, Any]:
    return next(item for item in layout.data["pipelines"] if item["name"] == name)


def attributes(layout: Layout, job: str) -> dict[str, Any]:
    """What Zuul gives to a job: of every pattern that matches its name, the later one wins."""
    found: dict[str, Any] = {}
    for item in layout.data["jobs"]:
        if item["name"] == job or (item["name"].startswith("^") and re.match(item["name"], job)):
            found.update({key: value for key, value in item.items() if key != "name"})
    return found


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_layout_of_every_example_has_exactly_the_jobs_of_its_projects(example: str) -> None:
    site = load_site(asset("examples") / example / "site.yaml")
    layout = render(site)
    assert yaml.safe_load(layout.text) == layout.data
    assert set(all_names(jobs_of(layout.data))) == {job.name for job in all_jobs(site)}


def test_the_same_site_gives_the_same_layout(site: Site) -> None:
    assert render(site).files == render(site).files


def test_each_step_starts_after_the_one_that_it_needs(site: Site) -> None:
    template = next(item for item in render(site).data["project-templates"] if item["name"] == "packages-el9")
    after = {
        "{jobs}-build-el9": [
            {"{jobs}-publish-el9": ["{jobs}-install-el9", "{jobs}-repotest-el9", "{jobs}-systest-el9"]}
        ]
    }
    assert template["check"] == template["gate"] == [after]
    assert template["periodic"] == ["{jobs}-build-el9"]


@pytest.mark.parametrize("pipeline_name", list(Pipeline))
def test_a_project_has_in_each_pipeline_the_jobs_of_the_steps_that_belong_there(
    site: Site, pipeline_name: Pipeline
) -> None:
    jobs = jobs_of(render(site).data)[pipeline_name, "packaging/hello"] - {"noop"}
    assert jobs == {job.name for job in all_jobs(site) if pipeline_name in job.step.pipelines}


def test_a_project_may_have_another_name_than_its_repository(write_site: Write) -> None:
    own = "  tools:\n    repository: packaging/deb/hello-tools\n    targets: [trixie]\n"
    site = load_site(write_site(SITE + own))
    projects = {project["name"]: project["template"] for project in render(site).data["projects"]}
    templates = [{"name": "packages-trixie", "jobs": "tools"}, {"name": "packages", "jobs": "tools"}]
    assert projects["packaging/deb/hello-tools"] == templates
    jobs = {job.name: job.project for job in all_jobs(site)}
    assert jobs["tools-build-trixie"] == jobs["tools-promote"] == "packaging/deb/hello-tools"


@pytest.mark.parametrize("step", STEPS.values(), ids=str)
def test_every_job_is_sent_to_the_slaves_of_its_role(site: Site, step: Step) -> None:
    layout = render(site)
    functions = next(text for name, text in layout.files.items() if name.startswith("functions-"))
    code: dict[str, Any] = {}
    exec(functions, code)
    for job in (job for job in all_jobs(site) if job.step is step):
        params = {"ZUUL_REF": "refs/zuul/main/Z1"}
        code[attributes(layout, job.name)["parameter-function"]](
            SimpleNamespace(change=SimpleNamespace(), current_build_set=SimpleNamespace()), None, params
        )
        assert params == {"ZUUL_REF": "refs/zuul/main/Z1", "ZUUL_NODE": step.role.value}


@pytest.mark.parametrize("group", ["icehouse", None])
def test_a_job_is_told_the_group_that_was_settled_for_its_build_set_whatever_the_topic_is_by_now(
    site: Site, group: str | None
) -> None:
    text = next(text for name, text in render(site).files.items() if name.startswith("functions-"))
    code: dict[str, Any] = {}
    exec(text, code)
    params = {"ZUUL_REF": "refs/zuul/main/Z1"}
    change = SimpleNamespace(_data={"topic": "group/another"})
    code["on_publisher"](SimpleNamespace(change=change, current_build_set=SimpleNamespace(group=group)), None, params)
    assert params.get("PKGCI_GROUP") == group


def test_a_result_is_shown_with_the_address_of_its_log_and_of_its_build(site: Site) -> None:
    found = attributes(render(site), "packaging-hello-build-el9")
    build = SimpleNamespace(parameters={"LOG_PATH": "1/1/1/check/j/abc"}, url="https://jenkins01/jenkins/job/j/1/")
    for key in ("success-pattern", "failure-pattern"):
        shown = found[key].format(build=build)
        assert shown == ("https://log01.pkg.example.org/logs/1/1/1/check/j/abc/ https://jenkins01/jenkins/job/j/1/")


@pytest.mark.parametrize(
    "build",
    [
        SimpleNamespace(parameters={"LOG_PATH": "1/1"}, url=None),
        SimpleNamespace(parameters={}, url="https://jenkins01/"),
    ],
    ids=["a job that no worker took", "a job that was skipped"],
)
def test_a_job_that_never_ran_has_no_made_up_address(site: Site, build: SimpleNamespace) -> None:
    # Zuul shows the job's name where a pattern cannot be filled in (its model.formatJobResult).
    with pytest.raises((TypeError, KeyError)):
        attributes(render(site), "packaging-hello-build-el9")["success-pattern"].format(build=build)


def test_the_packages_share_one_gate_queue_with_a_job_that_never_runs_for_them(write_site: Write) -> None:
    layout = render(load_site(write_site(SITE + "  packaging/world: {targets: [trixie]}\n")))
    jobs = jobs_of(layout.data)
    assert jobs["gate", "packaging/hello"] & jobs["gate", "packaging/world"] == {"noop"}
    skipped = attributes(layout, "noop")["skip-if"]
    for project in ("packaging/hello", "packaging/world"):
        assert any(re.match(condition["project"], project) for condition in skipped)
    for other in ("packaging/hello2", "my/packaging/hello"):
        assert not any(re.match(condition["project"], other) for condition in skipped)


def test_the_gate_takes_only_what_zuul_has_tested_and_people_have_approved(write_site: Write) -> None:
    text = SITE + "zuul: {gate: {label: Code-Review, value: 2}}\n"
    gate = pipeline(render(load_site(write_site(text))), "gate")
    assert gate["require"] == {
        "open": True,
        "current-patchset": True,
        "approval": [{"username": "^zuul$", "Verified": [1, 2]}, {"Code-Review": 2}],
    }
    assert gate["trigger"]["gerrit"] == [
        {"event": "comment-added", "approval": [{"Code-Review": 2}]},
        {"event": "comment-added", "username": "^zuul$", "approval": [{"Verified": 1}]},
    ]
    assert gate["success"] == {"gerrit": {"Verified": 2, "submit": True}}
    assert gate["failure"] == {"gerrit": {"Verified": -2}}


def test_everything_that_is_about_zuuls_votes_follows_the_declared_ones(write_site: Write) -> None:
    text = SITE.replace("{host: review.example.org}", "{host: review.example.org, votes: {check: 2, gate: 3}}")
    layout = render(load_site(write_site(text + "zuul: {trust: {approval: {label: Code-Review, value: 1}}}\n")))
    check, gate = pipeline(layout, "check"), pipeline(layout, "gate")
    assert [check[end]["gerrit"]["Verified"] for end in ("start", "success", "failure", "merge-failure")] == [
        0,
        2,
        -2,
        -2,
    ]
    assert [gate[end]["gerrit"]["Verified"] for end in ("start", "success", "failure", "merge-failure")] == [
        0,
        3,
        -3,
        -3,
    ]
    assert gate["require"]["approval"][0] == {"username": "^zuul$", "Verified": [2, 3]}
    assert gate["trigger"]["gerrit"][-1]["approval"] == [{"Verified": 2}]
    rejected = [clause for event in check["trigger"]["gerrit"] for clause in event.get("reject-approval", ())]
    assert rejected == [{"username": "^zuul$", "Verified": [-3, -2, 2, 3]}] * 2


def test_one_amount_for_check_and_gate_is_required_once(write_site: Write) -> None:
    text = SITE.replace("{host: review.example.org}", "{host: review.example.org, votes: {gate: 1}}")
    gate = pipeline(render(load_site(write_site(text))), "gate")
    assert gate["require"]["approval"][0]["Verified"] == [1]
    assert (gate["success"], gate["failure"]) == (
        {"gerrit": {"Verified": 1, "submit": True}},
        {"gerrit": {"Verified": -1}},
    )


def test_a_veto_keeps_a_change_out_of_the_gate(write_site: Write) -> None:
    gate = pipeline(render(load_site(write_site(SITE))), "gate")
    assert gate["reject"] == {"approval": [{"Workflow": [-2, -1]}, {"Code-Review": [-2]}]}
    text = SITE + "zuul: {gate: {label: Code-Review, value: 2}}\n"
    gate = pipeline(render(load_site(write_site(text))), "gate")
    assert gate["reject"] == {"approval": [{"Code-Review": [-2]}]}


def test_messages_can_stand_on_gerrits_command_line(site: Site) -> None:
    # Zuul puts them there in double quotes, and does not escape them.
    for item in render(site).data["pipelines"]:
        for key, text in item.items():
            if key.endswith("-message"):
                assert not set(text) & set('"\\$`')


def test_periodic_is_left_out_where_it_never_runs(write_site: Write) -> None:
    layout = render(load_site(write_site(SITE + "zuul: {periodic: ''}\n")))
    assert [item["name"] for item in layout.data["pipelines"]] == ["check", "gate", "republish", "promote"]
    assert "periodic" not in layout.text.partition("project-templates:")[2]


def test_a_time_that_zuul_cannot_keep_is_refused(write_site: Write) -> None:
    with pytest.raises(DocumentError, match=r"site\.yaml:21:18: '0 2 \* 6 \*' names a month"):
        load_site(write_site(SITE + "zuul: {periodic: 0 2 * 6 *}\n"))


def test_a_site_without_projects_has_a_layout(write_site: Write) -> None:
    text = SITE.partition("targets:")[0]
    layout = render(load_site(write_site(text)))
    assert layout.data["projects"] == []
    assert jobs_of(layout.data) == {}


def test_a_site_without_gerrit_has_none(write_site: Write) -> None:
    with pytest.raises(DocumentError, match="there is no 'gerrit'"):
        load_site(write_site(SITE.replace("gerrit: {host: review.example.org}\n", "")))


def test_a_job_name_that_could_be_of_two_steps_is_refused(write_site: Write) -> None:
    text = SITE.replace("  el9:", "  install-trixie:").replace("[trixie, el9]", "[trixie, install-trixie]")
    with pytest.raises(DocumentError, match="could be of the steps"):
        load_site(write_site(text))


def test_a_pattern_means_the_names_of_its_steps_and_no_others(site: Site) -> None:
    pattern = re.compile(job_pattern(site, [STEPS["build"]]))
    assert pattern.match("a-build-el9")
    assert not pattern.match("a-build-el99")
    assert not pattern.match("a-rebuild-el9")
    assert not pattern.match("a-publish-el9")


def test_the_layout_names_the_functions_by_what_is_in_them(site: Site) -> None:
    layout = render(site)
    assert [name for name in layout.files if name != LAYOUT] == [
        include["python-file"] for include in layout.data["includes"]
    ]


def test_what_the_clock_builds_and_fails_is_told_by_mail_where_the_site_has_a_relay(write_site: Write) -> None:
    assert "failure" not in pipeline(render(load_site(write_site(SITE))), "periodic")
    mail = "mail: {administrator: root@pkg.example.org, relay: mail.example.org}\n"
    told = pipeline(render(load_site(write_site(SITE + mail))), "periodic")
    assert told["failure"]["mail"]["subject"].format(change="packaging/hello main") == (
        "Periodic build failed: packaging/hello main"
    )
