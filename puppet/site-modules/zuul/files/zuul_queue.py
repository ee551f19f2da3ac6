#!/usr/bin/env python3
"""Keeps Zuul's pipelines through a crash: notes what is in them, and puts it back after Zuul was killed.

Usage: zuul-queue [--status URL] [--unit UNIT] [--state FILE] [--config ZUUL_CONF] [--interval SECONDS]

Zuul has its pipelines in memory only. This service reads them every few seconds from Zuul's status.json and notes
them in a file, with the run of the scheduler (systemd's invocation id) that had them. Once another run answers, each
change that the last one had is enqueued again, in the same order, if it still waits for its pipeline: its patch set is
still the current one, it is open (or merged, where its pipeline works on merged changes), and Zuul has not voted on it
since it was enqueued (where it merges what passes: has not voted against it). Each is crossed off once it is enqueued;
Zuul ignores what is there already. A reload of the layout is no other run. What came while Zuul was away is not this
program's business: see zuul_py3.replaying.
"""

from __future__ import annotations

import argparse
import configparser
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

log = logging.getLogger("zuul-queue")


@dataclass(frozen=True)
class Item:
    """A change in a pipeline; ``enqueued`` is in seconds since 1970, ``patch_set`` as in '3'."""

    pipeline: str
    project: str
    change: str
    patch_set: str
    enqueued: float


@dataclass(frozen=True)
class Snapshot:
    """What the run ``run`` of the scheduler had in its pipelines, heads of queues first."""

    run: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Vote:
    """A vote of Zuul's on a change's current patch set; ``granted`` is in seconds since 1970."""

    label: str
    value: int
    granted: float


@dataclass(frozen=True)
class Change:
    """What Gerrit says of a change: its current patch set, its status, and Zuul's votes on that patch set."""

    patch_set: str
    status: str
    votes: tuple[Vote, ...]


@dataclass(frozen=True)
class Pipeline:
    """What the layout says of a pipeline: whether merges start it, and the votes (label, value) that end its work."""

    on_merged: bool
    verdicts: frozenset[tuple[str, int]]


def items_of(status: dict[str, Any]) -> Iterator[Item]:
    """The changes in Zuul's pipelines. Without those that are there for others only, and refs, which have no number."""
    for pipeline in status["pipelines"]:
        for queue in pipeline["change_queues"]:
            for head in queue["heads"]:
                for item in head:
                    number, _, patch_set = (item["id"] or "").partition(",")
                    if item["live"] and number.isdigit() and patch_set.isdigit():
                        enqueued = item["enqueue_time"] / 1000
                        yield Item(pipeline["name"], item["project"], number, patch_set, enqueued)


def still_waits(item: Item, change: Change | None, pipeline: Pipeline) -> bool:
    """Whether ``item`` still has its way through ``pipeline`` before it."""
    if change is None or change.patch_set != item.patch_set:
        return False
    if pipeline.on_merged:
        return change.status == "MERGED"
    # Another pipeline may have voted meanwhile, with values of its own. Gerrit counts whole seconds.
    voted = any(_ends(vote, pipeline) and vote.granted >= int(item.enqueued) for vote in change.votes)
    return change.status == "NEW" and not voted


def _ends(vote: Vote, pipeline: Pipeline) -> bool:
    """Whether ``vote`` is this pipeline's last word. Of a failure, Gerrit may have taken less than the layout says."""
    return any(
        vote.label.lower() == label.lower() and (vote.value == verdict or verdict < vote.value < 0)
        for label, verdict in pipeline.verdicts
    )


def change_of(answer: str, user: str) -> Change | None:
    """What `gerrit query` answered on one change; ``user`` is Zuul's account. None where there is no such change."""
    for line in answer.splitlines():
        record = json.loads(line) if line.startswith("{") else {}
        patch_set = record.get("currentPatchSet")
        if patch_set:
            votes = tuple(
                Vote(vote["type"], int(vote["value"]), float(vote["grantedOn"]))
                for vote in patch_set.get("approvals", [])
                if (vote.get("by") or {}).get("username") == user
            )
            return Change(str(patch_set["number"]), record["status"], votes)
    return None


def pipelines_of(layout: dict[str, Any]) -> dict[str, Pipeline]:
    """The pipelines of a layout, by name."""
    return {
        pipeline["name"]: Pipeline(_on_merged(pipeline), frozenset(_verdicts(pipeline)))
        for pipeline in layout.get("pipelines", [])
    }


def _on_merged(pipeline: dict[str, Any]) -> bool:
    triggers = [trigger for given in pipeline.get("trigger", {}).values() for trigger in _listed(given)]
    return any("change-merged" in _listed(trigger.get("event")) for trigger in triggers if isinstance(trigger, dict))


