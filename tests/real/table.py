"""The table of results: expected, got, time. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.real.catalogue import PASSES, Package
from tests.real.way import Verdict

UNAVAILABLE = "not available"


@dataclass(frozen=True)
class Row:
    """One package: its verdicts in order, each with the run that it is of; or why there is none."""

    package: Package
    verdicts: Sequence[tuple[str, Verdict]] = ()
    unavailable: str = ""

    @property
    def got(self) -> str:
        """``passes``, or which step did not, and why."""
        if self.unavailable:
            return UNAVAILABLE
        bad = next(((when, verdict) for when, verdict in self.verdicts if not verdict.is_good), None)
        return f"{bad[1].step} {bad[1].status} ({bad[0]}): {bad[1].reason}" if bad else PASSES

    @property
    def is_right(self) -> bool:
        return self.got == self.package.expected or self.got.startswith(f"{self.package.expected} ")

    @property
    def seconds(self) -> float:
        return sum(verdict.seconds for _, verdict in self.verdicts)


def right(rows: Sequence[Row]) -> tuple[int, int]:
    """How many of the packages that could be had got the right verdict, and how many could be had."""
    had = [row for row in rows if not row.unavailable]
    return sum(row.is_right for row in had), len(had)


def markdown(rows: Sequence[Row], target: str) -> str:
    """The table, as a page."""
    good, had = right(rows)
    lines = [
        f"# Real packages, target {target}",
        "",
        f"{good} of {had} right; {len(rows) - had} could not be fetched from the mirror at hand.",
        "",
        "| source | has | expected | got | seconds |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        mark = "" if row.is_right or row.unavailable else "**wrong** "
        got = (row.got + (f": {row.unavailable}" if row.unavailable else "")).replace("|", "\\|")
        lines.append(
            f"| {row.package.name} | {row.package.has} | {row.package.expected} | {mark}{got} | {row.seconds:.0f} |"
        )
    return "\n".join([*lines, ""])
