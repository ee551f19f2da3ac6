"""What is read over HTTPS: lists and the heads of indexes, never a package."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable

from .retry import tries
from .status import Ended, Status

_SIZE_LIMIT = 16 * 1024 * 1024  # bytes
_SECONDS = 30.0
_ATTEMPTS = 3

Fetch = Callable[[str], "bytes | None"]


def fetch(url: str) -> bytes | None:
    """What is at ``url``; None where there is nothing. Raises ``Ended`` (infrastructure) for everything else."""
    wrong = ""
    for _ in tries(_ATTEMPTS, time.sleep):
        try:
            with urllib.request.urlopen(url, timeout=_SECONDS) as answer:  # noqa: S310 (https: settings.repository)
                text: bytes = answer.read(_SIZE_LIMIT + 1)
        except urllib.error.HTTPError as error:
            if error.code in (404, 410):
                return None
            wrong = f"the answer is {error.code} {error.reason}"
        except OSError as error:
            wrong = str(getattr(error, "reason", None) or error)
        else:
            if len(text) <= _SIZE_LIMIT:
                return text
            wrong = f"it has more than {_SIZE_LIMIT} bytes"
    raise Ended(Status.INFRASTRUCTURE, f"{url} cannot be fetched: {wrong}")
