"""The picture as people read it: what is wrong first, then the hosts, then what goes on. Pure."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from pkgci.facts.runs import Run
from pkgci.model.plural import counted
from pkgci.model.review import AUTH_TYPES, Auth
from pkgci.model.roles import Role
from pkgci.status.judge import EXPIRY, FULL, HostStatus, Problem, Status, days_left, units_of
from pkgci.status.services import Build, Item

# A line of text in pieces, each with its style (rich's names; empty for none).
Line = tuple[tuple[str, str], ...]

_LABEL = 9  # columns
_MOST_ITEMS = 20
_NARROWEST = 60
# The table's columns that a narrow terminal goes without, first to last: what is wrong there stands above the table.
_LEFT_OUT = ("certificate", "disk")
_LONGEST_NAME = 13


def screen(status: Status, width: int) -> Iterator[Line]:
    """The whole screen, at most ``width`` columns wide (60 at least)."""
    width = max(width, _NARROWEST)
    yield from _headline(status, width)
    for places, problems in _alike(status.problems):
        yield from _problems(", ".join(places), problems, width)
    yield ()
    yield from _hosts(status, width)
    yield ()
    yield from _labelled("Gearman", _gearman(status), width)
    yield from _labelled("Zuul", _zuul(status), width)
    for line in _items(status, width):
        yield ((line, ""),)
    yield from _labelled("Jenkins", _jenkins(status), width)
    if status.site.with_role(Role.REVIEW):
        yield from _labelled("Gerrit", _review(status), width, "yellow" if _open_to_all(status) else "")
    if status.authority is not None:
        yield from _labelled("CA", f"its certificate ends on {status.authority.date().isoformat()}", width)
    if status.signing:
        yield from _labelled("Keys", "; ".join(_keys(status)), width)
    if status.stand_ins:
        words = " and ".join(status.stand_ins)
        text = f"{words} {'are' if len(status.stand_ins) > 1 else 'is'} the lab's own, not the real thing"
        yield from _labelled("Stand-ins", text, width, "yellow")


def _headline(status: Status, width: int) -> Iterator[Line]:
    hosts = len(status.hosts)
    count = len(status.problems)
    verdict = "all is as declared" if not count else f"{count} thing{'s are' if count > 1 else ' is'} not as declared"
    text = f"{status.site.name}: {counted(hosts, 'host')}, {verdict}"
    moment = f"{status.now:%Y-%m-%d %H:%M} UTC"
    room = width - len(text)
    yield (text, "bold red" if count else "bold green"), (f"{moment:>{room}}" if room > len(moment) else "", "dim")


def _alike(problems: Sequence[Problem]) -> Iterator[tuple[list[str], list[Problem]]]:
    """The problems place by place; places where the same is wrong, and the same is to be done, stand together."""
    places: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for where in dict.fromkeys(problem.where for problem in problems):
        what = tuple((problem.what, problem.next) for problem in problems if problem.where == where)
        places.setdefault(what, []).append(where)
    for what, names in places.items():
        yield names, [Problem(names[0], *words) for words in what]


def _open_to_all(status: Status) -> bool:
    """Whether anybody can be any account in the site's own Gerrit: as it says itself, or else as the site file says."""
    if status.review is not None and status.review.auth is not None:
        return status.review.auth == AUTH_TYPES[Auth.DEVELOPMENT]
    return status.site.review_auth is Auth.DEVELOPMENT


def _review(status: Status) -> str:
    if status.review is None:
        return "no answer"
    parts = [f"version {status.review.version}"]
    if status.review.auth is not None:
        parts.append(f"accounts: {status.review.auth}")
    if _open_to_all(status):
        parts.append("where anybody can become any account")
    return ", ".join(parts)


def _problems(where: str, problems: Sequence[Problem], width: int) -> Iterator[Line]:
    """All that is wrong at one place, and below it what to type, each once."""
    text = f"{where}: {'; '.join(problem.what for problem in problems)}"
    for line in textwrap.wrap(text, width, subsequent_indent="    ", break_on_hyphens=False):
        yield ((line, "red"),)
    for step in dict.fromkeys(problem.next for problem in problems if problem.next):
        for line in textwrap.wrap(step, width - 4, break_on_hyphens=False):
            yield ((f"    {line}", "bold"),)


def _hosts(status: Status, width: int) -> Iterator[Line]:
    """One row a host; a host with several roles has further rows."""
    rows: list[tuple[tuple[str, str], ...]] = []
    for one in status.hosts:
        cells = _row(one, status.now)
        rows.append(cells)
        rows += [(("", ""), (role, ""), *(("", ""),) * (len(cells) - 2)) for role in one.host.roles[1:]]
    titles = ("host", "role", "last run", "disk", "services", "certificate")
    table = [tuple((title, "bold") for title in titles), *rows]
    widths = {title: max(len(row[column][0]) for row in table) for column, title in enumerate(titles)}
    for title in _LEFT_OUT:
        if sum(widths.values()) + 2 * (len(widths) - 1) > width:
            del widths[title]
    for row in table:
        cells = tuple(cell for cell, title in zip(row, titles, strict=True) if title in widths)
        padded = (f"{text:<{wide}}  " for (text, _), wide in zip(cells, widths.values(), strict=True))
        yield tuple((text, style) for text, (_, style) in zip(padded, cells, strict=True))


