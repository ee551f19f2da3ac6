"""What changed, when it is much: a table in place of a list that nobody reads, and the list with -v."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import pkgci
from pkgci.cli import deploy_jobs_show, deploy_pipelines, deploy_review_show
from pkgci.cli.summary import LONG, job_table, pipeline_table, review_table, same_diffs
from pkgci.jobs.plan import Action, Change, Plan
from pkgci.model.load import load_site
from pkgci.model.plural import counted, noun
from pkgci.model.site import Site
from pkgci.model.steps import all_jobs
from pkgci.pipelines.contents import jobs_of
from pkgci.pipelines.deploy import Live, live_jobs
from pkgci.pipelines.layout import render
from pkgci.review.change import Change as ReviewChange
from pkgci.review.change import Request
from pkgci.review.plan import Plan as ReviewPlan
from tests.unit.conftest import SITE

Capture = pytest.CaptureFixture[str]
PROJECTS = [f"packaging/p{number}" for number in range(5)]


@pytest.fixture
def large(write_site: Callable[[str], Path]) -> Site:
    """A site of five projects: 55 jobs."""
    named = "".join(f"  {name}: {{targets: [trixie, el9]}}\n" for name in PROJECTS)
    return load_site(write_site(SITE.partition("  packaging/hello:")[0] + named))


def job_plan(site: Site, *more: Change) -> Plan:
    added = (Change(job.name, Action.ADDED, "<x/>", None, ("--- a", "+++ b", "+<x/>")) for job in all_jobs(site))
    return Plan((*added, *more))


def shown(capsys: Capture, plan: Plan, site: Site, **how: bool) -> str:
    options = {"delete_retired": False, "whole": False, "long": False, **how}
    deploy_jobs_show.show_plan(plan, all_jobs(site), **options)
    return capsys.readouterr().out


def test_many_jobs_are_a_row_for_each_project_with_its_steps_and_targets(large: Site, capsys: Capture) -> None:
    retired = Change("gone-build-trixie", Action.RETIRED, None, "<x/>", ())
    own = Change("nightly", Action.ADDED, "<x/>", None, ())
    text = shown(capsys, job_plan(large, own, retired), large, whole=True)
    lines = text.splitlines()
    assert len(lines) < LONG
    for name in PROJECTS:
        (row,) = [line for line in lines if f" {name} " in line]
        assert row.startswith("added") and "11 jobs" in row and "systest" in row and "for trixie, el9" in row
    assert any(line.startswith("retired  gone ") and "gone-build-trixie" in line for line in lines)
    assert any("1 job " in line and "nightly" in line for line in lines)
    assert lines[-1] == "jobs: 56 added, 0 changed, 1 retired, 0 unchanged"


def test_v_lists_every_job_and_so_does_a_short_plan(large: Site, capsys: Capture) -> None:
    assert shown(capsys, job_plan(large), large, long=True).count("added: ") == 55
    assert "+<x/>" in shown(capsys, job_plan(large), large, long=True, whole=True)
    short = Plan(job_plan(large).changes[:LONG])
    assert shown(capsys, short, large).count("added: ") == LONG


def test_a_change_that_many_jobs_share_is_shown_once(large: Site, capsys: Capture) -> None:
    diff = ("-<old/>", "+<new/>")
    changed = tuple(
        Change(job.name, Action.CHANGED, "n", "o", (f"--- {job.name} now", f"+++ {job.name} next", *diff))
        for job in all_jobs(large)
    )
    text = shown(capsys, Plan(changed), large)
    assert text.count("+<new/>") == 1 and "51 more" in text.partition("The same in")[2]
    assert len(same_diffs(changed)) == 1
    assert shown(capsys, Plan(changed), large, long=True).count("+<new/>") == 55


def test_a_table_of_very_many_projects_is_cut_and_says_so() -> None:
    changes = [Change(f"p{number}-build-x", Action.ADDED, "", None, ()) for number in range(60)]
    lines = list(job_table(changes, ()))
    assert len(lines) == 21 and lines[-1] == "… and 40 more rows"


def test_a_layout_is_a_row_for_each_project_whose_jobs_change(large: Site, site: Site) -> None:
    new = jobs_of(render(large).data)
    rows = list(pipeline_table({}, new))
    assert [row.split()[:2] for row in rows] == [["added", name] for name in PROJECTS]
    assert all("check 10" in row and "promote 1" in row for row in rows)
    assert list(pipeline_table(new, new)) == []
    assert [row.split()[0] for row in pipeline_table(new, {})] == ["removed"] * 5
    one = {key: jobs for key, jobs in new.items() if key != ("check", PROJECTS[0])}
    assert [row.split()[:2] for row in pipeline_table(one, new)] == [["changed", PROJECTS[0]]]


def test_a_layout_that_cannot_be_read_is_as_none() -> None:
    live: Any = Live("a: [", {}, 0.0, True, None, frozenset(), frozenset())
    assert live_jobs(live) == {}


@pytest.mark.parametrize("long", [False, True])
def test_a_long_difference_of_the_layout_is_shown_with_v_only(large: Site, capsys: Capture, long: bool) -> None:
    layout = render(large)
    diff = tuple(f"+{line}" for line in layout.text.splitlines())
    live = Live(None, {}, 0.0, True, None, frozenset(), frozenset())
    plan: Any = SimpleNamespace(live=live, diff=diff, losses=(), missing=(), idle=(), changes=True)
    deploy_pipelines._show(plan, layout, large.host("zuul01"), long=long)
    out = capsys.readouterr().out
    assert (len(out.splitlines()) >= len(diff)) is long
    if not long:
        assert f"{len(diff)} lines added, 0 removed" in out and PROJECTS[4] in out


def test_many_changes_in_gerrit_are_told_once_with_how_many_places_they_are_for(capsys: Capture) -> None:
    request = Request("PUT", "/x")
    changes = tuple(
        ReviewChange(f"project {name}", what, (f"+ {what}",), request)
        for name in (f"p{number}" for number in range(15))
        for what in ("create the label Verified", "give Submit")
    )
    assert len(list(review_table(changes))) == 2
    plan = ReviewPlan(changes, ())
    for long in (False, True):
        deploy_review_show.show_plan(plan, "https://review.example.org", "3.11", long=long)
        out = capsys.readouterr().out
        assert out.count("give Submit") == (15 if long else 1)
        assert "30 changes to make" in out
    assert "15 places" in "".join(review_table(changes)) and "14 more" in "".join(review_table(changes))


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 hosts"), (1, "1 host"), (2, "2 hosts"), (-1, "-1 hosts"), (1000, "1000 hosts")]
)
def test_one_is_one_and_everything_else_is_many(number: int, words: str) -> None:
    assert counted(number, "host") == words
    assert noun(number, "has", "have") == ("has" if number == 1 else "have")


def test_no_module_makes_plurals_by_itself() -> None:
    package = Path(pkgci.__file__).parent
    own = re.compile(r"""['"]s['"] if |['"]['"] if [^'"]*== 1 else ['"]s['"]""")
    # What runs in the lab's containers uses nothing of pkgci.
    files = [file for file in package.rglob("*.py") if "stand_ins" not in file.parts]
    assert [file.name for file in files if own.search(file.read_text())] == [], "use pkgci.model.plural"
