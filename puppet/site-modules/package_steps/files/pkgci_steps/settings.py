"""What is true of the site: /etc/pkgci/steps.json, which Puppet writes from the site file (pkgci/model/packages.py)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .status import Ended, Status

FILE = Path("/etc/pkgci/steps.json")

# Where builds leave their packages on a build slave: BUILDS/<build id>/<target>. The publisher fetches from there.
BUILDS = Path("/srv/pkgci/builds")
# Warm chroots and the roots of tests: a tarball or a tree for each target and purpose (chroots/kept.py).
CHROOTS = Path("/srv/pkgci/chroots")
# Where builds and tests work, each in a folder of its own that is gone afterwards.
WORK = Path("/srv/pkgci/work")


@dataclass(frozen=True)
class Target:
    """What is built for. ``kind`` is deb or rpm.

    deb: ``suite`` of Debian or Ubuntu. rpm: ``backend`` mock with ``mock_root``, or chroot with the Debian ``suite``
    that the chroot is made of. ``mirror`` None is the host's own; ``security_mirror`` is where the suite's security
    updates are, where that is not beside the mirror. ``version_suffix`` is added to each version of a deb; for rpm it
    is ``%dist``, where it is not ''.
    """

    name: str
    kind: str
    suite: str | None = None
    mirror: str | None = None
    security_mirror: str | None = None
    components: tuple[str, ...] = ("main",)
    backend: str = "chroot"
    mock_root: str | None = None
    version_suffix: str = ""


@dataclass(frozen=True)
class Source:
    """Where upstream's files come from. ``kind`` is one of ``build.origins``, or auto; a kind has words of its own."""

    kind: str = "auto"
    url: str | None = None
    sha256: str | None = None
    project: str | None = None
    branch: str | None = None


@dataclass(frozen=True)
class Project:
    """A project. ``own_steps``: it brings programs of its own (ci/STEP), and no package.

    ``overrides``: names of others' packages, or of their sources, that it may take (``repository.ownership``).
    ``jobs``: target → the jobs that the gate runs for it, by name; on the publisher only.
    """

    name: str
    targets: tuple[str, ...]
    own_steps: bool = False
    source: Source = field(default_factory=Source)
    overrides: tuple[str, ...] = ()
    jobs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Sources:
    """What may be fetched for builds: from which ``hosts`` (HOST or HOST:PORT), files of which size at most, and what
    the store of them may take of the disk.

    ``lookaside`` is the pattern of dist-git's addresses, with {name}, {file}, {algorithm} and {hash}.
    """

    hosts: tuple[str, ...] = ()
    lookaside: str | None = None
    largest_mb: int = 1000
    disk_mb: int = 20000


@dataclass(frozen=True)
class Limits:
    """What one build may take, in minutes, in MB (powers of ten) of memory and of disk, in files and in processes.

    ``enforced``: by the kernel, in a control group (scope/); False, for a look by hand or a test on a machine that
    nobody has set up: as far as looking at processes shows.
    """

    minutes: int = 120
    memory_mb: int = 4000
    disk_mb: int = 10000
    files: int = 1_000_000
    processes: int = 4000
    enforced: bool = False


@dataclass(frozen=True)
class Repository:
    """The package repositories. ``url`` ends with a slash; keys are files with an armoured certificate.

    Review repositories go ``closed_days`` after their change was closed or last published, ``generations`` are kept.
    """

    url: str
    release_key: Path
    review_key: Path
    closed_days: int = 14
    generations: int = 10


@dataclass(frozen=True)
class BuildHost:
    """A build slave, as the publisher reaches and knows it."""

    name: str
    address: str
    port: int
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Settings:
    """All of it. ``systest`` is container or vm. ``groups`` are the projects whose changes may share a review
    repository, by the name of the group.

    ``build_hosts`` and ``zuul_notes``, the address of what Zuul vouches for, are there on the publisher only.
    """

    site: str
    repository: Repository
    targets: Mapping[str, Target]
    projects: Mapping[str, Project]
    limits: Limits = field(default_factory=Limits)
    sources: Sources = field(default_factory=Sources)
    systest: str = "container"
    build_hosts: tuple[BuildHost, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    zuul_notes: str = ""

    def target(self, name: str) -> Target:
        """The target ``name``. Raises ``Ended`` (misused)."""
        if name not in self.targets:
            raise Ended(Status.MISUSED, f"no target '{name}' in {FILE}: there are {', '.join(self.targets) or 'none'}")
        return self.targets[name]

    def check_group(self, group: str, project: str) -> None:
        """Raises ``Ended`` (failed) where the changes of ``project`` are none of the group's."""
        if group not in self.groups:
            raise Ended(Status.FAILED, f"there is no group '{group}': `groups:` in the site file declares them")
        if project not in self.groups[group]:
            raise Ended(
                Status.FAILED, f"{project} is not in the group '{group}': `groups:` in the site file says who is"
            )

    def project(self, name: str) -> Project:
        """The project ``name``. Raises ``Ended`` (misused)."""
        if name not in self.projects:
            raise Ended(Status.MISUSED, f"no project '{name}' in {FILE}")
        return self.projects[name]


def read(path: Path = FILE) -> Settings:
    """The settings in ``path``. Raises ``Ended`` (infrastructure)."""
    try:
        return parse(json.loads(path.read_text()))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Ended(Status.INFRASTRUCTURE, f"{path}: {error}") from None


def parse(data: Mapping[str, Any]) -> Settings:
    """The settings in a document. Raises ``KeyError`` and ``TypeError``."""
    repository = data["repository"]
    keys = {name: Path(repository[name]) for name in ("release_key", "review_key")}
    return Settings(
        site=data["site"],
        repository=Repository(**{**repository, **keys}),
        targets={name: Target(**_tuples({"name": name, **item})) for name, item in data["targets"].items()},
        projects={name: _project(name, item) for name, item in data["projects"].items()},
        limits=Limits(**data["limits"]),
        sources=Sources(**_tuples(data.get("sources", {}))),
        systest=data["systest"],
        build_hosts=tuple(BuildHost(**_tuples(item)) for item in data["build_hosts"]),
        groups=_tuples(data.get("groups", {})),
        zuul_notes=data.get("zuul_notes", ""),
    )


def _project(name: str, item: Mapping[str, Any]) -> Project:
    jobs = {target: tuple(names) for target, names in item.get("jobs", {}).items()}
    words = {**item, "source": Source(**item.get("source", {})), "jobs": jobs}
    return Project(**_tuples({"name": name, **words}))


def _tuples(item: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in item.items()}
