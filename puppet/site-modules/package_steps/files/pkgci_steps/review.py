"""What is published for a change: what this run of a pipeline published, and the repositories that its tests use.

Everything here comes over HTTPS from the publisher, whose certificate is checked. It is checked again all the same: a
name from it becomes an argument of apt and dnf.
"""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from . import publishable
from .inputs import Inputs
from .settings import Settings, Target
from .status import Ended, Status

# Where the repositories' keys are in the system under test.
KEYS = PurePosixPath("/etc/pkgci/repository")
# Beside an RPM repository's repodata/: the addresses that dnf is to read it from.
MIRRORS = "mirrorlist"

# How apt ranks them: above whatever else a root has (500), its own installed packages (100) included, and able to take
# a version of the change in place of a released one that sorts after it (1001 and more: apt_preferences(5)).
_OWN, _BEFORE, _RELEASED = 1003, 1002, 990
_SIZE_LIMIT = 16 * 1024 * 1024  # bytes: lists and indexes' heads, never a package
_SECONDS = 30.0
_ATTEMPTS = 3

# What the words of a list of published files look like.
_WORDS: dict[str, str] = {
    "name": r"[A-Za-z0-9][A-Za-z0-9._+~^:-]*",
    "sha256": r"[0-9a-f]{64}",
    "package": r"[A-Za-z0-9][A-Za-z0-9._+-]*",
    "version": r"[A-Za-z0-9][A-Za-z0-9.+~^:_-]*",
    "architecture": r"[a-z0-9][a-z0-9_-]*",
    "source": r"[A-Za-z0-9][A-Za-z0-9._+-]*",
}


@dataclass(frozen=True)
class File:
    """One published package. ``size`` is in bytes; ``architecture`` is ``source`` or ``src`` for a source package."""

    name: str
    size: int
    sha256: str
    package: str
    version: str
    architecture: str
    source: str


@dataclass(frozen=True)
class Build:
    """What one run of a pipeline published for one target."""

    project: str
    target: str
    build_id: str
    files: tuple[File, ...]

    def packages(self) -> tuple[File, ...]:
        """All that its users can install, by name: packages of debugging symbols too, those of an installer not."""
        return tuple(sorted((file for file in self.files if _is_installable(file)), key=lambda file: file.package))

    def binaries(self) -> tuple[File, ...]:
        """What is installed in a test: packages of debugging symbols are no part of it."""
        return tuple(file for file in self.packages() if not publishable.is_debugging(file.package, file.name))


@dataclass(frozen=True)
class Repository:
    """A repository for one target. ``url`` ends with a slash.

    ``rank`` is apt's pin priority; ``key`` the name of the key's file; ``release`` what a deb repository's Release says
    of itself (Origin, Label).
    """

    name: str
    url: str
    key: str
    rank: int
    release: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_own(self) -> bool:
        """Whether it is that of the change itself."""
        return self.rank == _OWN

    @property
    def is_released(self) -> bool:
        """Whether it is what is released, of all changes."""
        return self.rank == _RELEASED


Fetch = Callable[[str], "bytes | None"]


def fetch(url: str) -> bytes | None:
    """What is at ``url``; None where there is nothing. Raises ``Ended`` (infrastructure) for everything else."""
    wrong = ""
    for attempt in range(_ATTEMPTS):
        if attempt:
            time.sleep(2.0 * attempt)
        try:
            with urllib.request.urlopen(url, timeout=_SECONDS) as answer:  # noqa: S310 (https: settings.repository)
                text: bytes = answer.read(_SIZE_LIMIT + 1)
        except urllib.error.HTTPError as error:
            if error.code in (404, 410):
                return None
            wrong = f"the answer is {error.code} {error.reason}"
        except OSError as error:
            wrong = str(getattr(error, "reason", None) or error)
        else:
            if len(text) <= _SIZE_LIMIT:
                return text
            wrong = f"it has more than {_SIZE_LIMIT} bytes"
    raise Ended(Status.INFRASTRUCTURE, f"{url} cannot be fetched: {wrong}")


def published(inputs: Inputs, settings: Settings, read: Fetch = fetch) -> Build:
    """What this run published for this target. Raises ``Ended`` (infrastructure): nothing, or no list of packages."""
    if not inputs.repository:
        raise Ended(Status.MISUSED, "CHANGE is missing in the environment: there is no review repository without it")
    url = f"{settings.repository.url}review/{inputs.repository}/builds/{inputs.build_id}/{inputs.target}.json"
    text = read(url)
    if text is None:
        raise Ended(Status.INFRASTRUCTURE, f"nothing was published: there is no {url}; pkgci-publish-review makes it")
    try:
        build = _build(json.loads(text))
    except (ValueError, KeyError, TypeError) as error:
        raise Ended(Status.INFRASTRUCTURE, f"{url} is not a list of published packages: {error}") from None
    wanted = (inputs.project or build.project, inputs.target, inputs.build_id)
    if (build.project, build.target, build.build_id) != wanted:
        raise Ended(Status.INFRASTRUCTURE, f"{url} is of {build.project}, {build.target}, {build.build_id}")
    return build


