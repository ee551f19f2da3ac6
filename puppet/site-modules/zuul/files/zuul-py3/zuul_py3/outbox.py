"""What waits to be told to Gerrit: kept while it is away, however long, and delivered in order, by a thread of its own.

Reports on one change are delivered in their order. Where Gerrit is away all wait; where it has a fault with one change,
the others go on. What stands for nothing in Zuul's queues is kept in a file, too; what does is tested again after a
restart (see zuul_queue.py), and reported then.
"""

import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from zuul_py3.asking import UnreachableError
from zuul_py3.refusals import LaterError
from zuul_py3.reports import REFUSED, Report, Step
from zuul_py3.tools import write
from zuul_py3.upstream import Record

# Seconds between two tries, at first and at most.
SOONEST, LATEST = 1, 20
# How often a report is tried that ends in an error of ours.
TRIES = 3
# After so many tries in vain it is others' turn: it may be the only one that Gerrit does not answer.
TURN = 3


@dataclass(eq=False)
class _Entry:
    """A report that waits: until when, how often it was tried in vain, and how often it ended in an error of ours."""

    report: Report
    due: float = 0
    tries: int = 0
    errors: int = 0


class Outbox:
    """The reports that wait. ``deliver(report)`` is called in a thread; ``done(report)`` after the end of each."""

    def __init__(
        self,
        path: str | Path,
        deliver: Callable[[Report], object],
        done: Callable[[Report], object],
        log: logging.Logger,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = Path(path)
        self._deliver = deliver
        self._done = done
        self._log = log
        self._clock = clock
        self._changed = threading.Condition()
        # Those that wait, oldest first.
        self._waiting: list[_Entry] = []
        self._away_until = 0.0
        self._away_tries = 0
        self._thread: threading.Thread | None = None
        self._over = False
        self._in_file = False
        for report in self._read():
            self.add(report)

    def add(self, report: Report) -> None:
        with self._changed:
            self._waiting.append(_Entry(report))
            self._write()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="reports to Gerrit", daemon=True)
                self._thread.start()
            self._changed.notify()

    def pending(self) -> list[Report]:
        with self._changed:
            return [entry.report for entry in self._waiting]

    def stop(self) -> None:
        """Ends the thread, after what it does at this moment."""
        with self._changed:
            self._over = True
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._over:
                    return
                entry, pause = self._next()
                if entry is None:
                    self._changed.wait(pause)
                    continue
            self._try(entry)

    def _next(self) -> tuple[_Entry | None, float | None]:
        """The entry whose turn it is, or None and the seconds until there is one (None: until another is added)."""
        now = self._clock()
        firsts: dict[str, _Entry] = {}
        for entry in self._waiting:
            firsts.setdefault(entry.report.number, entry)
        pauses = {id(entry): max(entry.due, self._away_until) - now for entry in firsts.values()}
        due = [entry for entry in firsts.values() if pauses[id(entry)] <= 0]
        if due:
            return min(due, key=lambda entry: entry.tries // TURN), 0
        return None, min(pauses.values(), default=None)

    def _try(self, entry: _Entry) -> None:
        report = entry.report
        try:
            self._deliver(report)
        except UnreachableError as reason:
            entry.tries += 1
            self._away_tries += 1
            self._away_until = self._clock() + _pause(self._away_tries)
            if self._away_tries == 1:
                self._log.warning("Gerrit is away (%s): its reports wait", reason)
        except LaterError as reason:
            entry.tries += 1
            entry.due = self._clock() + _pause(entry.tries)
            self._away_tries = 0
            self._log.warning("The %s waits: %s", report, reason)
        except Exception:
            entry.errors += 1
            entry.due = self._clock() + _pause(entry.errors)
            self._log.exception("The %s could not be delivered", report)
            if entry.errors >= TRIES:
                report.outcome = REFUSED
                self._end(entry)
        else:
            if self._away_tries:
                self._log.warning("Gerrit is there again: its reports are delivered")
                self._away_tries = 0
            self._end(entry)
            return
        with self._changed:
            self._write()

    def _end(self, entry: _Entry) -> None:
        with self._changed:
            self._waiting.remove(entry)
            self._write()
        entry.report.finished = True
        self._done(entry.report)

    def _read(self) -> list[Report]:
        try:
            return [_report(found) for found in json.loads(self._path.read_text())]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError):
            self._log.exception("%s cannot be read: what it kept is lost", self._path)
            return []

    def _write(self) -> None:
        kept = [_data(entry.report) for entry in self._waiting if entry.report.kept]
        if not kept and not self._in_file:
            return
        try:
            write(self._path, json.dumps(kept))
            self._in_file = bool(kept)
        except OSError:
            self._log.exception("%s cannot be written: a restart would lose what waits", self._path)


def _pause(tries: int) -> float:
    return float(min(SOONEST * 2 ** (tries - 1), LATEST))


_OF_REPORT = ("project", "branch", "number", "patch_set")
_OF_STEP = ("message", "votes", "options", "since", "said", "given")


def _data(report: Report) -> Record:
    steps = [{key: getattr(step, key) for key in _OF_STEP} for step in report.steps]
    for step in steps:
        # Whoever reads it does not know whether it was tried after this: it may have been.
        step["since"] = step["since"] or time.time()
    return {**{key: getattr(report, key) for key in _OF_REPORT}, "steps": steps}


def _report(found: Record) -> Report:
    steps = [Step(**{key: step[key] for key in _OF_STEP}) for step in found["steps"]]
    return Report(**{key: found[key] for key in _OF_REPORT}, steps=steps)
