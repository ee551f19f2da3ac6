"""What can go wrong, as objects: what, where, and what to type next.

Nothing below ``pkgci.cli`` prints or exits. It raises a ``PkgciError``; the command line shows the message and the
hint, or all of it as JSON, and ends with the error's exit status.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import IntEnum
from typing import Any, Self


class ExitStatus(IntEnum):
    """The exit statuses of every command. Each means one thing; ``kind`` names it, ``meaning`` says it.

    A command that a signal ends has the signal's status, 128 and its number: 130 after ^C.
    """

    kind: str
    meaning: str

    def __new__(cls, number: int, kind: str, meaning: str) -> Self:
        status = int.__new__(cls, number)
        status._value_ = number
        status.kind = kind
        status.meaning = meaning
        return status

    AS_DECLARED = 0, "as-declared", "Done, and everything is as declared."
    NOT_AS_DECLARED = (
        1,
        "not-as-declared",
        "Something is not as declared, has failed, or would change (--plan, --noop).",
    )
    WRONG_USE = 2, "usage", "The command line, the site or a file of this machine is wrong."
    NOTHING_REACHED = 3, "unreachable", "No host or server that was asked could be reached."
    DECLINED = 4, "declined", "The user declined: nothing was done."
    LOCKED = 5, "locked", "Somebody else is at work on it. Try again later."
    INTERNAL = 70, "internal", "An internal error of pkgci. Please report it."
    INTERRUPTED = 130, "interrupted", "Interrupted by ^C; by another signal, 128 and its number."


class PkgciError(Exception):
    """Something a user can cause and can mend.

    ``message`` says what is wrong; ``hint`` says what to type next; ``place`` is the file or host it is about, where
    there is one. None of them ever holds a secret.
    """

    status = ExitStatus.NOT_AS_DECLARED
    # Whether standard output has the command's result already: there is one JSON document, and no second for the error.
    beside_result = False

    def __init__(self, message: str, hint: str | None = None, place: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.place = place or _place_in(message)

    @property
    def kind(self) -> str:
        """What sort of error it is, for machines."""
        return self.status.kind

    def to_dict(self) -> dict[str, Any]:
        """The error for machines."""
        return {
            "kind": self.kind,
            "message": self.message,
            "place": self.place,
            "hint": self.hint,
            "status": int(self.status),
        }


def _place_in(message: str) -> str | None:
    """FILE:LINE:COLUMN, where ``message`` begins with one."""
    found = re.match(r"([^\n]+?:\d+:\d+): ", message)
    return found[1] if found else None


class UsageError(PkgciError):
    """The command line, the site file or a file that it names is wrong."""

    status = ExitStatus.WRONG_USE


class NothingReachedError(PkgciError):
    """No host, or no engine, could be reached at all."""

    status = ExitStatus.NOTHING_REACHED


class DeclinedError(PkgciError):
    """Whoever was asked said no. Nothing was done."""

    status = ExitStatus.DECLINED

    def __init__(self, message: str = "nothing was done", hint: str | None = None, place: str | None = None) -> None:
        super().__init__(message, hint, place)


class LockedError(PkgciError):
    """Somebody else is at work on the same thing."""

    status = ExitStatus.LOCKED


def status_of_all(statuses: Collection[ExitStatus]) -> ExitStatus:
    """The exit status of work on many things, each of which ended with one of ``statuses``.

    Nothing reached is said only where nothing at all was reached; locked, where that is all that went wrong.
    """
    wrong = {status for status in statuses if status is not ExitStatus.AS_DECLARED}
    if not wrong:
        return ExitStatus.AS_DECLARED
    if wrong == {ExitStatus.LOCKED} or wrong == set(statuses) == {ExitStatus.NOTHING_REACHED}:
        return wrong.pop()
    return ExitStatus.NOT_AS_DECLARED
