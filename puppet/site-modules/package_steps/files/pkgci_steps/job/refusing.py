"""The log of a job that could not begin, because of what it was told or where it is: its link leads somewhere."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ..inputs import NAMES
from ..log import Log
from ..status import Ended
from ..step import RESULT
from ..text import json_text
from .log_server import Access, read_log_server
from .streaming import Stream
from .task import LOG_TOKEN
from .uploading import upload

# Jenkins' variable → what the result calls it.
_OF_THE_JOB = {"JOB_NAME": "job", "NODE_NAME": "node", "BUILD_URL": "build_url"}


def leave_word(ended: Ended, environment: Mapping[str, str], log_settings: Path) -> None:
    """Tells the log server why there is nothing more to read, where it is known which log that is."""
    path, token = environment.get("LOG_PATH", ""), environment.get("PKGCI_LOG_TOKEN", "")
    if not re.fullmatch(NAMES, path) or ".." in path or len(path) > 500 or not re.fullmatch(LOG_TOKEN, token):
        return
    # The job's own exit status says it, too.
    with suppress(Ended, OSError), tempfile.TemporaryDirectory(prefix="pkgci-job-") as name:
        folder = Path(name)
        job = {word: environment.get(variable) for variable, word in _OF_THE_JOB.items()}
        server, access = read_log_server(log_settings), Access(path, token)
        (folder / "upload").mkdir()
        (folder / "upload" / RESULT).write_text(
            json_text({"status": ended.status.word, "reason": ended.reason, **job}), encoding="utf-8"
        )
        with (folder / "console.txt").open("wb") as file:
            log = Log(file, "pkgci-job")
            log.say(f"{ended.status.word}: {ended.reason}")
            stream = Stream(folder / "console.txt", server.command("append", path), access, job)
            stream.start()
            if stream.finish() is None:
                upload(folder / "upload", access, server, log)
