"""Asking pkgci-fetch-source, and taking what it fetched out of its store."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from ...fetch import PROGRAM, STORE, USER
from ...fetch.request import BLOBS_LIMIT, SIZE_LIMIT, Answer, Request, read_answer
from ...report import sha256
from ...status import Ended, Status
from ...step import Step

COMMAND: tuple[str | Path, ...] = ("sudo", "-n", "-u", USER, PROGRAM)
# sudo's own status where it does not let somebody do something is that of a fault of the package.
_WORDS = {Status.FAILED.value: Status.FAILED, Status.MISUSED.value: Status.MISUSED}


def ask(step: Step, request: Request, room: Path) -> Answer:
    """The answer to ``request``. Raises ``Ended``, as pkgci-fetch-source does."""
    text = request.text()
    if len(request.blobs) > BLOBS_LIMIT or len(text) > SIZE_LIMIT:
        raise Ended(
            Status.FAILED,
            f"{len(request.blobs)} files would have to be fetched or verified by: at most {BLOBS_LIMIT} can be, with "
            f"{SIZE_LIMIT // 2**20} MiB of keys. Keep the sources in the tree, and one key",
        )
    file = room / ".request.json"
    file.write_text(text)
    file.chmod(0o644)
    try:
        status, output = step.programs.output([*COMMAND, file])
    finally:
        file.unlink()
    answer = read_answer(output)
    if status != 0:
        raise Ended(_WORDS.get(status, Status.INFRASTRUCTURE), answer.reason or f"{PROGRAM.name} ended with {status}")
    return answer


def take(files: Mapping[str, str], names: Iterable[str], room: Path) -> tuple[Path, ...]:
    """Copies those of ``files`` (name → SHA-256 checksum) that are in ``names`` out of the store to ``room``."""
    taken = []
    for name in names:
        taken.append(room / name)
        shutil.copyfile(_stored(files[name]), taken[-1])
        if sha256(taken[-1]) != files[name]:
            raise Ended(Status.INFRASTRUCTURE, f"{name} in {STORE} is not what was verified")
    return tuple(taken)


def is_armoured(checksum: str) -> bool:
    """Whether a signature in the store is a text."""
    with _stored(checksum).open("rb") as file:
        return file.read(10) == b"-----BEGIN"


def _stored(checksum: str) -> Path:
    return STORE / "sha256" / checksum
