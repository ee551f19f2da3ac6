"""git over HTTPS for those who only read: git's own http-backend, and what Gerrit says where nothing may be read."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import IO

from pkgci.lab.stand_ins.review.hook import packet
from pkgci.lab.stand_ins.review.review import Review

ADVERTISEMENT = "application/x-git-upload-pack-advertisement"


def unavailable(project: str) -> bytes:
    """What Gerrit says of a project that is not there, in git's own protocol; with status 403."""
    error = f"ERR {project} unavailable".encode()
    return packet("# service=git-upload-pack") + b"0000%04x" % (len(error) + 4) + error


@contextmanager
def http_backend(
    review: Review, project: str, request: Mapping[str, str], body: bytes
) -> Iterator[tuple[HTTPStatus, dict[str, str], IO[bytes]]]:
    """Runs git's http-backend as a web server would; its answer is CGI's: status, headers, and the rest to be read.

    ``request`` are CGI's variables. What people without a login may not read is not there. git's newer protocol, which
    gives a commit to who knows its name, is spoken to nobody.
    """
    repository = review.repository(project)
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "GIT_PROJECT_ROOT": str(repository.path),
        "GIT_HTTP_EXPORT_ALL": "1",
        "CONTENT_LENGTH": str(len(body)),
        **request,
        **_configured([("uploadpack.hideRefs", ref) for ref in review.hidden_refs(project, None)]),
    }
    process = subprocess.Popen(["git", "http-backend"], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("git has no pipes")
        # It answers without reading a request that it does not take.
        with suppress(BrokenPipeError):
            process.stdin.write(body)
            process.stdin.close()
        status, headers = HTTPStatus.OK, {}
        while line := process.stdout.readline().decode().strip():
            name, _, value = line.partition(": ")
            if name == "Status":
                status = HTTPStatus(int(value.split()[0]))
            else:
                headers[name] = value
        yield status, headers, process.stdout


def _configured(settings: Sequence[tuple[str, str]]) -> dict[str, str]:
    """git's settings as environment variables."""
    numbered = {
        f"GIT_CONFIG_{kind}_{number}": text
        for number, pair in enumerate(settings)
        for kind, text in zip(("KEY", "VALUE"), pair, strict=True)
    }
    return {"GIT_CONFIG_COUNT": str(len(settings)), **numbered}
