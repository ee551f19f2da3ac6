"""``gerrit query``: the search language (what Zuul, and people at a terminal, use of it) and the command's options."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from pkgci.lab.stand_ins.review import records
from pkgci.lab.stand_ins.review.labels import Label
from pkgci.lab.stand_ins.review.model import Change, RefusedError, Status, UnfitError
from pkgci.lab.stand_ins.review.records import Json

Matches = Callable[[Change], bool]
LabelsOf = Callable[[str], Mapping[str, Label]]


class QueryError(RefusedError):
    """A search that Gerrit does not understand either: its answer says so."""


# Gerrit answers with 500 changes at most, and says that there are more.
MOST = 500

_TOKEN = re.compile(r"""\s*(?:(?P<bracket>[()])|(?P<minus>-)|(?P<term>(?:[^\s()"{]|"[^"]*"|\{[^}]*\})+))""")
_STATUSES: dict[str, Matches] = {
    "open": lambda change: change.open,
    "new": lambda change: change.open,
    "pending": lambda change: change.open,
    "closed": lambda change: not change.open,
    "merged": lambda change: change.status is Status.MERGED,
    "abandoned": lambda change: change.status is Status.ABANDONED,
}
_MARKS: dict[str, Matches] = {"wip": lambda change: change.wip, "private": lambda change: change.private}
# What Gerrit can search for, and the stand-in cannot.
_ELSEWHERE = frozenset(
    (
        *("after", "age", "attention", "author", "before", "bug", "cc", "cherrypickof", "comment", "committer"),
        *("conflicts", "deleted", "delta", "dir", "directory", "ext", "extension", "file", "footer", "from", "has"),
        *("hashtag", "inhashtag", "intopic", "mergedafter", "mergedbefore", "onlyextensions", "ownerin", "parentof"),
        *("parentproject", "path", "prefixhashtag", "prefixtopic", "projects", "query", "reviewedby", "reviewer"),
        *("reviewerin", "rule", "since", "size", "star", "submissionid", "submittable", "tr", "tracking-id", "until"),
        *("uploader", "uploaderin", "visibleto", "watchedby"),
    )
)
_FLAGS = (
    *("current-patch-set", "patch-sets", "all-approvals", "files", "comments", "commit-message"),
    *("submit-records", "dependencies", "all-reviewers"),
)


@dataclass(frozen=True)
class Query:
    """One search: what is shown of each change, and which ones; ``search`` is as it was written."""

    flags: frozenset[str]
    as_json: bool
    start: int
    limit: int
    search: str

    def matches(self) -> Matches:
        """Whether a change is found. Raises ``QueryError`` for a search that cannot be read."""
        return _Parser(self.search).parse()


def parse_query(words: Iterable[str]) -> Query:
    """What the arguments of ``gerrit query`` ask for. Raises ``RefusedError`` for what is wrong or not known here."""
    flags, terms = set(), []
    as_json, start, limit = False, 0, MOST
    pending = list(words)
    while pending:
        word = pending.pop(0)
        option, equals, value = word.partition("=")
        if option in ("--format", "--start", "-S"):
            if not equals and not pending:
                raise RefusedError(f'option "{option}" takes an operand')
            value = value if equals else pending.pop(0)
            if option == "--format":
                as_json = _format(value)
            else:
                start = _number(value, option)
        elif word.startswith("--"):
            if word[2:] not in _FLAGS:
                raise RefusedError(f'"{word}" is not a valid option')
            flags.add(word[2:])
        elif word.startswith("limit:"):
            limit = min(MOST, _number(word[6:], "limit:"))
        else:
            terms.append(word)
    if not terms:
        raise RefusedError('Argument "QUERY" is required')
    return Query(frozenset(flags), as_json, start, limit, " ".join(terms))


def run_query(query: Query, changes: Iterable[Change], base: str, labels_of: LabelsOf) -> list[Json]:
    """The answer: a record for each change, last updated first, and the statistics line at the end."""
    everything = list(changes)
    newest = sorted(everything, key=lambda change: (change.updated, change.number), reverse=True)
    matches = query.matches()
    found = [change for change in newest if matches(change)]
    shown = found[query.start : query.start + query.limit]
    lines = [describe(change, query.flags, everything, base, labels_of(change.project)) for change in shown]
    more = len(found) > query.start + len(shown)
    stats: Json = {"type": "stats", "rowCount": len(lines), "runTimeMilliseconds": 1, "moreChanges": more}
    return [*lines, stats]


def describe(
    change: Change, flags: frozenset[str], changes: Iterable[Change], base: str, labels: Mapping[str, Label]
) -> Json:
    """A change as ``gerrit query`` shows it with these options."""
    record = records.brief(change, base) | {"lastUpdated": change.updated, "open": change.open, "hashtags": []}

    def patch_set(number: int) -> Json:
        item = change.patch_set(number)
        shown = records.patch_set(change, item)
        if item.approvals and ("all-approvals" in flags or item.number == change.current.number):
            shown["approvals"] = [records.approval(approval) for approval in item.approvals]
        if "files" in flags:
            shown["files"] = [records.file(file) for file in item.files]
        return shown

    if "patch-sets" in flags or "all-approvals" in flags:
        record["patchSets"] = [patch_set(item.number) for item in change.patch_sets]
    if "current-patch-set" in flags:
        record["currentPatchSet"] = patch_set(change.current.number)
    if "comments" in flags:
        record["comments"] = [records.comment(message) for message in change.messages]
    if "submit-records" in flags:
        record["submitRecords"] = [records.submit_record(change, labels)]
    if "dependencies" in flags:
        others = list(changes)
        related = {
            "dependsOn": records.depends_on(change, others),
            "neededBy": records.needed_by(change, others),
        }
        record |= {name: value for name, value in related.items() if value}
    return record


def as_text(lines: Iterable[Json]) -> str:
    """An answer for people: what ``--format text`` prints."""
    return "".join(_text(line, 0) + "\n" for line in lines)


def _text(record: Json, depth: int) -> str:
    indent = "  " * depth
    if depth == 0:
        head = f"change {record['id']}\n" if "id" in record else ""
        return head + _text({k: v for k, v in record.items() if k != "id"}, 1)
    lines = []
    for key, value in record.items():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                lines.append(f"{indent}{key}:\n{_text(item, depth + 1)}")
            else:
                text = (
                    (str(item).lower() if isinstance(item, bool) else str(item))
                    .replace("\n", f"\n{indent}{' ' * (len(key) + 2)}")
                    .rstrip()
                )
                lines.append(f"{indent}{key}: {text}\n")
    return "".join(lines)


class _Parser:
    """Terms side by side are all to match; ``OR`` is weaker, ``-`` and ``NOT`` turn the next one round."""

    def __init__(self, text: str) -> None:
        self._tokens: list[str] = []
        position = 0
        while text[position:].strip():
            match = _TOKEN.match(text, position)
            if match is None:
                raise QueryError(f"line 1:{position} the search cannot be read from here: {text[position:].strip()}")
            self._tokens.append(match[0].strip())
            position = match.end()

    def parse(self) -> Matches:
        matches = self._either()
        if self._tokens:
            raise QueryError(f"line 1: '{self._tokens[0]}' is not expected in the search")
        return matches

    def _either(self) -> Matches:
        parts = [self._all()]
        while self._tokens and self._tokens[0] == "OR":
            self._tokens.pop(0)
            parts.append(self._all())
        return lambda change: any(part(change) for part in parts)

    def _all(self) -> Matches:
        parts = [self._one()]
        while self._tokens and self._tokens[0] not in ("OR", ")"):
            if self._tokens[0] == "AND":
                self._tokens.pop(0)
            parts.append(self._one())
        return lambda change: all(part(change) for part in parts)

    def _one(self) -> Matches:
        if not self._tokens:
            raise QueryError("the search ends where a term is expected")
        word = self._tokens.pop(0)
        if word in ("-", "NOT"):
            inner = self._one()
            return lambda change: not inner(change)
        if word == "(":
            inner = self._either()
            if not self._tokens or self._tokens.pop(0) != ")":
                raise QueryError("a bracket of the search is not closed")
            return inner
        return _term(word)


def _term(token: str) -> Matches:
    key, colon, value = token.partition(":")
    value = re.sub(r'^(?:"(.*)"|\{(.*)\})$', lambda match: match[1] or match[2] or "", value)
    if not colon:
        return _bare(token)
    makers: dict[str, Callable[[str], Matches]] = {
        "change": _change,
        "message": lambda text: lambda change: text.lower() in change.current.message.lower(),
        "project": lambda text: lambda change: change.project == text,
        "branch": lambda text: lambda change: change.branch == text.removeprefix("refs/heads/"),
        "ref": lambda text: lambda change: f"refs/heads/{change.branch}" == text,
        "topic": lambda text: lambda change: change.topic == text,
        "owner": lambda text: lambda change: text in (change.owner.username, change.owner.email),
        "commit": lambda text: lambda change: any(item.revision.startswith(text) for item in change.patch_sets),
        "status": _status,
        "is": lambda text: _MARKS.get(text) or _status(text),
        "label": _label,
    }
    if key in _ELSEWHERE:
        raise UnfitError(f"a search with {key}: (it knows {', '.join(makers)})")
    if key not in makers:
        raise QueryError(f"Unsupported operator {token}")
    return makers[key](value)


def _bare(text: str) -> Matches:
    """A word without an operator."""
    if re.fullmatch(r"[0-9a-f]{7,40}", text) and not text.isdecimal():
        return lambda change: any(item.revision.startswith(text) for item in change.patch_sets)
    return _change(text)


def _change(text: str) -> Matches:
    if text.isdecimal():
        return lambda change: change.number == int(text)
    if re.fullmatch(r"I[0-9a-f]{4,40}", text):
        return lambda change: change.id.startswith(text)
    if text.count("~") == 2:
        return lambda change: f"{change.project}~{change.branch}~{change.id}" == text.replace("%2F", "/")
    raise UnfitError(f"a search for '{text}' in any field; it finds numbers, Change-Ids, commits and OPERATOR:VALUE")


def _status(text: str) -> Matches:
    try:
        return _STATUSES[text.lower()]
    except KeyError:
        raise QueryError(f"Unrecognized value: {text}") from None


def _label(text: str) -> Matches:
    match = re.fullmatch(r"([A-Za-z0-9-]+)[=:]?([+-]?\d+)", text)
    if match is None:
        raise UnfitError(f"a search for label:{text} (label:NAME=NUMBER is what it knows)")
    name, value = match[1], int(match[2])
    return lambda change: any((a.label, a.value) == (name, value) for a in change.current.approvals)


def _format(value: str) -> bool:
    if value.lower() not in ("json", "text"):
        raise RefusedError(f'"{value}" is not a valid value for "--format": JSON or TEXT')
    return value.lower() == "json"


def _number(value: str, option: str) -> int:
    if not value.isdecimal():
        raise RefusedError(f'"{value}" is not a valid value for "{option}"')
    return int(value)
