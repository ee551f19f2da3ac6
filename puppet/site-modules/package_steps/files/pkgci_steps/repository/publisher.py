"""What all repositories of this host have in common."""

from __future__ import annotations

import os
import pwd
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
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
from .vouching import Zuul

# The files beside the packages of one state of a repository: its name, and what is in it → path in it → text.
Pages = Callable[[str, Manifest], Mapping[str, str]]


def utc_now() -> datetime:
    """The time."""
    return datetime.now(timezone.utc)  # noqa: UP017 (Python 3.10)


@dataclass(frozen=True)
class Publisher:
    """The host of the repositories: the folder that they are in, its settings, and ways to work on them.

    ``signer`` says who signs for the repository of a name. ``architecture`` is Debian's name of the host's own: every
    suite has an index of it. ``distribution`` says what the distribution of a target has, ``zuul`` what is merged, and
    what passed. ``desks`` are those whose repositories this account may change.
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
    zuul: Zuul = field(default_factory=Zuul)
    desks: tuple[str, ...] = places.DESKS


def this_host(step: Step, desk: str) -> Publisher:
    """The host that ``step`` runs on, as the account of ``desk``."""
    asked = distribution.of_mirror(step, places.LISTS / desk, places.LOCKS / desk)
    return replace(host(step.settings, step.programs, step.stop), distribution=asked)


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
        zuul=Zuul(settings.zuul_notes),
        desks=own_desks(pwd.getpwuid(os.geteuid()).pw_name),
    )


def own_desks(account: str) -> tuple[str, ...]:
    """The desks that are ``account``'s; all of them for one that has none, as where there are no accounts."""
    return tuple(desk for desk, owner in places.ACCOUNTS.items() if owner == account) or places.DESKS
