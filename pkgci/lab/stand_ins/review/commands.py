"""The commands that people and Zuul run over SSH: ``gerrit version``, ``query``, ``review`` and the like."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass

from pkgci.lab.stand_ins.review.ledger import OWN_PROJECTS
from pkgci.lab.stand_ins.review.model import RefusedError, UnfitError
from pkgci.lab.stand_ins.review.policy import NAMES
from pkgci.lab.stand_ins.review.query import QueryError, as_text, parse_query, run_query
from pkgci.lab.stand_ins.review.records import Json, as_json
from pkgci.lab.stand_ins.review.review import Mark, Review
from pkgci.lab.stand_ins.review.reviewing import parse_review, run_review

# It begins as the recorded one does; the rest says what answers.
VERSION = "3.11.0 (pkgci stand-in)"

# What Gerrit has, and the stand-in does not: refused in its own name. Anything else is unknown to both.
_ELSEWHERE = frozenset(
    (
        *("apropos", "ban-commit", "close-connection", "copy-approvals", "create-account", "create-branch"),
        *("create-group", "create-project", "flush-caches", "gc", "index", "kill", "logging", "ls-groups"),
        *("ls-members", "ls-user-refs", "plugin", "query-shell", "receive-pack", "reload-config", "rename-group"),
        *("sequence", "set-account", "set-head", "set-members", "set-project", "set-project-parent"),
        *("set-reviewers", "show-caches", "show-queue", "test-submit"),
    )
)

_USAGE = f"""pkgci's stand-in for Gerrit, not Gerrit. What the lab's tests set in it:
  gerrit stand-in set NAME VALUE... [--project PROJECT]   for one project, or for all
    anonymous-read on|off
    submit-type MERGE_IF_NECESSARY|MERGE_ALWAYS|FAST_FORWARD_ONLY|REBASE_IF_NECESSARY|REBASE_ALWAYS|CHERRY_PICK
    verified-range 1|2
    submit-right on|off
    push-right on|off                                      to branches and tags themselves, past the review
    submit-requirement NAME=EXPRESSION on, or NAME off     EXPRESSION: label:NAME=MAX, MIN or a number, -, AND
  gerrit stand-in mark CHANGE {"|".join(Mark)}
"""


@dataclass(frozen=True)
class Answer:
    """What a command prints, and its exit status."""

    out: str = ""
    err: str = ""
    status: int = 0


def split_words(command: str) -> list[str]:
    """The words of a command line. Raises ``RefusedError`` where its quotes do not match."""
    try:
        return shlex.split(command)
    except ValueError as error:
        raise RefusedError(f"the command line cannot be read: {error}") from None


def answer(review: Review, username: str, words: list[str]) -> Answer:
    """What ``gerrit WORDS…`` answers; ``stream-events`` is not answered here."""
    name, *arguments = words or [""]
    try:
        if name in _COMMANDS:
            return _COMMANDS[name](review, username, arguments)
        if name in _ELSEWHERE:
            raise UnfitError(f"gerrit {name}")
        if not name:
            raise RefusedError(f"gerrit: one of {', '.join(_COMMANDS)}, stream-events (pkgci's stand-in for Gerrit)")
        raise RefusedError(f"gerrit: {name}: not found")
    except RefusedError as refusal:
        return Answer(err=f"fatal: {refusal}\n", status=1)


def _version(review: Review, username: str, arguments: list[str]) -> Answer:
    return Answer(f"gerrit version {VERSION}\n")


def _ls_projects(review: Review, username: str, arguments: list[str]) -> Answer:
    if arguments:
        raise UnfitError(f"gerrit ls-projects {' '.join(arguments)}")
    return Answer("".join(f"{project}\n" for project in (*OWN_PROJECTS, *review.projects())))


def _query(review: Review, username: str, arguments: list[str]) -> Answer:
    query = parse_query(arguments)
    visible = [change for change in review.changes.values() if change.visible_to(username)]
    try:
        lines = run_query(query, visible, review.base, lambda project: review.policy(project).labels)
    except QueryError as error:
        lines = [{"type": "error", "message": str(error)}]
    return Answer(_json_lines(lines) if query.as_json else as_text(lines))


def _json_lines(lines: list[Json]) -> str:
    return "".join(f"{as_json(line)}\n" for line in lines)


def _review(review: Review, username: str, arguments: list[str]) -> Answer:
    refusals = run_review(review, username, parse_review(arguments))
    if not refusals:
        return Answer()
    said = "".join(f"error: fatal: {refusal}\n\n" for refusal in refusals)
    return Answer(err=f"{said}fatal: one or more reviews failed; review output above\n", status=1)


def _set_topic(review: Review, username: str, arguments: list[str]) -> Answer:
    """``gerrit set-topic CHANGE --topic TOPIC``."""
    words = [
        word for argument in arguments for word in (argument.split("=", 1) if "--" in argument[:2] else [argument])
    ]
    topic, words = _taken(["--topic" if word == "-t" else word for word in words], "--topic")
    if len(words) != 1 or not words[0].isdecimal():
        raise RefusedError("a change is required: set-topic NUMBER --topic TOPIC")
    review.set_topic(username, review.change(int(words[0])), topic or "")
    return Answer()


def _show_connections(review: Review, username: str, arguments: list[str]) -> Answer:
    return Answer(err="view connections not permitted\n", status=1)


def _stand_in(review: Review, username: str, arguments: list[str]) -> Answer:
    """The lab's own: what is set in a running review."""
    project, words = _taken(arguments, "--project")
    if username == review.settings.ci_account:
        raise RefusedError("the stand-in's settings are not the CI account's")
    match words:
        case ["set", name, value, *more]:
            if project is not None:
                review.repository(project)
            with review.lock:
                review.policies.set(name, " ".join((value, *more)), project)
            return Answer(f"the stand-in has {name} {' '.join((value, *more))} for {project or 'all projects'}\n")
        case ["mark", number, mark] if number.isdecimal() and mark in list(Mark):
            review.mark(username, review.change(int(number)), Mark(mark))
            return Answer(f"the stand-in has change {number} {mark}\n")
        case [] | ["--help"]:
            return Answer(_USAGE)
    raise RefusedError(f"set NAME VALUE (one of {', '.join(NAMES)}), or mark CHANGE {'|'.join(Mark)}\n{_USAGE}")


def _taken(words: list[str], option: str) -> tuple[str | None, list[str]]:
    """The value of ``option`` in ``words``, None where it is not there, and the words without both."""
    if option not in words:
        return None, words
    place = words.index(option)
    if place + 1 == len(words):
        raise RefusedError(f'option "{option}" takes an operand')
    return words[place + 1], words[:place] + words[place + 2 :]


_COMMANDS: dict[str, Callable[[Review, str, list[str]], Answer]] = {
    "version": _version,
    "ls-projects": _ls_projects,
    "query": _query,
    "review": _review,
    "set-topic": _set_topic,
    "show-connections": _show_connections,
    "stand-in": _stand_in,
}
