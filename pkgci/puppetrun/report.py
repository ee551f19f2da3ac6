"""What a run did, from Puppet's own report."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

_SLOWEST = 5
_LONGEST_VALUE = 40  # characters
# Puppet adds these resources itself.
_OF_EVERY_CATALOG = ("Schedule[", "Filebucket[")
_LEVEL = re.compile(r"^(?:Debug|Info|Notice|Warning|Error|Alert|Critical|Emergency): ")
_CHANGE = re.compile(r"^Notice: (/.+)/[a-z_]+: $")
_SAID = re.compile(r"^Notice: (/.+)/returns: (.+)$")


@dataclass(frozen=True)
class Failure:
    """A resource that failed, and what Puppet said of it."""

    resource: str
    message: str


@dataclass(frozen=True)
class Pending:
    """A resource that is not as declared, and in what: 'ensure: absent → present'."""

    resource: str
    differences: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """The counts of one run, and the resources behind them.

    ``pending`` resources are not as declared, and were not touched: what a noop run would change. ``corrective`` are
    those of the changed (in a noop run: pending) ones that had been as declared, and that somebody else has changed.
    ``evaluated`` counts what was not skipped, but for what every catalog has.
    ``seconds`` is by resource type, the longest first.
    """

    noop: bool
    completed: bool
    total: int
    changed: int
    failed: int
    skipped: int
    pending: int
    corrective: int
    seconds: Mapping[str, float]
    slowest: tuple[tuple[str, float], ...]
    failures: tuple[Failure, ...]
    changes: tuple[str, ...]
    waiting: tuple[Pending, ...]
    evaluated: int = 0


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads Ruby's objects as plain mappings; what they are is known."""


def _plain(loader: Any, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


_Loader.add_multi_constructor("!ruby/", _plain)
_Loader.add_multi_constructor("!binary", _plain)


def parse_report(text: str, *, repeated: bool = False, log: Iterable[str] = ()) -> Report:
    """The report in Puppet's YAML. ``repeated`` says that the same release had been applied to its end before.

    ``log`` are the lines of the run's log, in which commands say why they failed.

    Raises ``ValueError`` where it is none.
    """
    try:
        document = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader
        metrics = {name: {row[0]: row[2] for row in group["values"]} for name, group in document["metrics"].items()}
        counts: Mapping[str, int] = metrics["resources"]
        statuses: Mapping[str, Mapping[str, Any]] = document["resource_statuses"]
        failed = counts["failed"] + counts.get("failed_to_restart", 0)
        pending = sum(1 for status in statuses.values() if _is_pending(status))
        own = counts.get("corrective_change", 0)
        timed = sorted(metrics["time"].items(), key=lambda item: -item[1])
        return Report(
            noop=bool(document.get("noop")),
            completed=bool(document.get("transaction_completed", True)),
            total=counts["total"],
            changed=counts["changed"],
            failed=failed,
            skipped=counts["skipped"],
            evaluated=sum(1 for name, status in statuses.items() if _is_evaluated(name, status)),
            pending=pending,
            corrective=(pending if document.get("noop") else counts["changed"]) if repeated else own,
            seconds={name: round(seconds, 3) for name, seconds in timed if name != "total"},
            slowest=_slowest(statuses),
            failures=tuple(_failures(statuses, log)),
            changes=tuple(name for name, status in statuses.items() if status["changed"]),
            waiting=tuple(
                Pending(name, tuple(_differences(status))) for name, status in statuses.items() if _is_pending(status)
            ),
        )
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"Puppet's report cannot be read: {type(error).__name__} {error}") from None


def _is_evaluated(name: str, status: Mapping[str, Any]) -> bool:
    return not status.get("skipped") and not name.startswith(_OF_EVERY_CATALOG)


def _is_pending(status: Mapping[str, Any]) -> bool:
    return bool(status["out_of_sync"]) and not status["changed"] and not status["failed"]


def _differences(status: Mapping[str, Any]) -> Iterable[str]:
    for event in status.get("events") or ():
        if event["status"] == "noop":
            before, after = (_short(event.get(name)) for name in ("previous_value", "desired_value"))
            # The content of a file is told by its diff: its digests say nothing.
            told = "" if event["property"] == "content" else f": {before} → {after}"
            yield f"{event['property'] or event['name']}{told}"


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def _slowest(statuses: Mapping[str, Mapping[str, Any]]) -> tuple[tuple[str, float], ...]:
    timed = [(name, float(status.get("evaluation_time") or 0)) for name, status in statuses.items()]
    return tuple((name, round(seconds, 3)) for name, seconds in sorted(timed, key=lambda item: -item[1])[:_SLOWEST])


def _failures(statuses: Mapping[str, Mapping[str, Any]], log: Iterable[str]) -> Iterable[Failure]:
    # What a command printed is not among its events: it says more than that the command failed.
    said = [(match[1], match[2]) for match in map(_SAID.match, log) if match]
    for name, status in statuses.items():
        if status["failed"] or status.get("failed_to_restart"):
            events = [event for event in status.get("events") or () if event["status"] == "failure"]
            messages = "; ".join(dict.fromkeys(str(event["message"]) for event in events))
            printed = [line for path, line in said if path.endswith(f"/{name}")]
            yield Failure(name, "\n".join([messages or "failed without a message: see the log of the run", *printed]))


def diffs(log: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Resource path → the diff of its content, as ``--show_diff`` wrote it to the log."""
    found: dict[str, list[str]] = {}
    owner, inside = "", False
    for line in log:
        match = _CHANGE.match(line)
        if match is not None:
            owner, inside = match[1], False
        elif line.startswith("--- ") and owner:
            inside = True
            found.setdefault(owner, []).append(line)
        elif _LEVEL.match(line):
            owner, inside = "", False
        elif inside:
            found[owner].append(line)
    return {name: tuple(_trimmed(lines)) for name, lines in found.items()}


def _trimmed(lines: list[str]) -> list[str]:
    while lines and not lines[-1]:
        lines.pop()
    return lines
