"""pkgci-fetch-source: fetches what a build asks for, verifies it, and keeps it in the store."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from .. import settings as site
from ..status import Ended, Status
from . import PROGRAM, STORE, USER
from .request import SIZE_LIMIT, Answer, read_request
from .store import Store
from .web import Web, host_environment, proxies
from .work import Work

# What one request may take, in seconds: sudo ends it soon afterwards (profile::source_store).
SECONDS = 1200
HELP = f"""usage: pkgci-fetch-source REQUEST

Fetches upstream's tarballs for a build, verifies them, and keeps them in {STORE}. pkgci-build calls it, as the account
{USER}. REQUEST is a JSON file (fetch/request.py); the answer is printed as JSON. It goes to the hosts that the site
file allows (sources: hosts), over HTTP and HTTPS, and through the proxies of this host.

Exit status: 0 all is in the store, 1 something does not match or cannot be verified, 2 wrong use, 3 a host is at fault.
"""


def main(arguments: Sequence[str] | None = None, settings: Path = site.FILE, folder: Path = STORE) -> int:
    """The program; its exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if list(arguments) in (["--help"], ["-h"]):
        print(HELP.strip())
        return 0
    os.umask(0o022)
    try:
        print(_answer(arguments, settings, folder).text())
    except Ended as ended:
        print(Answer(reason=ended.reason).text())
        return ended.status.value
    except OSError as error:
        print(Answer(reason=f"{PROGRAM.name}: {error}").text())
        return Status.INFRASTRUCTURE.value
    return Status.PASSED.value


def _answer(arguments: Sequence[str], settings: Path, folder: Path) -> Answer:
    if len(arguments) != 1:
        raise Ended(Status.MISUSED, HELP.partition("\n")[0])
    with Path(arguments[0]).open("rb") as file:
        request = read_request(file.read(SIZE_LIMIT))
    sources = site.read(settings).sources
    environment = host_environment()
    os.environ.update(environment)  # where urllib looks for no_proxy
    web = Web(sources.hosts, proxies(environment), time.monotonic() + SECONDS)
    store = Store(folder)
    try:
        return Work(store, folder, web, sources.largest_mb * 1_000_000, _say).do(request)
    finally:
        store.prune(sources.disk_mb * 1_000_000)


def _say(text: str) -> None:
    print(f"{PROGRAM.name}: {text}", file=sys.stderr, flush=True)
