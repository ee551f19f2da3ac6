"""The last screen of a bootstrap: a table, what failed and why, and what to type next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pkgci.cli.connect import errors_of, show_errors
from pkgci.cli.invocation import pasteable
from pkgci.cli.say import say
from pkgci.errors import ExitStatus
from pkgci.model.plural import counted
from pkgci.puppetrun.result import RunResult
from pkgci.remote.errors import HostError

if TYPE_CHECKING:
    from pkgci.puppetrun.report import Report

Results = Mapping[str, RunResult | HostError]

_COLUMNS = ("changed", "failed", "skipped", "pending", "time")
# What package managers say before they say what is wrong.
_CHATTER = ("Building dependency tree", "Reading state information")
_LONGEST_MESSAGE = 8  # lines


def verdict(result: RunResult | HostError) -> str:
    """A result in one line."""
    if isinstance(result, HostError):
        return result.reason
    if result.problem is not None or result.report is None:
        return f"failed: {result.problem}"
    return f"{_counts(result.report)} ({duration(result.seconds)})"


def _counts(report: Report) -> str:
    counts = [(report.failed, "failed"), (report.skipped, "skipped"), (report.changed, "changed")]
    counts.append((report.pending, "would change" if report.noop else "pending"))
    told = ", ".join(f"{count} {word}" for count, word in counts if count) or "nothing to change"
    return f"{told} ({report.corrective} had been as declared)" if report.corrective else told


def duration(seconds: float) -> str:
    """Seconds for people: '12 s', '3:05 min'."""
    whole = round(seconds)
    return f"{whole} s" if whole < 100 else f"{whole // 60}:{whole % 60:02} min"


def show(results: Results, *, noop: bool, again: str, then: str) -> None:
    """Writes the last screen. ``again`` repeats the command for what failed, ``then`` is the next command."""
    _table(results)
    for name, result in results.items():
        if isinstance(result, RunResult):
            _failures(name, result)
    if noop:
        for name, result in results.items():
            if isinstance(result, RunResult):
                _pending(name, result)
    show_errors(errors_of(results))
    failed = [name for name, result in results.items() if not result.ok]
    if failed:
        say(f"{len(failed)} of {counted(len(results), 'host')} failed. Next: {again}", err=True)
    else:
        say(f"next: {then}", err=True)


def _table(results: Results) -> None:
    rows = [("host", *_COLUMNS, "verdict"), *((name, *_row(result)) for name, result in results.items())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row, result in zip(rows, (None, *results.values()), strict=True):
        cells = [
            cell.ljust(width) if column in (0, len(row) - 1) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        bad = result is not None and not result.ok
        say(" ".join(cells).rstrip(), fg="red" if bad else None, bold=result is None)


def _row(result: RunResult | HostError) -> tuple[str, ...]:
    if isinstance(result, HostError):
        return "-", "-", "-", "-", "-", _failing(result)
    report, time = result.report, duration(result.seconds)
    if report is None:
        return "-", "-", "-", "-", time, "failed"
    counts = (report.changed, report.failed, report.skipped, report.pending)
    return *(str(count) for count in counts), time, _word(result, report)


def _failing(error: HostError) -> str:
    if error.status is ExitStatus.LOCKED:
        return "locked"
    return "failed" if error.reached else "not reached"


def _word(result: RunResult, report: Report) -> str:
    if not result.ok:
        return "failed"
    if report.noop:
        return ("would repair" if report.corrective else "would change") if report.pending else "as declared"
    if report.changed:
        return "repaired" if report.corrective else "changed"
    return "as declared"


def _failures(name: str, result: RunResult) -> None:
    if result.problem is not None:
        say(f"\n{name}: {result.problem}")
        for line in result.tail:
            say(f"  | {line}")
        if result.hint:
            say(f"  {pasteable(result.hint)}")
    for failure in result.report.failures if result.report else ():
        say(f"\n{name}: {failure.resource} failed")
        for line in _telling(failure.message):
            say(f"  {line}")


def _telling(message: str) -> list[str]:
    message = message.replace("Reading package lists...", "")
    lines = [line.rstrip() for line in message.splitlines() if line.strip() and not line.startswith(_CHATTER)]
    if len(lines) > _LONGEST_MESSAGE:
        half = _LONGEST_MESSAGE // 2
        return [*lines[:half], f"… {counted(len(lines) - 2 * half, 'more line')} …", *lines[-half:]]
    return lines


def _pending(name: str, result: RunResult) -> None:
    """What a noop run would change on a host: each resource, with the diff of its content where there is one."""
    if result.report is None or not result.report.waiting:
        return
    say(f"\n{name} would change:")
    for pending in result.report.waiting:
        say(f"  {pending.resource}  {', '.join(pending.differences)}".rstrip())
        for path, lines in result.diffs.items():
            if path.endswith(f"/{pending.resource}"):
                _diff(lines)


def _diff(lines: Iterable[str]) -> None:
    colours = {"+": "green", "-": "red", "@": "cyan"}
    for line in lines:
        # Puppet compares with a temporary file, whose name says nothing.
        if not line.startswith(("--- ", "+++ ")):
            say(f"    {line}", fg=colours.get(line[:1]))


def json_of(results: Results) -> Any:
    """The results for machines: a mapping by host."""
    return {
        name: {**result.to_dict(), "hint": pasteable(result.hint or "") or None} for name, result in results.items()
    }
