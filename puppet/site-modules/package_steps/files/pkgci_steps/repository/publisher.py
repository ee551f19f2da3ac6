"""What all repositories of this host have in common."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from ..programs import Programs, Stop
from ..settings import Settings
from ..step import Step
from . import distribution, places, signing
from .beside import pages_of
from .distribution import Distribution
from .manifest import Manifest
from .signing import Signer

# The files beside the packages of one state of a repository: its name, and what is in it → path in it → text.
Pages = Callable[[str, Manifest], Mapping[str, str]]


def utc_now() -> datetime:
    """The time."""
    return datetime.now(timezone.utc)  # noqa: UP017 (Python 3.10)


@dataclass(frozen=True)
class Publisher:
    """The host of the repositories: the folder that they are in, its settings, and ways to work on them.

    ``signer`` says who signs for the repository of a name. ``architecture`` is Debian's name of the host's own: every
    suite has an index of it. ``distribution`` says what the distribution of a target has.
    """

    public: Path
    locks: Path
    settings: Settings
    programs: Programs
    stop: Stop
    signer: Callable[[str], Signer]
    pages: Pages
    architecture: str = "amd64"
    now: Callable[[], datetime] = utc_now
    sleep: Callable[[float], None] = time.sleep
    distribution: Distribution = distribution.nothing


def this_host(step: Step) -> Publisher:
    """The host that ``step`` runs on."""
    own = host(step.settings, step.programs, step.stop)
    return replace(own, distribution=distribution.of_mirror(step))


def host(settings: Settings, programs: Programs, stop: Stop) -> Publisher:
    """This host. What this process writes from now on may be read by everybody, unless it says otherwise."""
    os.umask(0o022)
    return Publisher(
        places.PUBLIC,
        places.LOCKS,
        settings,
        programs,
        stop,
        lambda repository: signing.read(repository, programs),
        lambda repository, manifest: pages_of(settings, repository, manifest),
        programs.output(["dpkg", "--print-architecture"])[1].decode().strip(),
    )
