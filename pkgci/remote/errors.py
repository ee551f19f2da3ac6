"""What can go wrong between pkgci and one host."""

from __future__ import annotations

from typing import Any

from pkgci.errors import ExitStatus, PkgciError


class HostError(PkgciError):
    """Something went wrong on, or on the way to, one host.

    ``host`` is the host's name in the site, ``reason`` the message without it.
    """

    def __init__(self, host: str, reason: str, hint: str | None = None) -> None:
        super().__init__(f"{host}: {reason}", hint, host)
        self.host = host
        self.reason = reason

    @property
    def ok(self) -> bool:
        """Whether everything is as declared on the host: never after an error, as in the result of a run."""
        return False

    @property
    def reached(self) -> bool:
        """Whether the host answered at all."""
        return self.status is not ExitStatus.NOTHING_REACHED

    def to_dict(self) -> dict[str, Any]:
        """The error for machines, with the keys that the result of a run has, too."""
        return {**super().to_dict(), "ok": False, "reached": self.reached, "problem": self.reason, "report": None}


class UnreachableError(HostError):
    """No SSH connection came about: nothing answers, or what answers is no SSH server."""

    status = ExitStatus.NOTHING_REACHED


class AuthenticationError(HostError):
    """The host does not let us in, or there is no key to try."""

    status = ExitStatus.NOTHING_REACHED


class UnknownHostKeyError(HostError):
    """The host shows a key for the first time, and nobody has said that it is the right one."""

    status = ExitStatus.NOTHING_REACHED


class ChangedHostKeyError(HostError):
    """The host shows another key than the one that was recorded."""

    status = ExitStatus.NOTHING_REACHED


class LostConnectionError(HostError):
    """The connection broke. What was started on the host may go on there."""


class CommandTimeoutError(HostError):
    """A command took longer than its caller allows."""


class SudoError(HostError):
    """Commands cannot become root: sudo is missing, asks for a password, or forbids it."""


class LoginShellError(HostError):
    """The account that we log in to does not run our commands: a message, another program, or nothing in its place."""


class CutShortError(LostConnectionError):
    """A command did not come to its end, and its answer is not whole."""


class HostLockedError(HostError):
    """Somebody else is at work on the host."""

    status = ExitStatus.LOCKED