def _row(one: HostStatus, now: datetime) -> tuple[tuple[str, str], ...]:
    name, role = one.host.name, one.host.roles[0] if one.host.roles else ""
    name = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
    facts = one.facts
    if facts is None:
        return (name, "red"), (role, ""), ("not reached", "red"), ("", ""), ("", ""), ("", "")
    disk = max((disk.percent for disk in facts.disks), default=0)
    units = units_of(one)
    up = sum(state == "active" for state in units.values())
    services = f"{up} of {len(units)} up" if units else "none"
    left = days_left(one.certificate, now)
    return (
        (name, ""),
        (role, ""),
        _run(facts.run, now) if facts.release is not None else ("nothing deployed", "yellow"),
        (f"{disk:>2} %", "red" if disk > FULL else ""),
        (services, "red" if up < len(units) else "" if units else "dim"),
        ("none", "dim") if left is None else (counted(left, "day"), "red" if left < EXPIRY.days else ""),
    )


def _run(run: Run | None, now: datetime) -> tuple[str, str]:
    """When the last run was, and what it came to."""
    if run is None:
        return "none", "yellow"
    when = "" if run.began is None else f"{run.began:%H:%M}" if _today(run.began, now) else f"{run.began:%d %b}"
    if run.running:
        return f"{when} under way", "yellow"
    if not run.ok:
        return f"{when} failed", "red"
    changed = run.counts.get("changed", 0)
    return f"{when} {changed} changed" if changed else f"{when} as declared", ""


def _today(moment: datetime, now: datetime) -> bool:
    return moment.date() == now.date()


def _labelled(label: str, text: str, width: int, style: str = "") -> Iterator[Line]:
    indent = " " * (_LABEL + 1)
    lines = textwrap.wrap(text, width - len(indent), break_on_hyphens=False) or [""]
    yield (f"{label:<{_LABEL}} ", "bold"), (lines[0], style)
    for line in lines[1:]:
        yield ((indent + line, style),)


def _gearman(status: Status) -> str:
    gearman = status.gearman
    if gearman is None:
        return "no answer"
    missing = f"{len(status.missing)} needed ones missing" if status.missing else "none missing"
    workers = counted(len(gearman.workers), "worker")
    queue = f"queue: {gearman.waiting} waiting, {gearman.running} running"
    # geard remembers functions that nobody offers any more.
    offered = sum(function.workers > 0 for function in gearman.functions.values())
    return f"{counted(offered, 'function')}, {missing}; {workers}; {queue}"


def _zuul(status: Status) -> str:
    zuul = status.zuul
    if zuul is None:
        return "no answer"
    if not zuul.pipelines:
        return f"{zuul.version}, no pipelines yet".lstrip(", ")
    counts = Counter(item.pipeline for item in zuul.items)
    pipelines = ", ".join(f"{name} {counts[name] or 'empty'}" for name in zuul.pipelines)
    events = f"; {counted(zuul.events, 'event')} wait" if zuul.events else ""
    return f"{zuul.version}: {pipelines}{events}".lstrip(": ")


def _items(status: Status, width: int) -> Iterator[str]:
    """What is in the pipelines, a line each."""
    items = status.zuul.items if status.zuul is not None else ()
    for item in items[:_MOST_ITEMS]:
        text = f"{item.pipeline}: {item.project} {item.change}, {_for(item, status.now)}: {_builds(item.builds)}"
        indent = " " * (_LABEL + 1)
        yield from textwrap.wrap(
            text, width, initial_indent=indent, subsequent_indent=indent + "    ", break_on_hyphens=False
        )
    if len(items) > _MOST_ITEMS:
        yield f"{' ' * (_LABEL + 1)}and {len(items) - _MOST_ITEMS} more"


def _for(item: Item, now: datetime) -> str:
    if item.since is None:
        return "queued"
    minutes, seconds = divmod(max(0, round(now.timestamp() - item.since)), 60)
    return f"for {minutes}:{seconds:02} min" if minutes else f"for {seconds} s"


def _builds(builds: Sequence[Build]) -> str:
    """What its jobs are at: ended ones counted by result, running ones by name."""
    ended = Counter(build.result for build in builds if build.result)
    running = [build.name for build in builds if not build.result and build.seconds is not None]
    waiting = sum(not build.result and build.seconds is None for build in builds)
    words = [f"{count} {result}" for result, count in ended.items()]
    if running:
        words.append(f"running {', '.join(running)}")
    if waiting:
        words.append(f"{waiting} waiting")
    return ", ".join(words) or "no jobs"


def _jenkins(status: Status) -> str:
    jenkins = status.jenkins
    if jenkins is None:
        return "no answer"
    online = sum(node.online for node in jenkins.nodes)
    busy, executors = (sum(getattr(node, name) for node in jenkins.nodes) for name in ("busy", "executors"))
    queue = f"{len(jenkins.queue)} queued: {jenkins.queue[0][0]}, {jenkins.queue[0][1]}" if jenkins.queue else ""
    name = f"{jenkins.version}{' (stand-in)' if jenkins.stand_in else ''}".strip()
    nodes = f"{online} of {counted(len(jenkins.nodes), 'node')} online"
    return f"{name}: {nodes}, {busy} of {counted(executors, 'executor')} busy, {queue or 'queue empty'}"


def _keys(status: Status) -> Iterator[str]:
    """How long each repository's key signs, and which is being rotated."""
    for repository, subkeys in status.signing.items():
        left = days_left(subkeys[-1].expires, status.now) or 0
        overlap = f", the old one until {subkeys[0].expires.date().isoformat()}" if len(subkeys) > 1 else ""
        yield f"{repository} until {subkeys[-1].expires.date().isoformat()} ({counted(left, 'day')}){overlap}"
