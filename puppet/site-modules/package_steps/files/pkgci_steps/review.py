"""What is published for a change: what this run of a pipeline published, and the repositories that its tests use.

Everything here comes over HTTPS from the publisher, whose certificate is checked. It is checked again all the same: a
name from it becomes an argument of apt and dnf.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from . import offered, publishable
from .inputs import Inputs
from .offered import Offer
from .repository import manifest, places
from .repository.manifest import Entry
from .settings import Settings, Target
from .status import Ended, Status
from .web import Fetch, fetch

# Where the repositories' keys are in the system under test.
KEYS = PurePosixPath("/etc/pkgci/repository")
# Beside an RPM repository's repodata/: the addresses that dnf is to read it from.
MIRRORS = "mirrorlist"
# What never counts, whatever its version (apt_preferences(5)).
_NEVER = -1
_RELEASE = {"o": "Origin", "l": "Label"}
# What a repository is called here, where that is not its own name.
_WORDS_OF = {places.RELEASE: "released"}

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
    of itself (Origin, Label). Where there is an ``offer``, only what it has may be used, with its ranks.
    """

    name: str
    url: str
    key: str
    rank: int
    release: Mapping[str, str] = field(default_factory=dict)
    offer: Offer | None = None

    @property
    def is_own(self) -> bool:
        """Whether it is that of the change itself."""
        return self.rank == offered.OWN

    @property
    def is_released(self) -> bool:
        """Whether it is what is released, of all changes."""
        return self.rank == offered.RELEASED

    @property
    def held(self) -> Repository:
        """The same where nothing of it counts."""
        return replace(self, rank=_NEVER, offer=None)

    @property
    def sections(self) -> tuple[tuple[str, int, tuple[str, ...]], ...]:
        """What dnf takes for repositories: a name, its rank, and the packages that it may have of it; () is all."""
        if self.offer is None:
            return ((self.name, self.rank, ()),)
        ranked = ((tier.rank, tier.names) for tier in self.offer.tiers)
        return tuple((self.name if rank == self.rank else f"{self.name}-{rank}", rank, names) for rank, names in ranked)

    def has_source(self, source: str, version: str) -> bool:
        """Whether a source package of it may be used."""
        return self.offer is None or (source, version) in self.offer.sources

    def has(self, package: str, version: str) -> bool:
        """Whether a package of it may be used."""
        return self.offer is None or self.offer.has(package, version)


def published(inputs: Inputs, settings: Settings, read: Fetch = fetch) -> Build:
    """What this run published for this target. Raises ``Ended`` (infrastructure): nothing, or no list of packages."""
    if not inputs.change:
        raise Ended(Status.MISUSED, "CHANGE is missing in the environment: there is no review repository without it")
    url = f"{settings.repository.url}{places.own(inputs)}/builds/{inputs.build_id}/{inputs.target}.json"
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
    """The repositories that there are for the tests of this target: the change's own, then as ``beside``.

    The tests of the gate see what the gate built, and what is released; only in check do review repositories count.
    """
    look = _Look(settings, settings.target(inputs.target), read)
    if not inputs.change:
        return beside(inputs, settings, read)
    offer = partial(offered.of_group_and_own, inputs=inputs) if inputs.group and not inputs.is_release else None
    own = look.at(places.own(inputs), offered.OWN, offer)
    others = beside(inputs, settings, read)
    return (*filter(None, [own]), *(item for item in others if own is None or item.url != own.url))


def beside(inputs: Inputs, settings: Settings, read: Fetch = fetch) -> tuple[Repository, ...]:
    """The repositories that there are for a build for this target, with nothing of its own change in them."""
    look = _Look(settings, settings.target(inputs.target), read)
    found = [look.at(name, offered.BEFORE) for name in reversed(places.ahead(inputs))]
    if not inputs.is_release:
        if inputs.group:
            found.append(look.at(places.own(inputs), offered.BEFORE, partial(offered.of_group, inputs=inputs)))
        for change in reversed(inputs.changes_before):
            found.append(look.at(places.review(change[0]), offered.BEFORE, partial(offered.of_change, change=change)))
    return tuple(filter(None, [*found, look.at(places.RELEASE, offered.RELEASED)]))


