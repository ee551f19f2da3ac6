"""How a command's error is told: in words on standard error and, with ``--json``, as an object on standard output.

Standard output has one JSON document then, the result or the error; ``kind`` says which error it is.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import click

from pkgci.cli.invocation import Invocation, pasteable
from pkgci.cli.log import log_error, log_fault
from pkgci.cli.say import say
from pkgci.cli.signals import Ended
from pkgci.errors import ExitStatus, PkgciError, UsageError


def wants_json(root: click.Command, words: Sequence[str]) -> bool:
    """Whether ``words``, the command line, ask for JSON of a command that has it."""
    if "--" in words:
        words = words[: words.index("--")]
    if "--json" not in words:
        return False
    command: click.Command | None = root
    for word in words:
        if isinstance(command, click.Group) and not word.startswith("-"):
            command = command.get_command(click.Context(command), word)
    return command is not None and any("--json" in parameter.opts for parameter in command.params)


def told(error: BaseException, root: click.Command, invocation: Invocation, *, as_json: bool) -> int:
    """Tells what ended the command; returns the exit status."""
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return told_end(error, as_json=as_json)
    if isinstance(error, PkgciError):
        if error.hint:
            error.hint = pasteable(error.hint, root, invocation.site_file)
        log_error(error)
        return tell(error, as_json=as_json)
    if isinstance(error, click.ClickException):
        said = io.StringIO()
        error.show(said)
        say(said.getvalue(), err=True, nl=False)
        return print_error(from_click(error), as_json=as_json)
    if isinstance(error, UnicodeEncodeError):
        return tell(from_encoding(error), as_json=as_json)
    if isinstance(error, OSError):
        return tell(from_system(error), as_json=as_json)
    return tell(internal(error), as_json=as_json)


def tell(error: PkgciError, *, as_json: bool) -> int:
    """Tells ``error`` where anybody listens; returns the exit status."""
    with suppress(OSError):
        say(f"pkgci: {error.message}" if "\n" not in error.message else error.message, err=True)
        if error.hint:
            say(f"  {error.hint}", err=True)
    return print_error(error, as_json=as_json)


def print_error(error: PkgciError, *, as_json: bool) -> int:
    """Prints ``error`` as JSON where that is wanted; returns the exit status."""
    if as_json and not error.beside_result:
        _print(error.to_dict())
    return int(error.status)


def told_end(error: BaseException, *, as_json: bool) -> int:
    """Tells of the end that somebody's signal brought, where anybody listens; returns the signal's status."""
    # Click makes an Abort of every KeyboardInterrupt.
    cause = error.__cause__ or error
    stopped = cause if isinstance(cause, Stopped) else Stopped("", cause)
    with suppress(OSError):
        say(f"\npkgci: {stopped.words}", err=True)
    if as_json:
        _print({**PkgciError(stopped.words).to_dict(), "kind": ExitStatus.INTERRUPTED.kind, "status": stopped.status})
    return stopped.status


def _print(data: dict[str, Any]) -> None:
    from pkgci.cli.screen import print_json

    with suppress(OSError):
        print_json(data)
        sys.stdout.flush()


def from_click(error: click.ClickException) -> PkgciError:
    """What click found wrong with the command line, as an error like any other."""
    return UsageError(error.format_message())


def from_encoding(error: UnicodeEncodeError) -> PkgciError:
    """A path in the site file, as a rule; in UTF-8, half of a character."""
    lacking = ascii(error.object[error.start : error.end])
    hint = "LC_ALL=C.UTF-8 pkgci …" if error.encoding != "utf-8" else "correct it in the site file"
    return UsageError(f"{lacking} cannot be written in {error.encoding}", hint)


def from_system(error: OSError) -> PkgciError:
    """A file that cannot be read or written, a full disk: the system's words, and the file where it names one."""
    words = error.strerror or str(error)
    place = str(error.filename) if error.filename else None
    return UsageError(f"{place}: {words}" if place else words, place=place)


class Stopped(KeyboardInterrupt):
    """A signal ended the command. ``meaning`` says what that means for what it had begun."""

    def __init__(self, meaning: str, cause: BaseException) -> None:
        signalled = isinstance(cause, Ended) and cause.status != ExitStatus.INTERRUPTED
        how = f"ended by {cause}" if signalled else "interrupted"
        self.words = f"{how}. {meaning}" if meaning else how
        super().__init__(self.words)
        self.status = cause.status if isinstance(cause, Ended) else int(ExitStatus.INTERRUPTED)


class InternalError(PkgciError):
    """A fault of pkgci itself."""

    status = ExitStatus.INTERNAL


def internal(fault: BaseException) -> PkgciError:
    """A fault of pkgci itself: its traceback is in the log file, and where there is none on standard error."""
    import traceback

    story = "".join(traceback.format_exception(fault))
    file = log_fault(story)
    if file is None:
        with suppress(OSError):
            say(story, err=True, nl=False)
    what = "what is above" if file is None else f"the end of {file}"
    # What the fault says may quote anything, a secret among it: the log hides those.
    last = traceback.extract_tb(fault.__traceback__)[-1:]
    place = f"{last[0].filename}:{last[0].lineno}" if last else None
    return InternalError(
        f"internal error: {type(fault).__name__} at {place}",
        f"this is a fault of pkgci: please report it with {what}",
        place,
    )
