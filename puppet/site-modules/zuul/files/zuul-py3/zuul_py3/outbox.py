"""What waits to be told to Gerrit: kept while it is away, however long, and delivered in order, by a thread of its own.

Reports on one change are delivered in their order. Where Gerrit is away all wait; where it has a fault with one change,
the others go on. What stands for nothing in Zuul's queues is kept in a file, too; what does is tested again after a
restart (see zuul_queue.py), and reported then.
"""

import json
import threading
import time
from pathlib import Path

from zuul_py3.alerts import write
from zuul_py3.asking import UnreachableError
from zuul_py3.refusals import LaterError
from zuul_py3.reports import REFUSED, Report, Step

# Seconds between two tries, at first and at most.
SOONEST, LATEST = 1, 20
# How often a report is tried that ends in an error of ours.
TRIES = 3
# After so many tries in vain it is others' turn: it may be the only one that Gerrit does not answer.
TURN = 3


class Outbox:
    """The reports that wait. ``deliver(report)`` is called in a thread; ``done(report)`` after the end of each."""

    def __init__(self, path, deliver, done, log, clock=time.monotonic):
        self._path = Path(path)
        self._deliver = deliver
        self._done = done
        self._log = log
        self._clock = clock
        self._changed = threading.Condition()
        # Those that wait, oldest first, each as [report, when it is due, tries, errors].
        self._waiting = []
        self._away_until = 0
        self._away_tries = 0
        self._thread = None
        self._over = False
        self._in_file = False
        for report in self._read():
            self.add(report)

    def add(self, report):
        with self._changed:
            self._waiting.append([report, 0, 0, 0])
            self._write()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="reports to Gerrit", daemon=True)
                self._thread.start()
            self._changed.notify()

    def pending(self):
        with self._changed:
            return [entry[0] for entry in self._waiting]

    def stop(self):
        """Ends the thread, after what it does at this moment."""
        with self._changed:
            self._over = True
            self._changed.notify()

    def _run(self):
        while True:
            with self._changed:
                if self._over:
                    return
                entry, pause = self._next()
                if entry is None:
                    self._changed.wait(pause)
                    continue
            self._try(entry)

    def _next(self):
        """The entry whose turn it is, or None and the seconds until there is one (None: until another is added)."""
        now = self._clock()
        firsts = {}
        for entry in self._waiting:
            firsts.setdefault(entry[0].number, entry)
        pauses = {id(entry): max(entry[1], self._away_until) - now for entry in firsts.values()}
        due = [entry for entry in firsts.values() if pauses[id(entry)] <= 0]
        if due:
            return min(due, key=lambda entry: entry[2] // TURN), 0
        return None, min(pauses.values(), default=None)

    def _try(self, entry):
        report = entry[0]
        try:
            self._deliver(report)
        except UnreachableError as reason:
            entry[2] += 1
            self._away_tries += 1
            self._away_until = self._clock() + _pause(self._away_tries)
            if self._away_tries == 1:
                self._log.warning("Gerrit is away (%s): its reports wait", reason)
        except LaterError as reason:
            entry[2] += 1
            entry[1] = self._clock() + _pause(entry[2])
            self._away_tries = 0
            self._log.warning("The %s waits: %s", report, reason)
        except Exception:
            entry[3] += 1
            entry[1] = self._clock() + _pause(entry[3])
            self._log.exception("The %s could not be delivered", report)
            if entry[3] >= TRIES:
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

    def _end(self, entry):
        with self._changed:
            self._waiting.remove(entry)
            self._write()
        entry[0].finished = True
        self._done(entry[0])

    def _read(self):
        try:
            return [_report(found) for found in json.loads(self._path.read_text())]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError):
            self._log.exception("%s cannot be read: what it kept is lost", self._path)
            return []

    def _write(self):
        kept = [_data(entry[0]) for entry in self._waiting if entry[0].kept]
        if not kept and not self._in_file:
            return
        try:
            write(self._path, json.dumps(kept))
            self._in_file = bool(kept)
        except OSError:
            self._log.exception("%s cannot be written: a restart would lose what waits", self._path)


def _pause(tries):
    return min(SOONEST * 2 ** (tries - 1), LATEST)


_OF_REPORT = ("project", "branch", "number", "patch_set")
_OF_STEP = ("message", "votes", "options", "since", "said", "given")


def _data(report):
    steps = [{key: getattr(step, key) for key in _OF_STEP} for step in report.steps]
    for step in steps:
        # Whoever reads it does not know whether it was tried after this: it may have been.
        step["since"] = step["since"] or time.time()
    return {**{key: getattr(report, key) for key in _OF_REPORT}, "steps": steps}


def _report(found):
    steps = [Step(**{key: step[key] for key in _OF_STEP}) for step in found["steps"]]
    return Report(*(found[key] for key in _OF_REPORT), steps)
