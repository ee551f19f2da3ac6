"""The container engine: how it is reached, and what its refusals mean to a user."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

import docker
from docker.errors import APIError, DockerException
from requests.exceptions import RequestException

from pkgci.errors import NothingReachedError, PkgciError

# Everything that the lab makes carries this label; its value is the site's name. Nothing without it is ever touched.
LABEL = "pkgci.lab"


class CgroupVersion(IntEnum):
    """Which control groups the engine's machine has: systemd inside a container is given them differently."""

    V1 = 1
    V2 = 2


def connect() -> docker.DockerClient:
    """The engine that answers at ``DOCKER_HOST`` or the usual socket. Raises ``NothingReachedError``."""
    try:
        client = docker.from_env(timeout=120)
        client.ping()
    except (DockerException, RequestException) as error:
        raise _unreachable(error) from None
    return client


def cgroup_version(client: docker.DockerClient) -> CgroupVersion:
    """The engine's control groups; engines before API 1.41 do not say, and have version 1."""
    return CgroupVersion.V2 if str(client.info().get("CgroupVersion", "1")) == "2" else CgroupVersion.V1


@contextmanager
def refusals(doing: str) -> Iterator[None]:
    """Turns the engine's errors while ``doing`` something into ``PkgciError``."""
    try:
        yield
    except APIError as error:
        raise PkgciError(f"the container engine refused to {doing}: {error.explanation or error}") from None
    except (DockerException, RequestException) as error:
        raise NothingReachedError(f"lost the container engine while it was to {doing}: {error}") from None


def _unreachable(error: BaseException) -> NothingReachedError:
    causes = list(_causes(error))
    if any(isinstance(cause, PermissionError) for cause in causes):
        return NothingReachedError(
            "Docker is here, but this user may not use it",
            "run as root, or `sudo usermod -aG docker $USER` and log in again",
        )
    if any(isinstance(cause, FileNotFoundError) for cause in causes):
        return NothingReachedError(
            "no Docker Engine answers here: its socket does not exist",
            "install it (Debian: `apt install docker.io`) or start it: `systemctl start docker`",
        )
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return NothingReachedError("the Docker Engine does not answer", "start it: `systemctl start docker`")
    return NothingReachedError(f"no Docker Engine answers: {error}", "is DOCKER_HOST right? try `docker info`")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """``error`` and everything it came from: requests and urllib3 pack the operating system's error into arguments."""
    pending: list[object] = [error]
    seen: set[int] = set()
    while pending:
        item = pending.pop()
        if not isinstance(item, BaseException) or id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        pending += [item.__cause__, item.__context__, *item.args]
