"""How a step ended: the exit status of its program, and the word for it in result.json."""

from __future__ import annotations

from enum import Enum


class Status(Enum):
    """The exit status of every step's program."""

    PASSED = 0  # nothing is wrong with the package
    FAILED = 1  # the package is at fault
    MISUSED = 2  # the program was called wrongly
    INFRASTRUCTURE = 3  # something around the package is at fault: worth another try
    SKIPPED = 4  # it could not be done, or was not: never a pass
    ABORTED = 143  # somebody, or a time limit, ended it (128 + SIGTERM)

    @property
    def word(self) -> str:
        """As in result.json."""
        return self.name.lower()


class Ended(Exception):  # noqa: N818 (no error: a step may also end early because there is nothing to do)
    """A step is over before its end: how, and why in one line."""

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
