"""Not about Python 3: Depends-On with the address of a change, as later Zuuls take it, beside the Change-Id of old.

Upstream ignores what it does not know without a word, and drops the events of changes that depend on each other in a
circle. Here the change is told so, once for each patch set.
"""

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from zuul_py3.hook import mends
from zuul_py3.readiness import notices_of
from zuul_py3.reasons import one_line
from zuul_py3.reports import Report, Step
from zuul_py3.upstream import Change, Connection, Record, Source

_LINE = re.compile(r"^Depends-On:(.*)$", re.MULTILINE | re.IGNORECASE)
_CHANGE_ID = re.compile(r"I[0-9a-f]{40}", re.IGNORECASE)
# The path of a change's page: with its project, as Gerrit has it now, or without; a patch set or a file may follow.
_PATH = re.compile(r"/(?:c/(?:(?P<project>.+)/\+/)?)?(?P<number>[0-9]{1,18})(?:/.*)?")
# With what a circle begins in upstream's exceptions.
_CYCLE = "Dependency cycle detected"
_LONGEST = 200
# Gerrit is asked for each of them, while all queues wait.
_MOST = 50


class Dependency:
    """One value of a Depends-On line: the change that it means, by ``change_id`` or ``number``, or why none."""

    def __init__(
        self,
        value: str,
        change_id: str | None = None,
        number: str | None = None,
        project: str | None = None,
        problem: str | None = None,
    ) -> None:
        self.value = value
        self.change_id = change_id
        self.number = number
        self.project = project
        self.problem = problem


def dependencies(message: str, review: Mapping[str, str]) -> list[Dependency]:
    """What a commit message depends on, each once; ``review`` are the hosts and paths that the review's address has."""
    lines = (line.strip() for line in _LINE.findall(message))
    values = list(dict.fromkeys(value for line in lines for value in re.split(r"[,\s]+", line)))
    found = [_dependency(value, review) for value in values[:_MOST]]
    if len(values) > _MOST:
        problem = f"this and what follows is not looked at, for a change waits for {_MOST} others at most"
        found.append(Dependency(values[_MOST], problem=problem))
    return found


def _dependency(value: str, review: Mapping[str, str]) -> Dependency:
    if _CHANGE_ID.fullmatch(value):
        return Dependency(value, change_id=value)
    host = next(iter(review))
    try:
        parts = urlsplit(value)
        name = parts.hostname or ""
    except ValueError:
        parts, name = None, ""
    if parts is None or parts.scheme.lower() not in ("http", "https") or not name:
        problem = f"it is neither the address of a change, as in https://{host}/c/PROJECT/+/NUMBER, nor a Change-Id"
        return Dependency(value, problem=problem)
    if name.lower() not in review:
        return Dependency(value, problem=f"it is no change of {host}, the only review that Zuul listens to")
    path = parts.path.removeprefix(review[name.lower()])
    if path in ("", "/") and parts.fragment:
        # Where Gerrit had its pages before.
        path = f"/{parts.fragment.lstrip('/')}"
    found = _PATH.fullmatch(path)
    if not found:
        return Dependency(value, problem=f"it is not the address of a change, as in https://{host}/c/PROJECT/+/NUMBER")
    project = unquote(found["project"]) if found["project"] else None
    return Dependency(value, number=found["number"], project=project)


def review_of(connection: Connection) -> dict[str, str]:
    """Host → path of the review's address, by each name that the connection knows it by; its page's first."""
    page = urlsplit(connection.baseurl or "")
    path = page.path.rstrip("/")
    return {name.lower(): path for name in (page.hostname, connection.server) if name}


def notice(problems: Iterable[tuple[str, str]]) -> str:
    """The comment on a change whose ``problems``, (value, why), keep Zuul from waiting for what it depends on."""
    lines = [f"Depends-On: {one_line(value)[:_LONGEST] or '(nothing)'}: {why}." for value, why in problems]
    return "Zuul does not wait for everything that this change says it depends on:\n\n" + "\n".join(lines)


def notice_of_cycle() -> str:
    return (
        "This change depends, by Depends-On or by its parents, on a change that depends on this one: Zuul can test "
        "neither. Remove one of the Depends-On lines and push a new patch set."
    )


@mends("zuul.source.gerrit")
def follow_addresses_of_changes(module: Any) -> None:
    """zuul/source/gerrit.py:197-235 knows Change-Ids only."""
    cls = module.GerritSource
    needed_by: Callable[..., list[Record]] = cls._getNeededByFromCommit
    update = cls._updateChange
    nested = threading.local()

    def depends_on(self: Source, message: str, change: Change) -> list[Record]:
        found: dict[str, Record] = {}
        problems: list[tuple[str, str]] = []
        for one in dependencies(message, review_of(self.connection)):
            records = [] if one.problem else self.connection.simpleQuery(f"change:{one.change_id or one.number}")
            problem = one.problem
            if not problem and not records:
                problem = "Gerrit shows Zuul no such change"
            elif one.project and one.project != records[0].get("project", one.project):
                problem, records = f"change {one.number} is one of another project", []
            if problem:
                self.log.info("%s: Depends-On %s: %s", change, one.value, problem)
                problems.append((one.value, problem))
            found.update((str(record["number"]), record) for record in records)
        change._depends_on_problems = problems
        return list(found.values())

    def needed_by_address(self: Source, change_id: str, change: Change) -> list[Record]:
        records = needed_by(self, change_id, change)
        known = {str(record["number"]) for record in records}
        review = review_of(self.connection)
        for record in self.connection.simpleQuery(f"message:{change.number} message:depends status:open"):
            asked = (one.number for one in dependencies(record.get("commitMessage", ""), review) if not one.problem)
            if str(record["number"]) not in known and str(change.number) in asked:
                known.add(str(record["number"]))
                records.append(record)
        return records

    def update_and_tell(self: Source, change: Change, history: Any = None) -> Any:
        nested.depth = getattr(nested, "depth", 0) + 1
        change._depends_on_problems = []
        try:
            return update(self, change, history)
        except Exception as error:
            if nested.depth == 1 and str(error).startswith(_CYCLE):
                tell(self, change, notice_of_cycle())
            raise
        finally:
            nested.depth -= 1
            if change._depends_on_problems:
                tell(self, change, notice(change._depends_on_problems))

    def tell(self: Source, change: Change, text: str) -> None:
        connection = self.connection
        # Others' changes in the same review are none of Zuul's business, and old patch sets nobody's.
        if change.project.foreign or not change.open or not change.is_current_patchset:
            return
        if hasattr(connection, "outbox") and notices_of(connection).is_new("Depends-On", change, text, connection.user):
            report = Report(change.project.name, change.branch, change.number, change.patchset, [Step(text)])
            connection.outbox().add(report)

    cls._getDependsOnFromCommit = depends_on
    cls._getNeededByFromCommit = needed_by_address
    cls._updateChange = update_and_tell
