"""The last screen of a bootstrap: a table, what failed and why, and what to type next."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pkgci.puppetrun.run import RunResult
    from pkgci.remote.errors import HostError

_COLUMNS = ("changed", "failed", "skipped", "pending")


def verdict(result: RunResult | HostError) -> str:
    """A result in a few words."""
    from pkgci.remote.errors import HostError

    if isinstance(result, HostError):
        return result.reason
    report = result.report
    if result.problem is not None or report is None:
        return result.problem or "no report"
    counts = [(report.failed, "failed"), (report.skipped, "skipped"), (report.changed, "changed")]
    counts.append((report.pending if report.noop else 0, "would change"))
    words = [f"{count} {word}" for count, word in counts if count]
    return f"{', '.join(words) or 'nothing to change'} ({result.seconds:.0f} s)"


def show(site_file: Path, results: Mapping[str, RunResult | HostError], noop: bool) -> None:
    for name, result in results.items():
        click.echo(f"{name} {verdict(result)}")
        if not isinstance(result, Exception):
            for line in result.tail: click.echo("  " + line)
            if result.report:
                for f in result.report.failures: click.echo(f"  {f.resource}: {f.message}")


def json_of(results: Mapping[str, RunResult | HostError]) -> Any:
    from dataclasses import asdict

    from pkgci.remote.errors import HostError

    return {
        name: {"error": result.reason, "hint": result.hint} if isinstance(result, HostError) else asdict(result)
        for name, result in results.items()
    }