def apt_sources(chosen: tuple[Repository, ...], target: Target, kind: str = "deb") -> str:
    """An apt ``.sources`` file with these repositories; ``kind`` is deb, or deb-src for their source packages."""
    return "\n".join(
        f"Types: {kind}\nURIs: {item.url}\nSuites: {target.name}\nComponents: main\nSigned-By: {KEYS / item.key}\n"
        for item in chosen
    )


def apt_preferences(chosen: tuple[Repository, ...], target: Target) -> str:
    """An apt preferences file: the change's own packages go before those of changes before it, and so on."""
    return "\n".join(record for item in chosen for record in _pins(item, target))


def _pins(item: Repository, target: Target) -> Iterator[str]:
    """What is said of single packages goes before what is said of all of a repository."""
    words = [f"{letter}={item.release[name]}" for letter, name in _RELEASE.items() if name in item.release]
    pin = ",".join([*words, f"n={target.name}"])
    if item.offer is None:
        yield _pin("*", f"release {pin}", item.rank)
        return
    for name, version in item.offer.never:
        yield _pin(name, f"version {version}", _NEVER)
    for tier in item.offer.tiers:
        yield _pin(" ".join(tier.names), f"release {pin}", tier.rank)
    yield _pin("*", f"release {pin}", _NEVER)


def _pin(packages: str, what: str, rank: int) -> str:
    return f"Package: {packages}\nPin: {what}\nPin-Priority: {rank}\n"


def dnf_repo(chosen: tuple[Repository, ...], authorities: str) -> str:
    """A dnf ``.repo`` file with these repositories; ``authorities`` is the file with certificates to trust."""
    return "\n".join(
        f"[{name}]\nname={name}\nmirrorlist={item.url}{MIRRORS}\nenabled=1\ngpgcheck=1\nrepo_gpgcheck=1\n"
        # What cannot be had, or is signed by nobody known, is an error and not left out.
        "skip_if_unavailable=0\n"
        # For dnf, the lower is the better; 99 is what a repository has that says nothing.
        f"gpgkey=file://{KEYS / item.key}\nsslcacert={authorities}\npriority={offered.OWN - rank + 10}\n"
        f"{_only(item, names)}"
        for item in chosen
        for name, rank, names in item.sections
    )


def _only(item: Repository, names: tuple[str, ...]) -> str:
    if item.offer is None:
        return ""
    never = ",".join(f"{name}-{version}" for name, version in item.offer.never if name in names)
    return f"includepkgs={','.join(names)}\n" + (f"excludepkgs={never}\n" if never else "")


@dataclass(frozen=True)
class _Look:
    """Looks for repositories for one target."""

    settings: Settings
    target: Target
    read: Fetch

    def at(self, name: str, rank: int, offer: Callable[[tuple[Entry, ...]], Offer] | None = None) -> Repository | None:
        """The repository ``name``, if there is one, and if its ``offer`` (of all that it has) is not empty."""
        url = places.url(self.settings.repository.url, name)
        found = self._signed(name, url, rank)
        if found is None or offer is None:
            return found
        has = offer(self._entries(url))
        return replace(found, offer=has) if has.tiers else None

    def _signed(self, name: str, url: str, rank: int) -> Repository | None:
        word, key = _WORDS_OF.get(name) or name.replace("/", "-"), f"{places.key_of(name)}.asc"
        if self.target.kind == "rpm":
            url = f"{url}rpm/{self.target.name}/"
            return Repository(word, url, key, rank) if self.read(f"{url}repodata/repomd.xml") is not None else None
        text = self.read(f"{url}deb/dists/{self.target.name}/InRelease")
        if text is None:
            return None
        form = r"^(Origin|Label): ([A-Za-z0-9][A-Za-z0-9 ._/-]*)$"
        words = re.findall(form, text.decode(errors="replace"), re.MULTILINE)
        return Repository(word, f"{url}deb/", key, rank, dict(words))

    def _entries(self, url: str) -> tuple[Entry, ...]:
        """What a repository has for the target. Raises ``Ended`` (infrastructure)."""
        text = self.read(f"{url}{places.MANIFEST}")
        try:
            entries = manifest.parse((text or b"").decode()).of_target(self.target.name)
            for entry in entries:
                for item in entry.files:
                    _file({**vars(item), "source": entry.source})
        except (ValueError, KeyError, TypeError) as error:
            raise Ended(Status.INFRASTRUCTURE, f"{url}{places.MANIFEST} is no list of packages: {error}") from None
        return entries


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
