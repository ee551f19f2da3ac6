"""Not about Python 3: events that Gerrit sent while nobody listened are made good when the stream is there again.

Gerrit keeps no events. What happened while Zuul, or its connection, was away is read from the changes themselves: new
patch sets, votes, comments and merges since Zuul last listened. Each becomes the event that was missed, so that Zuul's
own triggers and requirements decide about it as ever. What Zuul has voted on since is left out, but for that vote: it
may complete what another pipeline waits for, as a comment of Zuul's own may on a merged change. What is in a pipeline
already, Zuul itself leaves alone.

On where the connection's section of zuul.conf says ``replay=true``. The first start ever replays nothing.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from zuul_py3.asking import RefusedError, Troubles, UnreachableError
from zuul_py3.hook import mends
from zuul_py3.losses import LOOK_AGAIN
from zuul_py3.receiving import Happened, Receiver
from zuul_py3.tools import loads_gerrit
from zuul_py3.upstream import Connection, Record

# Seconds between two notes of the time up to which events are handled.
BEAT = 5
# Clocks differ, and a pipeline is noted only some seconds after it took a change in: seconds before the last note that
# count as missed, too.
MARGIN = 30
# The same where the stream was lost while Zuul ran: so long may it take until a dead connection is found out. What was
# received in these seconds is known, and is not replayed.
BLIND = 180
# How often Gerrit may refuse to say what happened in a project, until that project is left out.
REFUSALS = 6
# With what a change's messages begin: where somebody restored it, and where somebody said something. What Gerrit itself
# notes besides, as where a patch set is uploaded, is no event.
RESTORED = "Restored"
SAID = "Patch Set "
# How many of a project's changes are asked for at once.
PAGE = 200


def missed_events(change: Record, since: float, user: str) -> Iterator[Happened]:
    """The events of ``change`` (as `gerrit query` gives it) since ``since`` that may start something.

    Of what ``user`` (Zuul) did itself, these are its votes, and its last comment on a merged change.
    """
    patch_set = change.get("currentPatchSet", {})
    approvals = patch_set.get("approvals", [])
    verdict = max((int(a["grantedOn"]) for a in approvals if _by(a, "by", user) and int(a["value"]) != 0), default=0)
    about = {key: change.get(key) for key in ("project", "branch", "id", "number", "subject", "owner", "url")}
    base = {"change": about, "patchSet": {key: value for key, value in patch_set.items() if key != "approvals"}}
    if change.get("status") == "MERGED":
        submitted = [int(a["grantedOn"]) for a in approvals if a.get("type") == "SUBM"]
        when = max(submitted, default=verdict or int(change.get("lastUpdated", 0)))
        # What Zuul says later than the message that came with the merge is about a pipeline that took the merge in.
        own = [(int(c.get("timestamp", 0)), c) for c in change.get("comments", []) if _by(c, "reviewer", user)]
        if when >= since and max((said for said, _ in own), default=0) <= when + 2:
            yield when, {**base, "type": "change-merged", "submitter": {"username": user}}
        for said, comment in own[-1:]:
            words = comment.get("message", "")
            if said >= since and words.startswith(SAID):
                yield said, _comment(base, comment["reviewer"], [], words)
        return
    created = int(patch_set.get("createdOn", 0))
    if created >= since and verdict < created:
        yield created, {**base, "type": "patchset-created", "uploader": patch_set.get("uploader")}
    for vote in approvals:
        by_zuul, granted = _by(vote, "by", user), int(vote["grantedOn"])
        is_new = granted >= since and (int(vote["value"]) != 0 if by_zuul else granted >= verdict)
        if is_new and vote.get("type") != "SUBM":
            yield granted, _comment(base, vote.get("by"), [vote], "")
    for comment in change.get("comments", []):
        when = int(comment.get("timestamp", 0))
        if when >= max(since, verdict, created) and not _by(comment, "reviewer", user):
            author, words = comment.get("reviewer"), comment.get("message", "")
            if words.split("\n")[0] == RESTORED:
                yield when, {**base, "type": "change-restored", "restorer": author}
            elif words.startswith(SAID):
                yield when, _comment(base, author, [], words)


def _comment(base: Record, author: Record | None, approvals: list[Record], text: str) -> Record:
    return {**base, "type": "comment-added", "author": author, "approvals": approvals, "comment": text}


def _by(record: Record, role: str, user: str) -> bool:
    return (record.get(role) or {}).get("username") == user


class Heartbeat:
    """Notes in a file, every few seconds, up to when events are handled: what ``handled`` says."""

    def __init__(self, path: str | Path, handled: Callable[[], float] = time.time) -> None:
        self._path = Path(path)
        self._handled = handled
        self._over = threading.Event()

    def last(self) -> float | None:
        """What it noted last, in seconds since 1970; None before the first time."""
        try:
            return self._path.stat().st_mtime
        except FileNotFoundError:
            return None

    def start(self) -> None:
        self._note()
        threading.Thread(target=self._beat, daemon=True).start()

    def stop(self) -> None:
        self._over.set()

    def _beat(self) -> None:
        while not self._over.wait(BEAT):
            self._note()

    def _note(self) -> None:
        when = self._handled()
        try:
            os.utime(self._path, (when, when))
        except FileNotFoundError:
            self._path.touch()
            os.utime(self._path, (when, when))


def replay(connection: Connection, since: float) -> list[Happened]:
    """The events that were missed since ``since``, each with the time at which it happened, oldest first."""
    events: list[Happened] = []
    for project in list(connection.sched.layout.projects):
        for status in ("open", "merged"):
            for change in _changed(connection, f"project:{project} status:{status}", since):
                events += missed_events(change, since, connection.user)
    return sorted(events, key=lambda pair: pair[0])


def _changed(connection: Connection, query: str, since: float) -> Iterator[Record]:
    """The changes that ``query`` finds, last updated first, and not many that are older than ``since``."""
    start, more = 0, True
    while more:
        answer = _ask(connection, f"{query} limit:{PAGE} --start {start}")
        found = [loads_gerrit(line) for line in answer.splitlines() if line.startswith("{")]
        changes = [change for change in found if "number" in change]
        yield from changes
        start += PAGE
        more = len(changes) == PAGE and int(changes[-1].get("lastUpdated", 0)) >= since


def _ask(connection: Connection, query: str) -> str:
    """What Gerrit answers. Waits where it cannot be asked."""
    troubles = Troubles(REFUSALS)
    while True:
        try:
            out, _ = connection._ssh(f"gerrit query --format json --comments --current-patch-set {query}")
            return out
        except (UnreachableError, RefusedError) as error:
            if troubles.are_for_good(error):
                connection.log.error("What was missed of %s stays missed: %s", query, error)
                return ""
            connection.log.warning("Cannot ask what was missed, trying again: %s", error)
        time.sleep(LOOK_AGAIN)


@mends("zuul.connection.gerrit")
def replay_missed_events(module: Any) -> None:
    """zuul/connection/gerrit.py:158: the stream begins with what happens from now on."""
    cls, watcher = module.GerritConnection, module.GerritWatcher
    init, add_event, get_event, listen = cls.__init__, cls.addEvent, cls.getEvent, watcher._listen

    def with_receiver(self: Connection, *args: Any, **settings: Any) -> None:
        init(self, *args, **settings)
        self.receiver = Receiver(self)

    def add_and_remember(self: Connection, data: Record | None) -> None:
        if self.receiver.note(data):
            add_event(self, data)

    def get_in_order(self: Connection) -> Happened:
        return self.receiver.get(lambda: get_event(self))

    def look_for_missed(connection: Connection) -> None:
        # The layout says which projects matter; it is loaded after the connections. Zuul's first client is for this
        # thread's commands only where nobody else uses it: a connection of its own is opened.
        while not connection.sched.layout.projects:
            time.sleep(1)
        own = module.GerritConnection(connection.connection_name, connection.connection_config)
        own.sched = connection.sched
        received = connection.receiver
        while (since := received.next_search()) is not None:
            try:
                for when, event in received.take(replay(own, since)):
                    number = event["change"]["number"]
                    connection.log.info("Replaying %s of %s, missed at %s", event["type"], number, when)
            except Exception:
                connection.log.exception("What happened since %s cannot be replayed", since)
        if own.client:
            own.client.close()

    def listen_and_replay(self: Any, stdout: Any, stderr: Any) -> Any:
        connection = self.gerrit_connection
        if connection.connection_config.get("replay", "").lower() != "true":
            return listen(self, stdout, stderr)
        received = connection.receiver
        if received.began is None:
            received.began = time.time()
            folder = os.path.expanduser(connection.sched.config.get("zuul", "state_dir"))  # noqa: PTH111
            heartbeat = Heartbeat(Path(folder) / f"listening-{connection.connection_name}", received.handled)
            last = heartbeat.last()
            since = None if last is None else last - MARGIN
        else:
            heartbeat, since = None, max(received.lost - BLIND, received.began)
        if since is not None and received.want(since):
            threading.Thread(target=look_for_missed, args=(connection,), daemon=True).start()
        received.lost = None
        if heartbeat:
            heartbeat.start()
        try:
            return listen(self, stdout, stderr)
        finally:
            received.lost = time.time()

    cls.__init__ = with_receiver
    cls.addEvent = add_and_remember
    cls.getEvent = get_in_order
    watcher._listen = listen_and_replay
