"""Where everything of the repositories is on the publisher."""

from __future__ import annotations

from pathlib import Path

HOME = Path("/srv/publisher")
# Served as settings.repository.url: RELEASE at the top, each review repository as review/NAME.
PUBLIC = HOME / "public"
RELEASE = "release"
REVIEW = "review"
# The states of a repository, in its folder.
GENERATIONS = "generations"
# Each repository's lock.
LOCKS = HOME / "locks"
# What the distributions of the targets have, for apt: a folder a target.
LISTS = HOME / "lists"
# The signing keys, for gpg.
GNUPG = HOME / "gnupg"
# Where programs work. PUBLIC may be a disk of its own: what goes there from here is copied.
WORK = HOME / "work"
# Which keys sign: {"release": ["FINGERPRINT!", …], "review": […]}, the newest last. DEB metadata is signed by all
# of them, RPM metadata and packages by the first. Puppet writes it.
SIGNING = Path("/etc/pkgci/repository/signing.json")
# The key that opens the account `fetch` of the build slaves.
FETCH_KEY = Path("/etc/pkgci/keys/fetch")


def generation(number: int) -> str:
    """Where a state of a repository is: relative to the repository's folder, and to its URL (what dnf reads of it)."""
    return f"{GENERATIONS}/{number:06}"


def url(top: str, repository: str) -> str:
    """Where ``repository`` is served; ``top`` is settings.repository.url. With a slash at its end, as that has."""
    return top if repository == RELEASE else f"{top}{repository}/"


def review(name: str) -> str:
    """The name of the review repository ``name`` (a change's number, or group-NAME) among all repositories."""
    return f"{REVIEW}/{name}"
