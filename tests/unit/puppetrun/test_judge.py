"""What the end of a run means, in words, and what to do about it."""

import pytest

from pkgci.model.site import Site
from pkgci.puppetrun.follow import End, Following
from pkgci.puppetrun.plan import Tree
from pkgci.puppetrun.progress import Phase, Progress
from pkgci.puppetrun.result import RunResult
from pkgci.puppetrun.run import Deployment, judge
from pkgci.secrets.redact import Redactor
from tests.unit.puppetrun.test_report import report, status

SECRET = "correct horse battery"


def run(site: Site, log: list[str], end: End) -> RunResult:
    deployment = Deployment(site, Tree(site.directory), None, {}, False, "alice@desk")  # type: ignore[arg-type]
    following = Following("run", Progress("zuul01", Phase.APPLYING, 5, 9, "File[/a]"), log)
    return judge(deployment, site.host("zuul01"), following, end, 7.0, False, Redactor({"password": SECRET}))


def ended(result: str | None, code: str = "exited", status: str = "0", **more: object) -> End:
    values = {"rebooted": False, "free_kb": 10_000_000, "report": "", **more}
    return End(result, code, status, **values)  # type: ignore[arg-type]


def test_the_verdict_is_the_reports_and_not_the_exit_statuss(site: Site) -> None:
    good = report(status("File[/a]", changed=True)).replace("      - 1\n", "      - 0\n")
    assert run(site, [], ended("exit-code", "exited", "6", report=good)).ok
    assert not run(site, [], ended("success", report=report(status("File[/a]")))).ok


def test_without_a_report_the_log_is_shown_from_the_first_error_on(site: Site) -> None:
    log = ["Info: Loading facts", "Error: Could not find class nosuch", "Error: more"]
    result = run(site, log, ended("exit-code", "exited", "1"))
    assert result.problem == "Puppet made no report"
    assert result.tail == ("Error: Could not find class nosuch", "Error: more")


def test_an_old_tree_that_puppet_8_does_not_understand_is_told_what_it_needs(site: Site) -> None:
    log = ["Error: Evaluation Error: Unknown variable: '::osfamily'. (file: /x.pp, line: 1)"]
    assert "include_legacy_facts: true" in (run(site, log, ended("exit-code", "exited", "1")).hint or "")


def test_a_file_of_the_release_is_named_as_in_the_tree(site: Site) -> None:
    path = f"/var/lib/pkgci/releases/{'a' * 64}/code/manifests/site.pp"
    assert run(site, [f"Error: (file: {path})"], ended("exit-code", "exited", "1")).tail == (
        "Error: (file: manifests/site.pp)",
    )


@pytest.mark.parametrize(
    ("end", "said"),
    [
        (ended("timeout", "killed", "TERM"), "ended at its deadline of 60 min; last: File[/a]"),
        (ended("signal", "killed", "KILL"), "was killed (KILL); last: File[/a]"),
        (ended("shutdown", "killed", "TERM"), "the host rebooted during the run; last: File[/a]"),
        (ended(None, "", "", rebooted=True), "the host rebooted during the run; last: File[/a]"),
        (ended(None, "", "", free_kb=12), "the disk is full"),
        (ended(None, "", "", free_kb=None), "nobody wrote down how"),
        (ended("exit-code", "exited", "65"), "packages could not be installed: Could not connect to mirror:80"),
        (ended("exit-code", "exited", "67"), "Puppet is too old: puppet-agent is version 5.5.22, 7 is needed"),
        (ended("exit-code", "exited", "68"), "could not be made current"),
        (ended("success", report="- 1"), "Puppet's report cannot be read"),
    ],
)
def test_what_kept_a_run_from_its_end_is_told(site: Site, end: End, said: str) -> None:
    log = ["Err:1 http://mirror", "  Could not connect to mirror:80", "pkgci: puppet-agent is version 5.5.22"]
    result = run(site, log, end)
    assert said in str(result.problem)
    assert not result.ok


def test_a_run_that_puppet_broke_off_is_no_success(site: Site) -> None:
    broken = report(status("File[/a]")).replace("transaction_completed: true", "transaction_completed: false")
    assert "did not go through" in str(run(site, [], ended("success", report=broken)).problem)


def test_no_secret_reaches_a_result(site: Site) -> None:
    failing = report(status("File[/a]", failed=True)).replace("host: zuul01", f"host: {SECRET}")
    result = run(site, [f"Error: {SECRET} is wrong"], ended("exit-code", "exited", "1", report=failing))
    assert SECRET not in repr(result)
    assert run(site, [f"Error: {SECRET}"], ended("exit-code", "exited", "1")).tail == ("Error: <secret password>",)


def test_a_run_that_turned_out_noop_is_no_success(site: Site) -> None:
    good = report(status("File[/a]", changed=True)).replace("      - 1\n", "      - 0\n")
    result = run(site, [], ended("success", report=good.replace("noop: false", "noop: true")))
    assert not result.ok and "noop" in str(result.problem)
