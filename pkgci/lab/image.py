"""Building the image of a lab host from packages: mmdebstrap's output goes straight to the engine."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import tarfile
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, cast

import docker
from docker.errors import ImageNotFound

from pkgci.errors import PkgciError, UsageError
from pkgci.lab.engine import refusals
from pkgci.lab.recipe import REPOSITORY, Recipe

# The label of every image made here; its value is the recipe's tag.
IMAGE_LABEL = "pkgci.lab.image"

_CHUNK = 1 << 20
_TIDYING = 0.7  # seconds


class Builder:
    """Builds images, several side by side. ``stop`` ends what is under way, so that ^C leaves nothing half-made.

    ``scratch`` is a folder for what the builds read; whoever made it removes it.
    """

    def __init__(self, client: docker.DockerClient, scratch: Path) -> None:
        self._client = client
        self._scratch = scratch
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = threading.Event()

    def is_built(self, recipe: Recipe) -> bool:
        """Whether the engine has the image already."""
        with refusals("look for an image"):
            try:
                self._client.images.get(recipe.image)
            except ImageNotFound:
                return False
        return True

    def check(self) -> None:
        """Raises ``PkgciError`` where this machine cannot build images."""
        if shutil.which("mmdebstrap") is None:
            raise UsageError(
                "mmdebstrap, which builds the lab's images from packages, is not installed",
                "`apt install mmdebstrap` (or `make demo`, which installs what it needs)",
            )
        if os.geteuid() != 0 and shutil.which("newuidmap") is None:
            raise UsageError(
                "to build the lab's images without being root, mmdebstrap needs newuidmap, which is not installed",
                "`apt install uidmap`, or run `pkgci lab up` as root once",
            )

    def build(self, recipe: Recipe) -> None:
        """Makes the image of ``recipe``. Raises ``PkgciError`` with the end of mmdebstrap's output where it fails.

        The name is given last: an image that has it is whole.
        """
        overlay = self._scratch / f"{recipe.tag}.tar"
        overlay.write_bytes(tar_of(recipe.files))
        # Without root, mmdebstrap reads it as another user of its user namespace. It holds no secret.
        self._scratch.chmod(0o755)
        overlay.chmod(0o644)
        self._build(recipe, recipe.command(str(overlay)))

    def stop(self) -> None:
        """Ends the builds that are under way; each has a moment to remove its temporary files."""
        self._stopped.set()
        running = list(self._running)
        for process in running:
            _interrupt(process)
        deadline = time.monotonic() + _TIDYING
        for process in running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))

    def _build(self, recipe: Recipe, command: list[str]) -> None:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
        self._running.add(process)
        said: deque[str] = deque(maxlen=40)
        listener = threading.Thread(target=_listen, args=(process.stderr, said), daemon=True)
        listener.start()
        identity, problem = "", None
        try:
            identity = self._import(recipe, cast("IO[bytes]", process.stdout))
        except PkgciError as error:
            problem = error
        finally:
            self._running.discard(process)
            if self._stopped.is_set() or problem:
                _interrupt(process)
            status = process.wait()
        listener.join(timeout=5)
        if identity and status != 0:
            self._client.api.remove_image(identity, force=True)
        if problem and status in (0, -signal.SIGINT):
            raise problem
        if status != 0 or not identity:
            raise PkgciError(
                f"cannot build the image for {recipe.system}: mmdebstrap ended with status {status}",
                "\n  ".join([*reasons(said), "another package mirror: `lab: {mirror: http://…}` in the site file"]),
            )
        if self.is_built(recipe):
            # Another lab was faster with the same image: its hosts have that one.
            self._client.api.remove_image(identity, force=True)
            return
        with refusals("name an image"):
            self._client.api.tag(identity, REPOSITORY, recipe.tag)

    def _import(self, recipe: Recipe, stream: IO[bytes]) -> str:
        """The identity of the image made of ``stream``, or '' where the engine could not make one of it."""
        first = stream.read(_CHUNK)
        if not first:
            return ""
        with refusals("import an image"):
            answer = self._client.api.import_image(
                src=_chunks(first, stream),
                stream_src=True,
                changes=[f"LABEL {IMAGE_LABEL}={recipe.tag}"],
            )
        return imported(answer)


def reasons(said: Iterable[str]) -> list[str]:
    """Why mmdebstrap failed: the last errors among its messages, or its last words where it named none."""
    lines = [line for line in said if line.strip()]
    errors = [line for line in lines if line.startswith(("E:", "W:")) and "mmdebstrap failed to run" not in line]
    return (errors or lines)[-3:]


def _interrupt(process: subprocess.Popen[bytes]) -> None:
    """What ^C does: mmdebstrap and what it started get the signal, and it removes its temporary files."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)


def imported(answer: str) -> str:
    """The image's identity in the engine's answer to an import (lines of JSON). Raises ``PkgciError``."""
    identity = ""
    for line in answer.splitlines():
        item = json.loads(line) if line.strip() else {}
        if "error" in item:
            raise PkgciError(f"the container engine could not import the image: {item['error']}")
        identity = str(item.get("status", identity))
    return identity


def tar_of(files: Mapping[str, tuple[int, bytes]]) -> bytes:
    """A tar archive of ``files`` (path → mode, content), owned by root, in a stable order."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        folders = {str(parent) for path in files for parent in _parents(path)}
        for folder in sorted(folders):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
        for path, (mode, content) in sorted(files.items()):
            entry = tarfile.TarInfo(path)
            entry.mode, entry.size = mode, len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _parents(path: str) -> Iterator[str]:
    parts = path.split("/")[:-1]
    for length in range(1, len(parts) + 1):
        yield "/".join(parts[:length])


def _chunks(first: bytes, stream: IO[bytes]) -> Iterator[bytes]:
    yield first
    while chunk := stream.read(_CHUNK):
        yield chunk


def _listen(stream: IO[bytes], said: deque[str]) -> None:
    for line in stream:
        said.append(line.decode(errors="replace").rstrip())
