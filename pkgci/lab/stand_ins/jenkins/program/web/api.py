"""What the REST API says of each thing: plain data, in Jenkins' words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from ..builds.environment import build_path
from ..builds.scheduler import Item
from ..config.model import NodeDefinition
from ..jobs.definition import Definition
from ..jobs.record import Build, Result
from ..jobs.store import Job
from ..nodes.agent import Agent
from ..plugins import Plugin

Data = dict[str, Any]
_COLORS = {
    Result.SUCCESS: "blue",
    Result.UNSTABLE: "yellow",
    Result.FAILURE: "red",
    Result.NOT_BUILT: "notbuilt",
    Result.ABORTED: "aborted",
}
_NEWEST = 100


def job_url(base: str, name: str) -> str:
    """A job's page."""
    return f"{base}job/{quote(name)}/"


def node_url(base: str, name: str) -> str:
    """A node's page."""
    return f"{base}computer/{quote(name)}/"


def color(job: Job, builds: Iterable[Build]) -> str:
    """Jenkins' word for a job's state: the last result's color, and whether it runs now."""
    builds = list(builds)
    last = next((build.result for build in builds if build.result is not None), None)
    name = "disabled" if job.definition.disabled else _COLORS[last] if last else "notbuilt"
    return f"{name}_anime" if any(build.result is None for build in builds) else name


def job_data(base: str, job: Job, builds: list[Build], next_number: int, queued: Item | None) -> Data:
    """A job, with its hundred newest builds."""
    ended = [build for build in builds if build.result is not None]

    def first(*results: Result) -> Data | None:
        found = next((build for build in ended if build.result in results), None)
        return build_link(base, found) if found else None

    definition = job.definition
    return {
        "_class": "hudson.model.FreeStyleProject",
        "actions": [_parameters_data(definition, named=False)] if definition.parameters else [],
        "name": job.name,
        "fullName": job.name,
        "displayName": job.name,
        "displayNameOrNull": None,
        "healthReport": [],
        "scm": {"_class": "hudson.scm.NullSCM"},
        "upstreamProjects": [],
        "downstreamProjects": [],
        "fullDisplayName": job.name,
        "description": definition.description,
        "url": job_url(base, job.name),
        "buildable": not definition.disabled,
        "disabled": definition.disabled,
        "concurrentBuild": definition.concurrent,
        "labelExpression": definition.label,
        "color": color(job, builds),
        "inQueue": queued is not None,
        "queueItem": item_data(base, queued) if queued else None,
        "keepDependencies": False,
        "nextBuildNumber": next_number,
        "builds": [build_link(base, build) for build in builds[:_NEWEST]],
        "allBuilds": [build_link(base, build) for build in builds],
        "firstBuild": build_link(base, builds[-1]) if builds else None,
        "lastBuild": build_link(base, builds[0]) if builds else None,
        "lastCompletedBuild": build_link(base, ended[0]) if ended else None,
        "lastSuccessfulBuild": first(Result.SUCCESS, Result.UNSTABLE),
        "lastStableBuild": first(Result.SUCCESS),
        "lastUnstableBuild": first(Result.UNSTABLE),
        "lastFailedBuild": first(Result.FAILURE),
        "lastUnsuccessfulBuild": first(Result.FAILURE, Result.UNSTABLE, Result.ABORTED),
        "property": [_parameters_data(definition, named=True)] if definition.parameters else [],
    }


def _parameters_data(definition: Definition, *, named: bool) -> Data:
    """The declared parameters; among a job's actions the real one leaves the names of their values out."""
    return {
        "_class": "hudson.model.ParametersDefinitionProperty",
        "parameterDefinitions": [
            {
                "_class": f"hudson.model.{parameter.kind}",
                "defaultParameterValue": {
                    "_class": f"hudson.model.{parameter.kind.removesuffix('Definition')}Value",
                    **({"name": parameter.name} if named else {}),
                    "value": parameter.default,
                },
                "description": parameter.description,
                "name": parameter.name,
                "type": parameter.kind,
            }
            for parameter in definition.parameters
        ],
    }


def build_link(base: str, build: Build) -> Data:
    """A build in a list of builds."""
    return {"_class": "hudson.model.FreeStyleBuild", "number": build.number, "url": f"{base}{build_path(build)}"}


