"""What a shell builder finds in its environment: what Jenkins gives, then the build's parameters."""

from __future__ import annotations

from dataclasses import dataclass

from ..config.model import Configuration, NodeDefinition
from ..jobs.record import Build

# The variable by which the processes of a build are found again on a node when it ends.
BUILD_COOKIE = "JENKINS_NODE_COOKIE"
# Says whose they are. Nobody looks for it: what a build left behind when Jenkins or the connection ended lives on.
SERVER_COOKIE = "JENKINS_SERVER_COOKIE"


@dataclass(frozen=True)
class Server:
    """This Jenkins: where it keeps its data, and what marks its processes. ``cookie`` stays the same over restarts."""

    home: str
    cookie: str


def environment(
    build: Build, node: NodeDefinition, configuration: Configuration, workspace: str, server: Server, cookie: str
) -> dict[str, str]:
    """The variables of ``build`` on ``node``; ``cookie`` marks its processes."""
    url = configuration.url or ""
    values = {
        "BUILD_DISPLAY_NAME": f"#{build.number}",
        "BUILD_ID": str(build.number),
        "BUILD_NUMBER": str(build.number),
        "BUILD_TAG": f"jenkins-{build.job}-{build.number}",
        "CI": "true",
        "EXECUTOR_NUMBER": str(build.executor),
        "HUDSON_HOME": server.home,
        "JENKINS_HOME": server.home,
        BUILD_COOKIE: cookie,
        SERVER_COOKIE: server.cookie,
        "JOB_BASE_NAME": build.job,
        "JOB_NAME": build.job,
        "NODE_LABELS": " ".join(sorted(node.all_labels)),
        "NODE_NAME": build.node,
        "WORKSPACE": workspace,
        "WORKSPACE_TMP": f"{workspace}@tmp",
    }
    if url:
        values |= {
            "BUILD_URL": f"{url}{build_path(build)}",
            "HUDSON_URL": url,
            "JENKINS_URL": url,
            "JOB_URL": f"{url}job/{build.job}/",
        }
    values |= dict(configuration.environment)
    values |= dict(node.environment)
    for name, value in build.parameters.items():
        # Jenkins gives each parameter under its own name and in capitals.
        values[name.upper()] = value
        values[name] = value
    return values


def build_path(build: Build) -> str:
    """A build's page, below Jenkins' address."""
    return f"job/{build.job}/{build.number}/"
