"""What is published, and what would change, in lines for people. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from pkgci.cli.summary import table
from pkgci.model.plural import counted
from pkgci.publish.data import Overview, Plan, Review, Version

_SHOWN = 20  # earlier states


def overview(found: Overview, now: datetime) -> Iterator[str]:
    """Everything that is published."""
    yield f"{found.url}"
    if not found.released:
        yield "  nothing is released yet"
    for target in dict.fromkeys(version.target for version in found.released):
        yield ""
        yield target
        rows = [_cells(version) for version in found.released if version.target == target]
        rows.sort(key=lambda cells: cells[0])
        yield from _table(rows)
    if found.reviews:
        yield ""
        yield "Under review"
        yield from _table([_review(one, now) for one in found.reviews])
    if len(found.generations) > 1:
        yield ""
        yield "States of what is released (pkgci publish rollback N)"
        rows = [
            (
                str(one.number),
                f"{one.made:%Y-%m-%d %H:%M}",
                one.why + (", now" if one.number == found.generation else ""),
            )
            for one in found.generations[:_SHOWN]
        ]
        yield from _table(rows)


def difference(plan: Plan) -> Iterator[str]:
    """What would be gone, and what back."""
    lines = [("-", version) for version in plan.gone] + [("+", version) for version in plan.back]
    where = f" to {plan.to}" if plan.to is not None else ""
    yield f"from generation {plan.generation}{where}: {len(plan.gone)} gone, {len(plan.back)} back"
    lines.sort(key=lambda line: (line[1].source, line[1].target))
    cells = _table([(version.target, *_cells(version)) for _, version in lines])
    for (sign, _), text in zip(lines, cells, strict=True):
        yield f"{sign}{text[1:]}"


def _cells(version: Version) -> tuple[str, ...]:
    names = [name for name in version.packages if name != version.source]
    origin = f"{version.project}, change {version.change}" if version.change else version.project
    return version.source, version.version, origin, f"with {', '.join(names)}" if names else ""


def _review(one: Review, now: datetime) -> tuple[str, ...]:
    changes = ", ".join(f"{project} {change}" for change, project in one.changes)
    state = "merged" if one.closed else "open"
    return one.name, changes, state, ", ".join(one.targets), _age(one.last, now), _size(one.size), _states(one)


def _states(one: Review) -> str:
    return counted(one.generations, "state")


def _age(moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return ""
    minutes = max(0, round((now - moment).total_seconds() / 60))
    if minutes < 120:
        return f"{minutes} min old"
    return f"{minutes // 60} h old" if minutes < 48 * 60 else f"{counted(minutes // 1440, 'day')} old"


def _size(size: int) -> str:
    """In powers of ten, as disks are sold."""
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.0f} kB"


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    yield from (f"  {line}" for line in table(rows))
