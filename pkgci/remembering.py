"""What pkgci keeps for the next command. Where it cannot be kept, this command does its work all the same."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class NotRememberedWarning(UserWarning):
    """Something could not be written down for the next command."""


@contextmanager
def remembering(what: str, file: Path) -> Iterator[None]:
    """Writes ``what`` to ``file``: an ``OSError`` becomes a ``NotRememberedWarning``."""
    try:
        yield
    except BlockingIOError:
        raise
    except OSError as error:
        warnings.warn(f"cannot write {file}: {error.strerror}: {what} not remembered", NotRememberedWarning, 3)
