"""Where everything of the repositories is on the publisher."""

from __future__ import annotations

from pathlib import Path

HOME = Path("/srv/publisher")
# Served as settings.repository.url: RELEASE at the top, each review repository as review/NAME.
PUBLIC = HOME / "public"
RELEASE = "release"
REVIEW = "review"
# Each repository's lock.
LOCKS = HOME / "locks"
# The signing keys, for gpg.
GNUPG = HOME / "gnupg"
# Where programs work, on the same disk as PUBLIC, so that what is done there moves by a rename.
WORK = HOME / "work"
# Which keys sign: {"release": ["FINGERPRINT!", …], "review": […]}, the newest last. DEB metadata is signed by all
# of them, RPM metadata and packages by the first. Puppet writes it.
SIGNING = Path("/etc/pkgci/repository/signing.json")
# The key that opens the account `fetch` of the build slaves.
FETCH_KEY = Path("/etc/pkgci/keys/fetch")


def review(name: str) -> str:
    """The name of the review repository ``name`` (a change's number, or group-NAME) among all repositories."""
    return f"{REVIEW}/{name}"
