"""What was received of Gerrit's events, and up to when all of it is handled."""

import collections
import threading
import time
from collections.abc import Callable, Iterable

from zuul_py3.upstream import Connection, Record

# Gerrit's own notes of one thing may differ by so many seconds.
SAME = 2
# How many events are remembered.
MOST = 5000

# An event with the time at which it happened, in seconds since 1970; and what tells that two events are one.
Happened = tuple[float, Record]
Key = tuple[object, ...]


class Receiver:
    """The events of ``connection``: those that were received, and those that were missed and are looked for.

    What was missed is put among what was received, in the order in which it happened, and nobody gets an event while
    there is still something to look for.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        # What was received, and what of it was found to be missed → when it happened.
        self._seen: collections.OrderedDict[Key, float] = collections.OrderedDict()
        self._missed: dict[Key, float] = {}
        # Since when events are being looked for, and since when they are to be, next.
        self._looking_since: float | None = None
        self._wanted_since: float | None = None
        self._complete = threading.Event()
        self._complete.set()
        # When the stream was there first, and when it was lost; None while it is there, or never was.
        self.began: float | None = None
        self.lost: float | None = None

    def note(self, event: Record | None) -> bool:
        """Remembers that ``event`` was received. Says whether it is news: it may have been found before."""
        if not event:
            return True
        when = event.get("eventCreatedOn") or time.time()
        with self._lock:
            keys = keys_of(event)
            news = not keys or any(abs(self._missed.get(key, 0) - when) > SAME for key in keys)
            self._remember(keys, when)
            return news

    def _remember(self, keys: Iterable[Key], when: float) -> None:
        for key in keys:
            self._seen[key] = max(self._seen.get(key, 0), when)
            self._seen.move_to_end(key)
        while len(self._seen) > MOST:
            self._missed.pop(self._seen.popitem(last=False)[0], None)

    def want(self, since: float) -> bool:
        """Asks for what happened since ``since``. Says whether whoever looks for it must be started."""
        with self._lock:
            self._wanted_since = min(since, self._wanted_since or since)
            idle = self._complete.is_set()
            self._complete.clear()
            return idle

    def next_search(self) -> float | None:
        """Since when events are to be looked for now; None where there is nothing more to do."""
        with self._lock:
            self._looking_since, self._wanted_since = self._wanted_since, None
            if self._looking_since is None:
                self._complete.set()
            return self._looking_since

    def take(self, found: Iterable[Happened]) -> list[Happened]:
        """Puts what was ``found``, events with the time at which each happened, among what waits to be handled."""
        with self._lock:
            missed = [(when, event) for when, event in found if not self._is_known(event, when)]
            for when, event in missed:
                self._remember(keys_of(event), when)
                self._missed.update(dict.fromkeys(keys_of(event), when))
        queue = self._connection.event_queue
        with queue.mutex:
            queue.queue = collections.deque(sorted([*queue.queue, *missed], key=lambda pair: pair[0]))
            queue.unfinished_tasks += len(missed)
            queue.not_empty.notify()
        return missed

    def _is_known(self, event: Record, when: float) -> bool:
        return all(self._seen.get(key, 0) >= when - SAME for key in keys_of(event))

    def get(self, get: Callable[[], Happened]) -> Happened:
        """The next event, as ``get`` gives it, once nothing is looked for that may come before it."""
        queue = self._connection.event_queue
        while True:
            self._complete.wait()
            event = get()
            if self._complete.is_set() or event[1] is None:
                return event
            with queue.mutex:
                queue.queue.appendleft(event)

    def handled(self) -> float:
        """Up to when everything is handled, in seconds since 1970."""
        queue, scheduler = self._connection.event_queue, self._connection.sched
        waiting = [time.time(), self.lost, getattr(self._connection, "handling", None)]
        with self._lock:
            waiting += [self._looking_since, self._wanted_since]
        with queue.mutex:
            waiting += [when for when, _ in queue.queue]
        with scheduler.trigger_event_queue.mutex:
            events = [*scheduler.trigger_event_queue.queue, *getattr(scheduler, "kept_events", ())]
        waiting += [getattr(event, "received", None) for event in events]
        return min(when for when in waiting if when is not None)


def keys_of(event: Record) -> list[Key]:
    """What ``event`` says happened: the same keys whether Gerrit sent it or it was read from the change."""
    kind = event.get("type")
    number = (event.get("change") or {}).get("number")
    if kind != "comment-added":
        return [(kind, number, (event.get("patchSet") or {}).get("number"))]
    author = (event.get("author") or {}).get("username")
    votes: list[Key] = [
        ("vote", number, author, vote.get("type"), str(vote.get("value")))
        for vote in event.get("approvals") or []
        if "oldValue" in vote or str(vote.get("value")) != "0"
    ]
    words = event.get("comment")
    return [*votes, ("comment", number, words)] if words else votes
