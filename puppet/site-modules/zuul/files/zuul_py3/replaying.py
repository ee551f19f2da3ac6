"""Not about Python 3: events that Gerrit sent while nobody listened are made good when the stream is there again.

Gerrit keeps no events. What happened while Zuul, or its connection, was away is read from the changes themselves: new
patch sets, votes, comments and merges since Zuul last listened. Each becomes the event that was missed, so that Zuul's
own triggers and requirements decide about it as ever. What Zuul has voted on since is left out; what is in a pipeline
already, Zuul itself leaves alone.

On where the connection's section of zuul.conf says ``replay=true``. The first start ever replays nothing.
"""

import os
import threading
import time
from pathlib import Path

from zuul_py3.hook import mends
from zuul_py3.tools import loads_gerrit

# Seconds between two notes of "still listening".
BEAT = 5
# Zuul holds every event back for 10 s (zuul/connection/gerrit.py:35), and clocks differ: seconds before the last note
# that count as missed, too.
MARGIN = 30
# How many of a project's latest changes are looked at.
MOST = 200


def missed_events(change, since, user):
    """The events of ``change`` (as `gerrit query` gives it) since ``since``, but for what ``user`` (Zuul) did itself.

    In the order in which they happened.
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
        said = [int(c.get("timestamp", 0)) for c in change.get("comments", []) if _by(c, "reviewer", user)]
        if when >= since and max(said, default=0) <= when + 2:
            yield when, {**base, "type": "change-merged", "submitter": {"username": user}}
        return
    created = int(patch_set.get("createdOn", 0))
    if created >= since and verdict < created:
        yield created, {**base, "type": "patchset-created", "uploader": patch_set.get("uploader")}
    votes = [a for a in approvals if not _by(a, "by", user) and int(a["grantedOn"]) >= max(since, verdict)]
    for vote in votes:
        yield int(vote["grantedOn"]), _comment(base, vote.get("by"), [vote], "")
    for comment in change.get("comments", []):
        when = int(comment.get("timestamp", 0))
        if when >= max(since, verdict, created) and not _by(comment, "reviewer", user):
            yield when, _comment(base, comment.get("reviewer"), [], comment.get("message", ""))


def _comment(base, author, approvals, text):
    return {**base, "type": "comment-added", "author": author, "approvals": approvals, "comment": text}


def _by(record, role, user):
    return (record.get(role) or {}).get("username") == user


class Heartbeat:
    """Notes every few seconds, in a file, that events are being listened to."""

    def __init__(self, path):
        self._path = Path(path)
        self._over = threading.Event()

    def last(self):
        """When it last beat, in seconds since 1970; None before the first time."""
        try:
            return self._path.stat().st_mtime
        except FileNotFoundError:
            return None

    def start(self):
        self._path.touch()
        threading.Thread(target=self._beat, daemon=True).start()

    def stop(self):
        self._over.set()

    def _beat(self):
        while not self._over.wait(BEAT):
            self._path.touch()


def replay(connection, since):
    """Hands the events that were missed since ``since`` to Zuul, oldest first."""
    events = []
    for project in list(connection.sched.layout.projects):
        for status in ("open", "merged"):
            command = (
                "gerrit query --format json --comments --current-patch-set "
                f"project:{project} status:{status} limit:{MOST}"
            )
            try:
                out, _ = connection._ssh(command)
            except Exception:
                connection.log.exception("Cannot ask for missed events of %s", project)
                continue
            for line in out.splitlines():
                change = loads_gerrit(line) if line.startswith("{") else {}
                if "number" in change:
                    events += missed_events(change, since, connection.user)
    for when, event in sorted(events, key=lambda pair: pair[0]):
        connection.log.info("Replaying %s of %s, missed at %s", event["type"], event["change"]["number"], when)
        connection.addEvent(event)


@mends("zuul.connection.gerrit")
def replay_missed_events(module):
    """zuul/connection/gerrit.py:158: the stream begins with what happens from now on."""
    listen = module.GerritWatcher._listen

    def wait_and_replay(connection, since):
        # The layout says which projects matter; it is loaded after the connections. Zuul's first client is for this
        # thread's commands only where nobody else uses it: a connection of its own is opened.
        while not connection.sched.layout.projects:
            time.sleep(1)
        own = module.GerritConnection(connection.connection_name, connection.connection_config)
        own.sched, own.event_queue = connection.sched, connection.event_queue
        try:
            replay(own, since)
        finally:
            if own.client:
                own.client.close()

    def listen_and_replay(self, stdout, stderr):
        connection = self.gerrit_connection
        if connection.connection_config.get("replay", "").lower() != "true":
            return listen(self, stdout, stderr)
        folder = os.path.expanduser(connection.sched.config.get("zuul", "state_dir"))  # noqa: PTH111
        heartbeat = Heartbeat(Path(folder) / f"listening-{connection.connection_name}")
        last = heartbeat.last()
        if last is not None:
            threading.Thread(target=wait_and_replay, args=(connection, last - MARGIN), daemon=True).start()
        heartbeat.start()
        try:
            return listen(self, stdout, stderr)
        finally:
            heartbeat.stop()

    module.GerritWatcher._listen = listen_and_replay
