"""What can go wrong, as objects: what, where, and what to type next.

Nothing below ``pkgci.cli`` prints or exits. It raises a ``PkgciError``; the command line shows the message and the
hint and ends with the error's exit status.
"""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """The exit statuses of every command."""

    AS_DECLARED = 0
    NOT_AS_DECLARED = 1
    WRONG_USE = 2
    NOTHING_REACHED = 3
    INTERRUPTED = 130


class PkgciError(Exception):
    """Something a user can cause and can mend.

    ``message`` says what is wrong and where; ``hint`` says what to type next. Neither ever holds a secret.
    """

    status = ExitStatus.NOT_AS_DECLARED

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(PkgciError):
    """The command line, the site file or a file that it names is wrong."""

    status = ExitStatus.WRONG_USE


class NothingReachedError(PkgciError):
    """No host, or no engine, could be reached at all."""

    status = ExitStatus.NOTHING_REACHED
