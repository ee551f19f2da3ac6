"""What the CI cannot do because a right or a range of its own lacks: in the log, and in a file for `pkgci status`."""

import json
import logging
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from zuul_py3.tools import write

# What each line in the log begins with.
MARK = "ALERT:"


class Alerts:
    """The alerts in the file ``path``: key → what, and since when. One is there until what it tells of works again."""

    def __init__(self, path: str | Path, log: logging.Logger, clock: Callable[[], float] = time.time) -> None:
        self._path = Path(path)
        self._log = log
        self._clock = clock
        self._alerts = self._read()

    def put(self, key: str, what: str) -> None:
        self._log.error("%s %s", MARK, what)
        since = self._alerts.get(key, {}).get("since", int(self._clock()))
        self._alerts[key] = {"what": what, "since": since}
        self._write()

    def clear(self, key: str) -> None:
        if self._alerts.pop(key, None) is not None:
            self._log.info("No alert any more: %s", key)
            self._write()

    def keep(self, prefix: str, keys: Collection[str]) -> None:
        """Clears those that begin with ``prefix`` and are none of ``keys``: what they tell of is there no more."""
        for key in [one for one in self._alerts if one.startswith(prefix) and one not in keys]:
            self.clear(key)

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(self._path.read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self) -> None:
        try:
            write(self._path, json.dumps(self._alerts, sort_keys=True))
        except OSError:
            self._log.exception("%s cannot be written", self._path)
