"""What is not as declared, and what is."""

import json
from datetime import timedelta

import pytest

from pkgci.model.steps import all_jobs
from pkgci.remote.errors import UnknownHostKeyError, UnreachableError
from tests.unit.status.conftest import ITEM, NOW, World, encoded, nodes, page, subkey, zuul


def test_where_all_is_well_there_is_nothing_to_say(world: World) -> None:
    assert world.problems() == []


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("LoadState=loaded ActiveState=inactive", "geard does not run"),
        ("LoadState=loaded ActiveState=failed", "geard has failed"),
        ("LoadState=not-found ActiveState=inactive", "geard not installed"),
    ],
)
def test_a_service_that_is_down_is_named(world: World, state: str, words: str) -> None:
    world.put("zuul01", "unit=geard", f"unit=geard {state}")
    assert ("zuul01", words) in world.problems()


def test_the_silence_of_a_stopped_service_is_not_told_twice(world: World) -> None:
    world.put("zuul01", "unit=geard", "unit=geard LoadState=loaded ActiveState=inactive")
    world.put("zuul01", "gearman=", None)
    assert world.problems() == [("zuul01", "geard does not run")]


def test_a_service_that_runs_and_does_not_answer_is_named(world: World) -> None:
    world.put("zuul01", "page=zuul", "page=zuul ")
    world.put("jenkins01", "page=nodes", f"page=nodes {encoded('HTTP/1.1 503 Starting' + chr(10) * 2)}")
    assert world.problems() == [("zuul01", "Zuul does not answer"), ("jenkins01", "Jenkins does not answer")]


def test_a_full_disk_is_named_and_one_that_is_nearly_full_is_not(world: World) -> None:
    world.put("pub01", "disk=", "disk=/srv 100 10 90% /")
    assert world.problems() == []
    world.put("pub01", "disk=", "disk=/srv 100 9 91% /")
    assert world.problems() == [("pub01", "the disk with /srv is 91 % full")]


@pytest.mark.parametrize(("days", "count"), [(31, 0), (29, 1), (-1, 1)])
def test_a_certificate_that_ends_within_thirty_days_is_named(world: World, days: int, count: int) -> None:
    world.put("zuul01", "certificate=", f"certificate={encoded(world.certificate(days))}")
    problems = world.status().problems
    assert len(problems) == count
    assert all("pkgci secrets init" in problem.next for problem in problems)


def test_a_public_host_without_a_certificate_is_named(world: World) -> None:
    world.put("log01", "certificate=", None)
    assert world.problems() == [("log01", "there is no certificate")]


def test_a_signing_key_that_ends_soon_is_named(world: World) -> None:
    soon = int((NOW + timedelta(days=5)).timestamp())
    world.lines["jenkins01"] += [f"key={soon} /etc/apt/keyrings/jenkins.asc", "key= /etc/apt/keyrings/never.asc"]
    assert world.problems() == [("jenkins01", "the signing key /etc/apt/keyrings/jenkins.asc ends on 2026-11-28")]


def test_the_sites_authority_is_watched_too(world: World) -> None:
    (problem,) = (one for one in world.status(NOW + timedelta(days=3640)).problems if one.where == "the site's CA")
    assert problem.what.startswith("ends on ")


def test_a_run_that_failed_is_named_with_what_failed(world: World) -> None:
    world.put("build01", "exit=", "exit=exit-code exited 6")
    world.put("build01", "count=failed", "count=failed 2")
    assert world.problems() == [("build01", "the last run of Puppet failed: 2 resources")]


def test_a_run_that_broke_off_is_named(world: World) -> None:
    world.put("build01", "exit=", None)
    assert world.problems() == [("build01", "the last run of Puppet broke off")]


def test_what_a_run_that_is_under_way_has_not_done_yet_is_not_told(world: World) -> None:
    world.put("zuul01", "exit=", "running=yes")
    world.put("zuul01", "unit=geard", "unit=geard LoadState=not-found ActiveState=inactive")
    assert world.problems() == [("zuul01", "a run of alice@desk is under way")]


def test_a_run_that_changed_something_is_as_declared(world: World) -> None:
    world.put("build01", "exit=", "exit=success exited 2")
    assert world.problems() == []


def test_a_function_that_a_job_needs_and_nobody_offers_is_named(world: World) -> None:
    first, second = (f"build:{job.name}:{job.step.role}" for job in list(all_jobs(world.site))[:2])
    answer = f"{first}\t1\t0\t0\n{second}\t1\t0\t1\n."
    world.put("zuul01", "gearman=status", f"gearman=status {encoded(answer)}")
    status = world.status()
    assert first in status.missing and second not in status.missing
    assert [problem.next for problem in status.problems] == ["pkgci deploy-jobs"]


def test_a_node_that_is_offline_or_not_there_is_named(world: World) -> None:
    data = nodes(build01="disk space\n is too low")
    data["computer"] = [node for node in data["computer"] if node["displayName"] != "pub01"]
    world.put("jenkins01", "page=nodes", f"page=nodes {page(data)}")
    assert world.problems() == [
        ("Jenkins", "there is no node pub01"),
        ("Jenkins", "the node build01 is offline: disk space is too low"),
    ]


