"""Which Gearman functions there are, and what their payloads mean: pure functions, from the plugin's own rules."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ..builds.environment import build_path
from ..builds.labels import atoms, may_run
from ..config.model import NodeDefinition
from ..jobs.record import Build
from ..jobs.store import Job

OFFLINE = "OFFLINE_NODE_WHEN_COMPLETE"
_YES = ("1", "true", "True", "TRUE")
# The label of Jenkins' own executors.
_CONTROLLER = "built-in"


class PayloadError(Exception):
    """A payload that means nothing."""


def functions_of(node: NodeDefinition, jobs: Iterable[Job]) -> frozenset[str]:
    """What the executors of a node that is online offer: ``build:JOB``, and ``build:JOB:LABEL`` per shared label."""
    found: set[str] = set()
    for job in jobs:
        definition = job.definition
        if definition.disabled or not may_run(definition.label, node):
            continue
        found.add(f"build:{job.name}")
        if definition.label is not None:
            found |= {f"build:{job.name}:{label}" for label in atoms(definition.label) & set(node.all_labels)}
    return frozenset(found)


def job_of(function: str) -> str:
    """The job that ``build:JOB`` or ``build:JOB:LABEL`` means."""
    return function.split(":")[1]


def parameters_of(arguments: str) -> dict[str, str]:
    """The parameters in a build's payload, a flat JSON object; None stays out. Raises ``PayloadError``."""
    if not arguments.strip():
        return {}
    return {name: _text(value) for name, value in _object(arguments).items() if value is not None}


def wants_offline(parameters: dict[str, str]) -> bool:
    """Whether the node is to be taken offline when the build has ended."""
    return parameters.get(OFFLINE) in _YES


def which_build(arguments: str) -> tuple[str, int, str]:
    """The job, number and description in a payload of ``stop`` or ``set_description``. Raises ``PayloadError``."""
    data = _object(arguments)
    try:
        return str(data["name"]), int(data["number"]), str(data.get("html_description") or "")
    except (KeyError, TypeError, ValueError):
        raise PayloadError("name and number are needed") from None


def status_data(build: Build, node: NodeDefinition | None, manager: str, worker: str, url: str | None) -> str:
    """What a client hears of a build when it begins and when it ends: the latter with its result.

    Without a ``node`` it names none, and the label of the controller.
    """
    data: dict[str, Any] = {
        "name": build.job,
        "number": build.number,
        "manager": manager,
        "worker": worker,
        "node_name": node.name if node else "",
        "node_labels": list(node.all_labels) if node else [_CONTROLLER],
    }
    if url:
        data["url"] = f"{url}{build_path(build)}"
    if build.result is not None:
        data["result"] = str(build.result)
    return json.dumps(data)


def _object(arguments: str) -> dict[str, Any]:
    try:
        data = json.loads(arguments)
    except ValueError as error:
        raise PayloadError(f"the payload is no JSON: {error}") from None
    if not isinstance(data, dict):
        raise PayloadError("the payload is no JSON object")
    return data


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        raise PayloadError("the payload is not flat")
    return str(value).lower() if isinstance(value, bool) else str(value)
