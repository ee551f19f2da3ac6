"""The figures as a table, for people, and as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.race import Result


@dataclass(frozen=True)
class Figure:
    """One budget and what was measured. ``unit`` is '×' for a ratio to a peer, else 's' or 'MB'."""

    what: str
    value: float
    unit: str
    budget: float
    detail: str

    @property
    def met(self) -> bool:
        return self.value <= self.budget


@dataclass(frozen=True)
class Outcome:
    """What one bench gave: its figures, the measurements behind them, and what could not be measured."""

    figures: tuple[Figure, ...]
    results: dict[str, dict[str, Result]]
    remarks: tuple[str, ...] = ()


def ratio(what: str, ours: Result, theirs: Result, budget: float) -> Figure:
    """How long ours took, as a multiple of theirs."""
    detail = f"{ours.seconds:.2f} s; {theirs.name}: {theirs.seconds:.2f} s"
    return Figure(what, ours.seconds / theirs.seconds, "×", budget, detail)


def markdown(outcomes: Iterable[Outcome], settings: str) -> str:
    """The table, and on which machine it was measured."""
    outcomes = tuple(outcomes)
    rows = [("what", "measured", "budget", "", "medians")]
    for figure in (figure for outcome in outcomes for figure in outcome.figures):
        digits = 0 if figure.unit == "MB" else 2
        value, budget = (f"{number:.{digits}f} {figure.unit}" for number in (figure.value, figure.budget))
        rows.append((figure.what, value, f"≤ {budget}", "met" if figure.met else "OVER", figure.detail))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    rows.insert(1, tuple("-" * width for width in widths))  # type: ignore[arg-type]
    lines = [f"| {' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))} |" for row in rows]
    remarks = [f"- {remark}" for outcome in outcomes for remark in outcome.remarks]
    return "\n".join([*lines, "", f"Measured on {machine()}, {settings}.", *remarks]) + "\n"


def terminal(outcomes: Iterable[Outcome]) -> str:
    """The figures in 80 columns."""
    lines = []
    for figure in (figure for outcome in outcomes for figure in outcome.figures):
        digits = 0 if figure.unit == "MB" else 2
        value = f"{figure.value:.{digits}f} {figure.unit}"
        budget = f"≤ {figure.budget:.{digits}f} {figure.unit}"
        lines.append(f"{'ok  ' if figure.met else 'OVER'}  {figure.what:<44} {value:>10}  {budget:>11}")
        lines.append(f"        {figure.detail}")
    return "\n".join(lines) + "\n"


def write(outcomes: Sequence[Outcome], settings: str, folder: Path) -> None:
    """Writes ``bench-results.md`` and ``bench-results.json`` to ``folder``."""
    (folder / "bench-results.md").write_text(markdown(outcomes, settings))
    data = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "settings": settings,
        "figures": [{**asdict(figure), "met": figure.met} for outcome in outcomes for figure in outcome.figures],
        "samples": {
            bench: {name: [asdict(sample) for sample in result.samples] for name, result in results.items()}
            for outcome in outcomes
            for bench, results in outcome.results.items()
        },
        "remarks": [remark for outcome in outcomes for remark in outcome.remarks],
    }
    (folder / "bench-results.json").write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def machine() -> str:
    """This machine, in a few words, and how busy it was when asked."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    busy = os.getloadavg()[0]
    kind = f"Linux {platform.release().split('-')[0]}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {pages / 1e9:.0f} GB ({kind}), load {busy:.1f} at the end"
