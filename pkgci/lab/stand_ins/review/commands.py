"""The commands that people and Zuul run over SSH: ``gerrit version``, ``query``, ``review`` and the like."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field
from enum import StrEnum

from pkgci.lab.stand_ins.review.labels import LABELS, parse_vote
from pkgci.lab.stand_ins.review.model import Change, PatchSet, RefusedError
from pkgci.lab.stand_ins.review.query import as_text, parse_query, run_query
from pkgci.lab.stand_ins.review.review import Review

# Zuul reads nothing of it; people see at once what answers them.
VERSION = "gerrit version 3.11.0 (pkgci stand-in)"
COMMANDS = ("ls-projects", "query", "review", "set-topic", "stream-events", "version")


class Deed(StrEnum):
    """What ``gerrit review`` does to a change beside writing and voting."""

    SUBMIT = "submit"
    ABANDON = "abandon"
    RESTORE = "restore"


@dataclass
class ReviewRequest:
    """The arguments of ``gerrit review``."""

    targets: list[str] = field(default_factory=list)
    votes: dict[str, int] = field(default_factory=dict)
    message: str = ""
    project: str | None = None
    branch: str | None = None
    deed: Deed | None = None


_DEEDS = {f"--{deed}": deed for deed in Deed} | {"-s": Deed.SUBMIT}
_SHORT = {"-m": "--message", "-l": "--label", "-p": "--project", "-b": "--branch", "-n": "--notify", "-t": "--tag"}
_LABEL_OPTIONS = {f"--{name.lower()}": name for name in LABELS}
_VALUED = ("--message", "--label", "--project", "--branch", "--notify", "--tag")


def split_words(command: str) -> list[str]:
    """The words of a command line. Raises ``RefusedError`` where its quotes do not match."""
    try:
        return shlex.split(command)
    except ValueError as error:
        raise RefusedError(f"the command line cannot be read: {error}") from None


def answer(review: Review, username: str, words: list[str]) -> str:
    """What ``gerrit WORDS…`` prints. Raises ``RefusedError``; ``stream-events`` is not done here."""
    name, *arguments = words or [""]
    if name == "version":
        return f"{VERSION}\n"
    if name == "ls-projects":
        return "".join(f"{project}\n" for project in review.projects())
    if name == "query":
        query = parse_query(arguments)
        lines = run_query(query, review.changes, review.settings.web)
        return "".join(f"{json.dumps(line)}\n" for line in lines) if query.as_json else as_text(lines)
    if name == "review":
        _review(review, username, parse_review(arguments))
        return ""
    if name == "set-topic":
        _set_topic(review, username, arguments)
        return ""
    known = ", ".join(COMMANDS)
    raise RefusedError(
        f"gerrit: '{name}' is no command of the stand-in (it has {known})" if name else f"commands: {known}"
    )


def parse_review(arguments: list[str]) -> ReviewRequest:
    """The request of ``gerrit review ARGUMENTS…``. Raises ``RefusedError``."""
    request = ReviewRequest()
    pending = list(arguments)
    while pending:
        word = pending.pop(0)
        option, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
        option = _SHORT.get(option, option)
        if option in _DEEDS:
            if request.deed not in (None, _DEEDS[option]):
                raise RefusedError(f"{option} and --{request.deed} exclude each other")
            request.deed = _DEEDS[option]
        elif option in _VALUED or option in _LABEL_OPTIONS:
            if not equals and not pending:
                raise RefusedError(f'option "{option}" takes an operand')
            _take(request, option, value if equals else pending.pop(0))
        elif option == "--strict-labels":
            continue
        elif word.startswith("-"):
            raise RefusedError(f'"{word}" is not a valid option')
        else:
            request.targets.append(word)
    if not request.targets:
        raise RefusedError("CHANGE,PATCHSET or COMMIT is required")
    if request.deed in (Deed.ABANDON, Deed.RESTORE) and request.votes:
        raise RefusedError(f"--{request.deed} and votes exclude each other")
    return request


def _take(request: ReviewRequest, option: str, value: str) -> None:
    if option == "--message":
        request.message = value
    elif option == "--project":
        request.project = value
    elif option == "--branch":
        request.branch = value
    elif option == "--label":
        label, number = parse_vote(value)
        request.votes[label] = number
    elif option in _LABEL_OPTIONS:
        label, number = parse_vote(f"{_LABEL_OPTIONS[option]}={value}")
        request.votes[label] = number


def _review(review: Review, username: str, request: ReviewRequest) -> None:
    for text in request.targets:
        change, patch_set = _find(review, text, request)
        if request.deed is Deed.ABANDON:
            review.abandon(username, change, request.message)
            continue
        if request.deed is Deed.RESTORE:
            review.restore(username, change, request.message)
            continue
        if request.votes or request.message:
            review.vote(username, change, patch_set, request.votes, request.message)
        if request.deed is Deed.SUBMIT:
            review.submit(username, change, patch_set)


def _find(review: Review, text: str, request: ReviewRequest) -> tuple[Change, PatchSet]:
    """The patch set that ``NUMBER,PATCHSET`` or a commit names. Raises ``RefusedError``."""
    if match := re.fullmatch(r"(\d+),(\d+)", text):
        change = review.change(int(match[1]))
        found = [(change, change.patch_set(int(match[2])))]
    elif re.fullmatch(r"[0-9a-f]{7,40}", text):
        changes = review.changes.values()
        found = [(c, item) for c in changes for item in c.patch_sets if item.revision.startswith(text)]
    else:
        raise RefusedError(f'"{text}" is not a valid patch set: NUMBER,PATCHSET or a commit is')
    found = [
        (change, item)
        for change, item in found
        if request.project in (None, change.project) and request.branch in (None, change.branch)
    ]
    if not found:
        raise RefusedError(f'"{text}" no such patch set')
    if len(found) > 1:
        raise RefusedError(f'"{text}" matches multiple patch sets')
    return found[0]


def _set_topic(review: Review, username: str, arguments: list[str]) -> None:
    """``gerrit set-topic CHANGE --topic TOPIC``."""
    words = [
        word for argument in arguments for word in (argument.split("=", 1) if "--" in argument[:2] else [argument])
    ]
    if "-t" in words:
        words[words.index("-t")] = "--topic"
    topic = ""
    if "--topic" in words:
        place = words.index("--topic")
        topic = "".join(words[place + 1 : place + 2])
        del words[place : place + 2]
    if len(words) != 1 or not words[0].isdecimal():
        raise RefusedError("a change is required: set-topic NUMBER --topic TOPIC")
    review.set_topic(username, review.change(int(words[0])), topic)
