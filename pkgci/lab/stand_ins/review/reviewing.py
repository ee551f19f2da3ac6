"""``gerrit review``: its arguments, and what it does to each change that they name."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from pkgci.lab.stand_ins.review.labels import LABEL_NAMES, parse_vote
from pkgci.lab.stand_ins.review.model import Change, PatchSet, RefusedError, UnfitError
from pkgci.lab.stand_ins.review.review import Review


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
    strict: bool = False


_DEEDS = {f"--{deed}": deed for deed in Deed} | {"-s": Deed.SUBMIT}
_SHORT = {"-m": "--message", "-l": "--label", "-p": "--project", "-b": "--branch", "-n": "--notify", "-t": "--tag"}
_LABEL_OPTIONS = {f"--{name.lower()}": name for name in LABEL_NAMES}
_VALUED = ("--message", "--label", "--project", "--branch", "--notify", "--tag")
# What Gerrit's command can do, and the stand-in cannot.
_ELSEWHERE = ("--json", "-j", "--rebase", "--move")


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
                raise RefusedError(f"{request.deed} and {_DEEDS[option]} actions are mutually exclusive")
            request.deed = _DEEDS[option]
        elif option in _VALUED or option in _LABEL_OPTIONS:
            if not equals and not pending:
                raise RefusedError(f'option "{option}" takes an operand')
            _take(request, option, value if equals else pending.pop(0))
        elif option == "--strict-labels":
            request.strict = True
        elif option in _ELSEWHERE:
            raise UnfitError(f"gerrit review {option}")
        elif word.startswith("-"):
            raise RefusedError(f'"{word}" is not a valid option')
        else:
            request.targets.append(word)
    if not request.targets:
        raise RefusedError('Argument "{COMMIT | CHANGE,PATCHSET}" is required')
    if request.deed in (Deed.ABANDON, Deed.RESTORE) and request.votes:
        raise RefusedError(f"{request.deed} and label actions are mutually exclusive")
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


def run_review(review: Review, username: str, request: ReviewRequest) -> list[str]:
    """Does what ``request`` says to each change; returns the refusals. Raises ``RefusedError``, having done nothing,
    where one of them is not found."""
    if request.project is not None:
        review.repository(request.project)
    found = [_find(review, username, text, request) for text in request.targets]
    refusals = []
    for change, patch_set in found:
        try:
            _do(review, username, change, patch_set, request)
        except RefusedError as refusal:
            refusals.append(str(refusal))
    return refusals


def _do(review: Review, username: str, change: Change, patch_set: PatchSet, request: ReviewRequest) -> None:
    if request.deed is Deed.ABANDON:
        review.abandon(username, change, request.message)
    elif request.deed is Deed.RESTORE:
        review.restore(username, change, request.message)
    else:
        review.vote(username, change, patch_set, request.votes, request.message, strict=request.strict)
        if request.deed is Deed.SUBMIT:
            review.submit(username, change, patch_set)


def _find(review: Review, username: str, text: str, request: ReviewRequest) -> tuple[Change, PatchSet]:
    """The patch set that ``NUMBER,PATCHSET`` or a commit names. Raises ``RefusedError``."""
    if match := re.fullmatch(r"(\d+),(\d+)", text):
        number, wanted = int(match[1]), int(match[2])
        change = review.changes.get(number)
        if change is None or request.project not in (None, change.project) or not change.visible_to(username):
            raise RefusedError("database error")
        found = [(change, item) for item in change.patch_sets if item.number == wanted]
    elif re.fullmatch(r"[0-9a-f]{7,40}", text):
        changes = [c for c in review.changes.values() if c.visible_to(username)]
        found = [(c, item) for c in changes for item in c.patch_sets if item.revision.startswith(text)]
        found = [(change, item) for change, item in found if request.project in (None, change.project)]
    else:
        raise RefusedError(f'"{text}" is not a valid patch set')
    found = [(change, item) for change, item in found if request.branch in (None, change.branch)]
    if not found:
        raise RefusedError(f'"{text}" no such patch set')
    if len(found) > 1:
        raise RefusedError(f'"{text}" matches multiple patch sets')
    return found[0]