def _verdicts(pipeline: dict[str, Any]) -> Iterator[tuple[str, int]]:
    for action in ("success", "failure", "merge-failure"):
        for given in (pipeline.get(action) or {}).values():
            for report in _listed(given):
                if (report or {}).get("submit") is True:
                    # What is not merged after such a vote was cut off on its way.
                    continue
                for label, value in (report or {}).items():
                    # `submit: true` is no vote; a value may be written as text.
                    if not isinstance(value, bool) and str(value).lstrip("+-").isdigit():
                        yield label, int(value)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def read(path: Path) -> Snapshot | None:
    """The snapshot in ``path``; None where there is none, or none that can be read."""
    try:
        found = json.loads(path.read_text())
        return Snapshot(found["run"], tuple(Item(**item) for item in found["items"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        log.warning("%s is no snapshot, and is made anew: %s", path, error)
        return None


def write(path: Path, snapshot: Snapshot) -> None:
    """Writes ``snapshot`` so that a reader, and a crash, find the old one or the new one."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=path.name, delete=False) as file:
        json.dump(asdict(snapshot), file)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(path)


class Zuul:
    """The scheduler: its run, its status, its command line; and Gerrit, as Zuul reaches it."""

    def __init__(self, status_url: str, unit: str, config: Path) -> None:
        self._status_url = status_url
        self._unit = unit
        self._config = config

    def run(self) -> str:
        """systemd's id of the scheduler's present run; empty where it does not run."""
        command = ["systemctl", "show", "--property=InvocationID", "--value", self._unit]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30).stdout.strip()

    def status(self) -> dict[str, Any] | None:
        """status.json; None while Zuul does not answer or has no layout yet."""
        try:
            with urllib.request.urlopen(self._status_url, timeout=20) as answer:  # noqa: S310 - a constant, local address
                found: dict[str, Any] = json.load(answer)
        except (OSError, ValueError):
            return None
        return found if "last_reconfigured" in found else None

    def enqueue(self, item: Item) -> None:
        """Raises CalledProcessError where Zuul refuses."""
        command = [str(Path(sys.executable).parent / "zuul"), "-c", str(self._config), "enqueue", "--trigger", "gerrit"]
        command += [
            "--pipeline",
            item.pipeline,
            "--project",
            item.project,
            "--change",
            f"{item.change},{item.patch_set}",
        ]
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)

    def change(self, number: str) -> Change | None:
        """Raises CalledProcessError where Gerrit cannot be asked."""
        settings = self._gerrit()
        command = ["ssh", "-i", settings["sshkey"], "-p", settings.get("port", "29418")]
        command += [f"{settings['user']}@{settings['server']}"]
        command += ["gerrit", "query", "--format", "json", "--current-patch-set", f"change:{number}"]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
        return change_of(done.stdout, settings["user"])

    def pipelines(self) -> dict[str, Pipeline]:
        """The live layout's pipelines."""
        import yaml

        layout = Path(self._parsed().get("zuul", "layout_config"))
        return pipelines_of(yaml.safe_load(layout.read_text()) or {})

    def _gerrit(self) -> dict[str, str]:
        return dict(self._parsed().items("connection gerrit"))

    def _parsed(self) -> configparser.ConfigParser:
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        parser.read(self._config)
        return parser


def put_back(zuul: Zuul, snapshot: Snapshot, note: Callable[[Snapshot], None]) -> None:
    """Enqueues what ``snapshot`` has and what still waits, and gives ``note`` what is left after each.

    Raises CalledProcessError or TimeoutExpired where Gerrit or Zuul cannot be asked: what is left is tried again later.
    """
    pipelines = zuul.pipelines()
    for done, item in enumerate(snapshot.items, 1):
        name = f"{item.change},{item.patch_set} of {item.project} in {item.pipeline}"
        pipeline = pipelines.get(item.pipeline)
        if pipeline is None or not still_waits(item, zuul.change(item.change), pipeline):
            log.info("%s is done with, or has changed", name)
        else:
            try:
                zuul.enqueue(item)
                log.warning("%s is enqueued again", name)
            except subprocess.CalledProcessError as error:
                # Zuul asks Gerrit as well, and calls a change invalid where Gerrit is away: so is it asked here.
                zuul.change(item.change)
                log.error("%s was refused: %s", name, (error.stderr or "").strip()[-500:])
        note(replace(snapshot, items=snapshot.items[done:]))


def step(zuul: Zuul, path: Path, known: Snapshot | None) -> Snapshot | None:
    """Looks at Zuul once: puts back what another run had, or notes what this one has. The snapshot that counts then."""
    run, status = zuul.run(), zuul.status()
    # Whatever was read while Zuul went down or came up belongs to nobody.
    if not run or status is None or zuul.run() != run:
        return known
    if known is not None and known.run != run and known.items:

        def note(snapshot: Snapshot) -> None:
            write(path, snapshot)

        put_back(zuul, known, note)
        status = zuul.status() or status
    found = Snapshot(run, tuple(items_of(status)))
    if found != known:
        write(path, found)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="zuul-queue", description="Keeps Zuul's pipelines through a crash.")
    parser.add_argument("--status", default="http://127.0.0.1:8001/status.json")
    parser.add_argument("--unit", default="zuul-server.service")
    parser.add_argument("--state", type=Path, default=Path("/var/lib/zuul/pipelines.json"))
    parser.add_argument("--config", type=Path, default=Path("/etc/zuul/zuul.conf"))
    parser.add_argument("--interval", type=float, default=2)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    zuul = Zuul(arguments.status, arguments.unit, arguments.config)
    known = read(arguments.state)
    while True:
        try:
            known = step(zuul, arguments.state, known)
        except (subprocess.SubprocessError, OSError) as error:
            log.warning("trying again: %s", getattr(error, "stderr", "") or error)
            known = read(arguments.state)
        time.sleep(arguments.interval)


if __name__ == "__main__":
    main()
