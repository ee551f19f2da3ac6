"""What a bootstrap shows: while it goes on, at its end, and to machines."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from pkgci.cli.bootstrap_progress import Plain, Screen, progress_on
from pkgci.cli.bootstrap_result import json_of, show, verdict
from pkgci.cli.connect import status_of
from pkgci.puppetrun.progress import Phase, Progress
from pkgci.puppetrun.report import Failure, Pending, Report
from pkgci.puppetrun.result import RunResult
from pkgci.remote.errors import HostError, UnreachableError

REPORT = Report(False, True, 99, 0, 0, 0, 0, 0, {"package": 1.0}, (), (), (), ())
GOOD = RunResult("zuul01", "run", 12.3, False, (), REPORT, {})
FAILED = replace(
    GOOD,
    host="pub01",
    report=replace(
        REPORT,
        failed=1,
        skipped=3,
        failures=(
            Failure("Package[x]", "returned 100: Reading package lists...\nBuilding dependency tree...\nE: no x"),
        ),
    ),
)
AWAY = UnreachableError("log01", "10.0.0.9 port 22 refuses connections", "is sshd running?")


def shown(capsys: pytest.CaptureFixture[str], *results: RunResult | HostError, noop: bool = False) -> tuple[str, str]:
    show({result.host: result for result in results}, noop=noop, again="pkgci again", then="pkgci then")
    captured = capsys.readouterr()
    return captured.out, captured.err


def test_the_table_tells_each_host_and_fits_sixty_columns(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = shown(capsys, GOOD, FAILED, AWAY)
    assert out.splitlines()[:4] == [
        "host   changed failed skipped pending time verdict",
        "zuul01       0      0       0       0 12 s as declared",
        "pub01        0      1       3       0 12 s failed",
        "log01        -      -       -       -    - not reached",
    ]


def test_the_failed_resources_come_last_with_what_puppet_said_and_no_chatter(
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, err = shown(capsys, GOOD, FAILED, AWAY)
    assert out.endswith("pub01: Package[x] failed\n  returned 100:\n  E: no x\n")
    assert "pkgci: log01: 10.0.0.9 port 22 refuses connections\n  is sshd running?\n" in err
    assert err.endswith("2 of 3 hosts failed. Next: pkgci again\n")


def test_where_all_is_well_the_next_command_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, GOOD)[1] == "next: pkgci then\n"


def test_a_noop_run_shows_each_resource_with_its_diff(capsys: pytest.CaptureFixture[str]) -> None:
    report = replace(
        REPORT,
        noop=True,
        pending=2,
        waiting=(Pending("File[/etc/motd]", ("content",)), Pending("Package[x]", ("ensure: purged → present",))),
    )
    diff = {"/Stage[main]/Base/File[/etc/motd]": ("--- /etc/motd", "+++ /tmp/x", "@@ -1 +1 @@", "-old", "+new")}
    out, _ = shown(capsys, replace(GOOD, report=report, diffs=diff), noop=True)
    assert out.split("\n\n")[1].splitlines() == [
        "zuul01 would change:",
        "  File[/etc/motd]  content",
        "    @@ -1 +1 @@",
        "    -old",
        "    +new",
        "  Package[x]  ensure: purged → present",
    ]
    assert " would change" in out.splitlines()[1]


def test_repairs_are_told_from_changes() -> None:
    assert verdict(replace(GOOD, report=replace(REPORT, changed=4))) == "4 changed (12 s)"
    repaired = verdict(replace(GOOD, report=replace(REPORT, changed=4, corrective=4)))
    assert repaired == "4 changed (4 had been as declared) (12 s)"


def test_a_run_without_a_report_shows_the_end_of_its_log(capsys: pytest.CaptureFixture[str]) -> None:
    broken = replace(GOOD, report=None, problem="Puppet made no report", hint="see the log", tail=("Error: nosuch",))
    out, _ = shown(capsys, broken)
    assert "zuul01: Puppet made no report\n  | Error: nosuch\n  see the log\n" in out


def test_machines_learn_who_is_ok_and_who_was_reached() -> None:
    found = json_of({"zuul01": GOOD, "pub01": FAILED, "log01": AWAY})
    assert [(one["ok"], one["reached"]) for one in found.values()] == [(True, True), (False, True), (False, False)]
    assert found["pub01"]["report"]["failures"][0]["resource"] == "Package[x]"


def test_nothing_reached_is_another_status_than_something_failed() -> None:
    assert status_of({"log01": AWAY}, False) == 3
    assert status_of({"log01": AWAY, "zuul01": GOOD}, False) == 1


def plain(*hosts: str) -> tuple[Plain, io.StringIO]:
    stream = io.StringIO()
    return Plain(stream, hosts), stream


def test_piped_progress_is_a_line_for_each_phase_and_not_for_each_resource() -> None:
    progress, stream = plain("zuul01", "jenkins01")
    for number in range(1, 4):
        progress.advance(Progress("zuul01", Phase.APPLYING, number, 99, f"File[/{number}]"))
    progress.end("zuul01", GOOD)
    assert stream.getvalue() == "zuul01     applying 99 resources\nzuul01     nothing to change (12 s)\n"


def test_a_host_that_is_busy_gives_a_heartbeat_with_its_last_resource(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    progress, stream = plain("zuul01")
    progress.advance(Progress("zuul01", Phase.APPLYING, 5, 99, "Package[apache2]"))
    now += 29
    progress.beat()
    now += 2
    progress.beat()
    assert stream.getvalue().splitlines()[1:] == ["zuul01  applying 5 of 99 Package[apache2], for 31 s"]


def test_without_a_terminal_nothing_is_rewritten() -> None:
    assert isinstance(progress_on(io.StringIO(), ["zuul01"]), Plain)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_hosts_line_fits_the_terminal(width: int) -> None:
    screen = Screen(Console(file=io.StringIO(), force_terminal=True), ["zuul01", "jenkins01"])
    screen.advance(Progress("zuul01", Phase.APPLYING, 215, 431, "File[/a/very/long/name" * 9))
    line = screen.line("zuul01", width, 1e6).plain
    assert len(line) <= width
    assert line.startswith("zuul01    ████░░░░░░  215/431 ")
    screen.end("jenkins01", HostError("jenkins01", "a long story " * 20))
    assert len(screen.line("jenkins01", width, 0.0).plain) <= width


def test_more_hosts_than_lines_show_those_at_work() -> None:
    hosts = [f"build{number:03}" for number in range(100)]
    screen = Screen(Console(file=io.StringIO(), force_terminal=True, width=80, height=12), hosts)
    screen.advance(Progress("build077", Phase.COMPILING))
    out = io.StringIO()
    Console(file=out, width=80, height=12).print(screen)
    lines = out.getvalue().splitlines()
    assert len(lines) <= 12
    assert any(line.startswith("build077 compiling") for line in lines)
    assert lines[-1] == "0 of 100 hosts done"
