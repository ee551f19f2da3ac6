"""Running a command in a host of the lab through the engine, beside SSH: for looking and for tests."""

from __future__ import annotations

from typing import Any, Protocol

import docker

from pkgci.lab.engine import refusals


class Written(Protocol):
    """Where output goes, piece by piece."""

    def write(self, piece: bytes) -> None: ...


def run_in(client: docker.DockerClient, container: Any, words: tuple[str, ...], out: Written, err: Written) -> int:
    """Runs ``words`` as root, copying what it writes as it comes; returns its exit status. It has no input."""
    with refusals(f"run a command in '{container.name}'"):
        made = client.api.exec_create(container.id, list(words))
        for written, complained in client.api.exec_start(made["Id"], stream=True, demux=True):
            for content, stream in ((written, out), (complained, err)):
                if content:
                    stream.write(content)
        return int(client.api.exec_inspect(made["Id"])["ExitCode"] or 0)