def test_what_gerrit_refuses_to_do_for_zuul_is_named_with_what_to_do(world: World) -> None:
    refused = "Gerrit refused to submit change 12 of packaging/hello: Change 12: submit not permitted"
    world.lines["zuul01"].append(f"alerts={encoded(json.dumps({'submit packaging/hello main': {'what': refused}}))}")
    (problem,) = world.status().problems
    assert (problem.where, problem.what, problem.next) == ("Gerrit", refused, "pkgci verify-review")


def test_what_the_clock_has_started_and_failed_is_named(world: World) -> None:
    failed = "periodic of packaging/hello main failed: packaging-hello-build-trixie: the compiler is new"
    world.lines["zuul01"].append(f"clock={encoded(json.dumps({'periodic packaging/hello main': {'what': failed}}))}")
    assert world.problems() == [("Zuul", failed)]


@pytest.mark.parametrize("alerts", ["{}", "", "[1]", '{"a": 1}'])
def test_alerts_that_are_none_are_no_problem(world: World, alerts: str) -> None:
    world.lines["zuul01"].append(f"alerts={encoded(alerts)}")
    assert world.problems() == []


def test_a_zuul_that_has_lost_gerrit_is_named(world: World) -> None:
    world.put("zuul01", "gerrit=", "gerrit=0")
    assert world.problems() == [("zuul01", "Zuul has no connection to Gerrit")]


def test_a_host_that_cannot_be_reached_is_named_and_nothing_is_guessed_about_it(world: World) -> None:
    world.errors["zuul01"] = UnreachableError("zuul01", "it does not answer")
    status = world.status()
    assert [(one.where, one.what) for one in status.problems] == [("zuul01", "not reached: it does not answer")]
    assert status.gearman is None and status.reached


def test_of_a_host_whose_key_is_not_known_it_is_said_who_asks_about_it(world: World) -> None:
    world.errors["pub01"] = UnknownHostKeyError("pub01", "its key SHA256:x was not confirmed", "a long hint")
    (problem,) = world.status().problems
    assert (problem.what, problem.next) == ("not reached: its SSH host key is not known yet", "pkgci verify-servers")


def test_bare_hosts_are_one_line_together(world: World) -> None:
    for name in ("zuul01", "jenkins01"):
        world.lines[name] = ["unit=geard LoadState=not-found ActiveState=inactive", "disk=/ 100 90 10% /"]
    assert world.problems() == [("zuul01, jenkins01", "nothing is deployed there yet")]


def test_the_stand_in_says_itself_what_it_is(world: World) -> None:
    assert world.status().stand_ins == ()
    world.put("jenkins01", "page=nodes", f"page=nodes {page(nodes(), X_Pkgci_Stand_In='jenkins')}")
    assert world.status().stand_ins == ("Jenkins",)


def test_what_is_in_zuuls_pipelines_is_known_with_its_jobs(world: World) -> None:
    world.put("zuul01", "page=zuul", f"page=zuul {page(zuul(ITEM))}")
    found = world.status().zuul
    assert found is not None and found.pipelines == ("check", "gate") and found.events == 1
    (item,) = found.items
    assert (item.pipeline, item.project, item.change) == ("check", "packaging/hello", "12,1")
    assert [(build.result, build.seconds) for build in item.builds] == [("SUCCESS", 9.0), (None, 4.0), (None, None)]


def test_only_clients_that_offer_functions_are_workers(world: World) -> None:
    gearman = world.status().gearman
    assert gearman is not None
    assert gearman.workers == tuple(f"{name}_exec-0" for name in ("pub01", "build01", "install01", "systest01"))


@pytest.mark.parametrize(("days", "count"), [(61, 0), (59, 1), (-1, 1)])
def test_a_repositorys_key_is_to_be_rotated_weeks_before_it_ends(world: World, days: int, count: int) -> None:
    world.signing["release"] = (subkey("A", days),)
    problems = world.status().problems
    assert len(problems) == count
    assert all(problem.where == "the release-key" for problem in problems)
    assert all(problem.next.startswith("pkgci secrets rotate release-key") for problem in problems)


def test_an_overlap_is_to_be_ended_before_its_old_half_is_too_old(world: World) -> None:
    world.signing["review"] = (subkey("A", 20), subkey("B", 700))
    assert world.problems() == []
    world.signing["review"] = (subkey("A", 6), subkey("B", 700))
    (problem,) = world.status().problems
    assert (problem.what, problem.next) == (
        "its old subkey ends on 2026-11-29",
        "pkgci secrets rotate review-key --finish",
    )


@pytest.mark.parametrize(("found", "words"), [("none", "no firewall rules are loaded"), ("others", "cannot be loaded")])
def test_a_host_without_its_own_firewall_rules_is_named(world: World, found: str, words: str) -> None:
    world.lines["build01"].append(f"own_firewall={found}")
    assert [where for where, what in world.problems() if words in what] == ["build01"]


def test_a_firewall_that_failed_is_named_as_a_service_is(world: World) -> None:
    world.put("pub01", "unit=pkgci-firewall", "unit=pkgci-firewall LoadState=loaded ActiveState=failed")
    assert world.problems() == [("pub01", "pkgci-firewall has failed")]


def test_a_tmp_that_cannot_be_written_is_a_problem_of_its_host(world: World) -> None:
    world.lines["pub01"].append("temporary_refusal=mktemp: failed: Read-only file system")
    assert world.problems() == [("pub01", "/tmp is read-only")]
