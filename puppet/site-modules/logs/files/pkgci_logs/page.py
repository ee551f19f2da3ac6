"""One page about several builds, as HTML. Whatever comes from a build is text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from html import escape
from itertools import groupby
from urllib.parse import quote

from .build import Build

# Status → what it is called, and how it looks (pages.css).
_LOOKS = {
    "passed": ("passed", "good"),
    "failed": ("failed", "bad"),
    "infrastructure": ("infrastructure failed", "bad"),
    "misused": ("called wrongly", "bad"),
    "skipped": ("skipped", "waits"),
    "aborted": ("aborted", "waits"),
    "running": ("running", "busy"),
    "lost": ("lost: its host was heard of no more", "bad"),
    "unknown": ("unknown", "waits"),
    "unreadable": ("unreadable", "bad"),
}


def page(folder: str, builds: Sequence[Build], total: int | None = None) -> str:
    """The page of ``folder``, '' for the first one. ``builds`` are what it shows, of ``total``, in this order."""
    top = "../" * len(folder.split("/")) if folder else ""
    parts = [f"<h1>{_title(folder, builds)}</h1>"]
    if total is not None and total > len(builds):
        parts.append(f'<p class="quiet">The newest {len(builds)} of {total} builds.</p>')
    if not builds:
        parts.append("<p>There are no builds yet.</p>")
    patchsets = groupby(builds, lambda build: build.path.patchset) if folder else [("", iter(builds))]
    for patchset, inside in patchsets:
        if patchset:
            parts.append(f"<h2>Patch set {patchset}</h2>")
        parts.append(_table(top, folder, list(inside)))
    return _PAGE.format(title=escape(_plain_title(folder)), top=top, crumbs=_crumbs(folder), body="\n".join(parts))


def _plain_title(folder: str) -> str:
    words = folder.split("/")
    if not folder:
        return "The latest builds"
    subject = f"Change {words[1]}" if len(words) > 1 and words[1].isdigit() else words[min(1, len(words) - 1)]
    rest = words[2:]
    if rest and rest[0].isdigit():
        rest[0] = f"patch set {rest[0]}"
    return ", ".join([subject, *rest])


def _title(folder: str, builds: Sequence[Build]) -> str:
    projects = sorted({build.project for build in builds if build.project}) if folder else []
    return escape(_plain_title(folder) + (f" of {projects[0]}" if len(projects) == 1 else ""))


def _crumbs(folder: str) -> str:
    """Links to the pages above, from the first one on."""
    words = folder.split("/") if folder else []
    top = "../" * len(words)
    found = [f'<a href="{top or "./"}">Builds</a>']
    # The last digits of a change's number are a folder, and no page.
    first = 2 if len(words) > 1 and words[1].endswith(words[0]) and words[0].isdigit() else 1
    found += [
        f'<a href="{top}{quote("/".join(words[:count]))}/">{escape(words[count - 1])}</a>'
        for count in range(first, len(words) + 1)
    ]
    return " / ".join(found)


def _table(top: str, folder: str, builds: Sequence[Build]) -> str:
    rows = "\n".join(_row(top, folder, build) for build in builds)
    first = "" if folder else '<th scope="col">Change</th><th scope="col">Project</th>'
    names = ("Pipeline", "Job", "Result", "Started", "Took", "Node")
    heads = "".join(f'<th scope="col">{name}</th>' for name in names)
    return f'<div class="wide"><table><thead><tr>{first}{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>'


def _row(top: str, folder: str, build: Build) -> str:
    """A build that cannot be shown is shown as such: it keeps no other from its page."""
    try:
        return f"<tr>{''.join(_cells(top, folder, build))}</tr>"
    except Exception:
        return f"<tr>{''.join(_cells(top, folder, Build(build.path, 'unreadable')))}</tr>"


def _cells(top: str, folder: str, build: Build) -> Iterator[str]:
    path = build.path
    if not folder:
        change = f"{path.change},{path.patchset}" if path.change else path.subject
        yield f'<td><a href="{top}{quote(path.subject)}/">{escape(change)}</a></td>'
        yield f"<td>{escape(build.project)}</td>"
    text, look = _LOOKS[build.status]
    yield f"<td>{escape(path.pipeline)}</td>"
    yield f'<td><a href="{top}{quote(path.text)}/">{escape(path.job)}</a></td>'
    yield f'<td><span class="state {look}">{escape(text)}</span> <span class="quiet">{escape(build.reason)}</span></td>'
    yield f"<td>{_moment(build.started)}</td>"
    yield f"<td>{_duration(build.seconds)}</td>"
    yield f"<td>{escape(build.node)}</td>"


def _moment(seconds: float) -> str:
    try:
        moment = datetime.fromtimestamp(seconds, timezone.utc)  # noqa: UP017 (Python 3.10)
    except (ValueError, OverflowError, OSError):
        return ""
    return f'<time datetime="{moment.isoformat(timespec="seconds")}">{moment:%Y-%m-%d %H:%M:%S} UTC</time>'


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{top}.pages/pages.css">
</head>
<body>
<nav aria-label="where this is">{crumbs}</nav>
<main>
{body}
</main>
</body>
</html>
"""
