"""Where everything of the repositories is on the publisher, and to which account it belongs."""

from __future__ import annotations

from pathlib import Path

from ..inputs import Inputs

HOME = Path("/srv/publisher")
# Served as settings.repository.url: RELEASE at the top, each other repository as REVIEW/NAME or GATE/NAME.
PUBLIC = HOME / "public"
RELEASE = "release"
# What check built of a change, and what the gate built of it in one run: never in one repository.
REVIEW, GATE = "review", "gate"
# Whose each of them is (Puppet: package_repository). None has a key: the account that looks into what nobody has
# reviewed changes nothing of the gate's, and neither of the two changes what is released.
DESKS = (RELEASE, REVIEW, GATE)
ACCOUNTS = {RELEASE: "publisher", REVIEW: "pkgci-review", GATE: "pkgci-gate"}
# The states of a repository, in its folder.
GENERATIONS = "generations"
# In each of them: what is in it, as JSON (manifest.py).
MANIFEST = "manifest.json"
# Each repository's lock: LOCKS/NAME.lock. The folder of a desk is its account's.
LOCKS = HOME / "locks"
# What the distributions of the targets have, for apt: a folder a desk and a target.
LISTS = HOME / "lists"
# Where programs work. PUBLIC may be a disk of its own: what goes there from here is copied.
WORK = HOME / "work"
# Which keys sign: {"release": ["FINGERPRINT!", …], "review": […]}, the newest last. DEB metadata is signed by all
# of them, RPM metadata and packages by the first. Puppet writes it.
SIGNING = Path("/etc/pkgci/repository/signing.json")
_KEYS = Path("/etc/pkgci/keys")


def fetch_key(desk: str) -> Path:
    """The key that opens the account `fetch` of the build slaves: a copy for each account that fetches."""
    return _KEYS / f"fetch_{desk}"


def generation(number: int) -> str:
    """Where a state of a repository is: relative to the repository's folder, and to its URL (what dnf reads of it)."""
    return f"{GENERATIONS}/{number:06}"


def url(top: str, repository: str) -> str:
    """Where ``repository`` is served; ``top`` is settings.repository.url. With a slash at its end, as that has."""
    return top if repository == RELEASE else f"{top}{repository}/"


def review(name: str) -> str:
    """The name of the review repository ``name`` (a change's number, or group-NAME) among all repositories."""
    return f"{REVIEW}/{name}"


def gate(change: str, build_id: str) -> str:
    """The name, among all repositories, of the one with what the run ``build_id`` of the gate built of a change."""
    return f"{GATE}/{change}-{build_id}"


def own(inputs: Inputs) -> str:
    """The name of the repository that a build of ``inputs`` is published in: the only place that says which."""
    return gate(inputs.change, inputs.build_id) if inputs.is_release else review(inputs.repository)


def ahead(inputs: Inputs) -> tuple[str, ...]:
    """The names of the repositories of the gate's runs that a release build of ``inputs`` stands on, oldest first."""
    return tuple(f"{GATE}/{name}" for name in inputs.ahead) if inputs.is_release else ()


def desk_of(repository: str) -> str:
    """Whose the repository of a name is: one of ``DESKS``."""
    return repository.partition("/")[0]


def key_of(repository: str) -> str:
    """Which key signs the repository of a name: one for what is released, one for all that is not."""
    return RELEASE if repository == RELEASE else REVIEW
