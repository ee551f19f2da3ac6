"""The pages: a list of changes, and one change with its votes and messages. Everything from outside is escaped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from pkgci.lab.stand_ins.review.labels import LABEL_NAMES, Label
from pkgci.lab.stand_ins.review.model import Change, RefusedError, ref_of
from pkgci.lab.stand_ins.review.query import MOST, parse_query
from pkgci.lab.stand_ins.review.records import change_url, depends_on, needed_by
from pkgci.lab.stand_ins.review.review import Review

# An address in a message ends before what punctuates the sentence around it.
_ADDRESS = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?)\]]")


def linked(text: str) -> Markup:
    """``text`` with its web addresses as links; anything else in it is escaped."""
    parts, end = [], 0
    for match in _ADDRESS.finditer(text):
        parts.append(escape(text[end : match.start()]))
        parts.append(Markup('<a href="{0}" rel="nofollow noreferrer">{0}</a>').format(match[0]))
        end = match.end()
    return Markup("").join((*parts, escape(text[end:])))


def moment(seconds: int) -> str:
    """A time as people read it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def signed(value: int) -> str:
    """A vote as people write it."""
    return f"{value:+}" if value else "0"


def _environment() -> Environment:
    folder = FileSystemLoader(Path(__file__).parent / "templates")
    environment = Environment(loader=folder, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters |= {"linked": linked, "moment": moment, "signed": signed}
    environment.globals |= {"ref_of": ref_of, "labels": LABEL_NAMES}
    return environment


_ENVIRONMENT = _environment()


@dataclass(frozen=True)
class Verdict:
    """The vote on a label that counts, as people write it, and how it looks."""

    text: str
    look: str


def verdicts(change: Change, labels: Mapping[str, Label]) -> dict[str, Verdict]:
    """Label → its lowest vote where there is a negative one, else its highest."""
    found = {}
    for name, label in labels.items():
        votes = [a.value for a in change.current.approvals if a.label == name]
        value = min(votes, default=0) if min(votes, default=0) < 0 else max(votes, default=0)
        look = {label.lowest: "REJECT", label.highest: "OK"}.get(value, "NEED")
        found[name] = Verdict(signed(value) if value else "", look)
    return found


def changes_page(review: Review, search: str) -> str:
    """The changes that ``search`` finds, last updated first. Raises ``RefusedError`` for a wrong search."""
    matches = parse_query([search]).matches()
    visible = [change for change in review.changes.values() if _readable(review, change)]
    newest = sorted(visible, key=lambda change: (change.updated, change.number), reverse=True)
    rows = [
        (change, verdicts(change, review.policy(change.project).labels), change_url("", change))
        for change in newest
        if matches(change)
    ]
    template = _ENVIRONMENT.get_template("changes.html.j2")
    return template.render(rows=rows[:MOST], search=search, projects=review.projects(), web=review.settings.web)


def change_page(review: Review, change: Change) -> str:
    """One change with all that is known of it."""
    if not _readable(review, change):
        raise RefusedError(f"there is no change {change.number} that everybody may read")
    everything = list(review.changes.values())
    template = _ENVIRONMENT.get_template("change.html.j2")
    return template.render(
        change=change,
        verdicts=verdicts(change, review.policy(change.project).labels),
        obstacles=review.obstacles(change) if change.open else [],
        depends_on=depends_on(change, everything),
        needed_by=needed_by(change, everything),
        clone=f"{review.settings.web}/{change.project}",
    )


def _readable(review: Review, change: Change) -> bool:
    """Whether somebody who has not logged in, as nobody does here, may read a change."""
    return review.policy(change.project).anonymous_read and not change.private


def error_page(title: str, text: str) -> str:
    """A page that says why there is none."""
    return _ENVIRONMENT.get_template("error.html.j2").render(title=title, text=text)