def build_data(base: str, build: Build, estimate: int) -> Data:
    """A build."""
    return {
        "_class": "hudson.model.FreeStyleBuild",
        "actions": [
            {
                "_class": "hudson.model.ParametersAction",
                "parameters": [{"name": name, "value": value} for name, value in build.parameters.items()],
            },
            {"_class": "hudson.model.CauseAction", "causes": [{"shortDescription": build.cause}]},
        ],
        "artifacts": [
            {"displayPath": path, "fileName": path.rpartition("/")[2], "relativePath": path} for path in build.artifacts
        ],
        "building": build.result is None,
        "builtOn": build.node,
        "description": build.description,
        "displayName": f"#{build.number}",
        "duration": build.duration,
        "estimatedDuration": estimate,
        "executor": {"number": build.executor} if build.result is None else None,
        "fullDisplayName": build.display_name,
        "id": str(build.number),
        "inProgress": build.result is None,
        "keepLog": False,
        "number": build.number,
        "queueId": build.queue_id,
        "result": str(build.result) if build.result else None,
        "timestamp": build.started,
        "url": f"{base}{build_path(build)}",
    }


def item_data(base: str, item: Item) -> Data:
    """An item of the queue; with its build where it has become one."""
    data: Data = {
        "_class": "hudson.model.Queue$WaitingItem",
        "id": item.id,
        "actions": [{"causes": [{"shortDescription": item.cause}]}],
        "blocked": item.why.startswith("Build #"),
        "buildable": not item.why.startswith("Build #"),
        "cancelled": item.cancelled,
        "inQueueSince": item.since,
        "params": "".join(f"\n{name}={value}" for name, value in item.parameters.items()),
        "stuck": False,
        "task": {"name": item.job, "url": job_url(base, item.job)},
        "url": f"queue/item/{item.id}/",
        "why": item.why if item.build is None else None,
    }
    if item.build is not None:
        data |= {"_class": "hudson.model.Queue$LeftItem", "executable": build_link(base, item.build)}
    return data


def node_data(base: str, agent: Agent, running: Mapping[int, Build]) -> Data:
    """A node; ``running`` are its builds by executor."""
    node = agent.definition
    return _computer(node.name, node.description, node.all_labels) | {
        "_class": "hudson.slaves.SlaveComputer",
        "executors": [
            {"number": index, "idle": index not in running, "currentExecutable": _current(base, running.get(index))}
            for index in range(node.executors)
        ],
        "icon": "symbol-computer" if agent.online else "symbol-computer-offline",
        "idle": not running,
        "launchSupported": True,
        "numExecutors": node.executors,
        "offline": not agent.online,
        "offlineCause": {"description": agent.problem} if agent.problem else None,
        "offlineCauseReason": agent.problem or "",
        "temporarilyOffline": agent.temporarily_offline is not None,
    }


def built_in_data() -> Data:
    """Jenkins' own node, which runs no builds."""
    return _computer("Built-In Node", "the Jenkins controller's built-in node", ("built-in",)) | {
        "_class": "hudson.model.Hudson$MasterComputer",
        "executors": [],
        "icon": "symbol-computer",
        "idle": True,
        "launchSupported": False,
        "numExecutors": 0,
        "offline": False,
        "offlineCause": None,
        "offlineCauseReason": "",
        "temporarilyOffline": False,
    }


def node_config(node: NodeDefinition) -> Data:
    """What a node's page says of its configuration. Nothing of its credential but the id."""
    return {
        "root directory": node.remote_fs,
        "labels": " ".join(node.labels),
        "usage": "only jobs with its label" if node.exclusive else "any job",
        "executors": node.executors,
        "address": f"{node.host}:{node.port}",
        "credentials": node.credential_id,
    }


def plugin_data(plugin: Plugin) -> Data:
    """A plugin, as the plugin manager lists it."""
    return {
        "active": True,
        "backupVersion": None,
        "bundled": False,
        "deleted": False,
        "dependencies": [],
        "detached": False,
        "downgradable": False,
        "enabled": True,
        "hasUpdate": False,
        "longName": plugin.id,
        "pinned": False,
        "requiredCoreVersion": None,
        "shortName": plugin.id,
        "supportsDynamicLoad": "MAYBE",
        "url": None,
        "version": plugin.version,
    }


def user_data(user: str) -> Data:
    """Who asks."""
    return {
        "_class": "hudson.model.User",
        "name": user,
        "id": user,
        "fullName": user,
        "anonymous": user == "anonymous",
        "authenticated": user != "anonymous",
        "authorities": ["anonymous"] if user == "anonymous" else ["authenticated"],
    }


def _computer(name: str, description: str, labels: Iterable[str]) -> Data:
    return {
        "displayName": name,
        "description": description,
        "assignedLabels": [{"name": label} for label in labels],
        "actions": [],
        "jnlpAgent": False,
        "manualLaunchAllowed": True,
        "monitorData": {},
        "oneOffExecutors": [],
    }


def _current(base: str, build: Build | None) -> Data | None:
    return None if build is None else build_link(base, build) | {"fullDisplayName": build.display_name}
