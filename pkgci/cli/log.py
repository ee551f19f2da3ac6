"""What a command did, for whoever asks later: a log file below the site's ``.pkgci``, and standard error with ``-v``.

The rooms below write to the logger ``pkgci``: every connection, every command on a host, every request to a server.
The file begins with the first of them: a command that reaches nobody leaves none.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pkgci.cli.say import say

if TYPE_CHECKING:
    from pkgci.cli.log_file import LogFile
    from pkgci.errors import PkgciError
    from pkgci.secrets.redact import Redactor

_LOGGER = logging.getLogger("pkgci")
# On a screen, a command is shown up to here; the file has it in full, and so has -vv.
_WIDTH = 160
# What may be in the environment and is in no file of secrets.
_VARIABLES = ("PKGCI_GERRIT_PASSWORD",)


def log_folder(site_file: Path) -> Path:
    """Where the log files of the site are."""
    return site_file.parent / ".pkgci" / "logs"


def start_logging(site_file: Path, command: str, verbose: int) -> None:
    """From now on, what the running command does is logged: see ``stop_logging``."""
    stop_logging()
    _LOGGER.setLevel(logging.DEBUG)
    redact = _Redact(site_file)
    _LOGGER.addHandler(_File(site_file, command, redact))
    if verbose:
        _LOGGER.addHandler(_Screen(verbose, redact))


def stop_logging(status: int | None = None) -> None:
    """Ends the log of the running command, which had this exit status, if any."""
    if status is not None and (handler := _file()) is not None and handler.path is not None:
        _LOGGER.debug("ended with exit status %d", status)
    for one in tuple(_LOGGER.handlers):
        if isinstance(one, _File | _Screen):
            _LOGGER.removeHandler(one)
            one.close()
    _LOGGER.setLevel(logging.NOTSET)


def log_error(error: PkgciError) -> None:
    """Logs what ended the command, where there is a log of it."""
    if (handler := _file()) is not None and handler.path is not None:
        _LOGGER.error("%s", error.message)


def log_fault(story: str) -> Path | None:
    """Logs the traceback of a fault of pkgci's; the file it is in, or None where there is none."""
    handler = _file()
    if handler is None or not handler.site_file.is_file():
        return None
    _LOGGER.error("%s", story)
    return handler.path


def _file() -> _File | None:
    return next((handler for handler in _LOGGER.handlers if isinstance(handler, _File)), None)


class _File(logging.Handler):
    """The log file, which is begun with its first line: until then there is nothing to load, to make or to remove."""

    def __init__(self, site_file: Path, command: str, redact: _Redact) -> None:
        super().__init__()
        self.site_file = site_file
        self._command = command
        self._redact = redact
        self._file: LogFile | None = None

    @property
    def path(self) -> Path | None:
        """Where the file is; None where there is none."""
        return self._file.path if self._file is not None else None

    def emit(self, record: logging.LogRecord) -> None:
        if self._file is None:
            from pkgci.cli.log_file import LogFile

            self._file = LogFile(log_folder(self.site_file), self._command, self._redact, self._cannot)
        self._file.handle(record)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        super().close()

    def _cannot(self, error: BaseException) -> None:
        words = getattr(error, "strerror", None) or error
        with suppress(OSError):
            say(f"pkgci: no log is written to {log_folder(self.site_file)}: {words}", err=True)


class _Screen(logging.Handler):
    """Standard error: with ``-v`` a line for each thing that was done, with ``-vv`` everything."""

    def __init__(self, verbose: int, redact: _Redact) -> None:
        super().__init__(logging.INFO if verbose == 1 else logging.DEBUG)
        self._whole = verbose > 1
        self._redact = redact

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.ERROR:
            # What ended the command is said anyway.
            return
        text = self._redact(record.getMessage())
        if not self._whole:
            text = " ".join(text.split())
            text = text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"
        with suppress(OSError):
            say(text, err=True, fg="bright_black")


class _Redact:
    """Hides the secrets of the site, and those of the environment. They are read when there is something to hide."""

    def __init__(self, site_file: Path) -> None:
        self._folder = site_file.parent / "secrets"

    def __call__(self, text: str) -> str:
        for hide in self._hiding:
            text = hide(text)
        return text

    @cached_property
    def _hiding(self) -> tuple[Redactor, ...]:
        from pkgci.errors import PkgciError
        from pkgci.secrets.redact import Redactor
        from pkgci.secrets.store import SecretStore

        own = Redactor({name: os.environ[name] for name in _VARIABLES if os.environ.get(name)})
        try:
            return own, SecretStore(self._folder).redactor()
        except (PkgciError, OSError):
            return (own,)