def repositories(inputs: Inputs, settings: Settings, read: Fetch = fetch) -> tuple[Repository, ...]:
    """The repositories that there are for this target: the change's own, those before it, the released one."""
    target = settings.target(inputs.target)
    root = settings.repository.url
    before = [number for number in reversed(inputs.before) if number != inputs.repository]
    wanted = [
        *((f"review-{inputs.repository}", f"{root}review/{inputs.repository}/", _OWN) for _ in inputs.repository[:1]),
        *((f"review-{number}", f"{root}review/{number}/", _BEFORE) for number in before),
        ("released", root, _RELEASED),
    ]
    found = [_look(name, url, rank, target, read) for name, url, rank in wanted]
    return tuple(repository for repository in found if repository)


def apt_sources(chosen: tuple[Repository, ...], target: Target, kind: str = "deb") -> str:
    """An apt ``.sources`` file with these repositories; ``kind`` is deb, or deb-src for their source packages."""
    return "\n".join(
        f"Types: {kind}\nURIs: {item.url}\nSuites: {target.name}\nComponents: main\nSigned-By: {KEYS / item.key}\n"
        for item in chosen
    )


def apt_preferences(chosen: tuple[Repository, ...], target: Target) -> str:
    """An apt preferences file: the change's own packages go before those of changes before it, and so on."""
    records = []
    for item in chosen:
        words = [
            f"{letter}={item.release[name]}"
            for letter, name in (("o", "Origin"), ("l", "Label"))
            if name in item.release
        ]
        pin = ",".join([*words, f"n={target.name}"])
        records.append(f"Package: *\nPin: release {pin}\nPin-Priority: {item.rank}\n")
    return "\n".join(records)


def dnf_repo(chosen: tuple[Repository, ...], authorities: str) -> str:
    """A dnf ``.repo`` file with these repositories; ``authorities`` is the file with certificates to trust."""
    return "\n".join(
        f"[{item.name}]\nname={item.name}\nmirrorlist={item.url}{MIRRORS}\nenabled=1\ngpgcheck=1\nrepo_gpgcheck=1\n"
        # What cannot be had, or is signed by nobody known, is an error and not left out.
        "skip_if_unavailable=0\n"
        # For dnf, the lower is the better; 99 is what a repository has that says nothing.
        f"gpgkey=file://{KEYS / item.key}\nsslcacert={authorities}\npriority={_OWN - item.rank + 10}\n"
        for item in chosen
    )


def _look(name: str, url: str, rank: int, target: Target, read: Fetch) -> Repository | None:
    key = "release.asc" if name == "released" else "review.asc"
    if target.kind == "rpm":
        url = f"{url}rpm/{target.name}/"
        return Repository(name, url, key, rank) if read(f"{url}repodata/repomd.xml") is not None else None
    text = read(f"{url}deb/dists/{target.name}/InRelease")
    if text is None:
        return None
    words = re.findall(r"^(Origin|Label): ([A-Za-z0-9][A-Za-z0-9 ._/-]*)$", text.decode(errors="replace"), re.MULTILINE)
    return Repository(name, f"{url}deb/", key, rank, dict(words))


def _build(data: Any) -> Build:
    words = {name: data[name] for name in ("project", "target", "build_id")}
    if not all(isinstance(word, str) for word in words.values()):
        raise ValueError("project, target and build_id are texts")
    return Build(**words, files=tuple(_file(item) for item in data["files"]))


def _file(item: Any) -> File:
    words = {name: item[name] for name in _WORDS}
    for name, word in words.items():
        if not isinstance(word, str) or len(word) > 255 or not re.fullmatch(_WORDS[name], word):
            raise ValueError(f"its {name} is not acceptable: {word!a:.100}")
    if not isinstance(item["size"], int) or item["size"] < 0:
        raise ValueError(f"the size of {words['name']} is not acceptable")
    return File(size=item["size"], **words)


def _is_installable(file: File) -> bool:
    if file.architecture in ("source", "src", "nosrc"):
        return False
    return file.name.endswith((publishable.DEB, publishable.DDEB, ".rpm"))
