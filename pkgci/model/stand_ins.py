"""What stands in for Gerrit and Jenkins in a lab, and where Jenkins' package comes from."""

from __future__ import annotations

from dataclasses import dataclass

from pkgci.model.services import AptSource
from pkgci.model.site import Site

# The machine of the lab that has the stand-ins: the name of its container, and its label in the site's domain.
STAND_INS = "stand-ins"


@dataclass(frozen=True)
class JenkinsSource:
    """Where Jenkins' Debian package comes from. ``fingerprint`` is None where the lab has not made its key yet."""

    url: str
    key: str
    fingerprint: str | None
    stand_in: bool


def stand_ins_name(site: Site) -> str:
    """The DNS name of the machine that has the lab's stand-ins."""
    return f"{STAND_INS}.{site.domain}"


def review_is_stand_in(site: Site) -> bool:
    """Whether the site's Gerrit is the lab's stand-in."""
    return site.lab is not None and site.gerrit is not None and site.lab.review == "stand-in"


def jenkins_is_stand_in(site: Site) -> bool:
    """Whether the site's Jenkins is the lab's stand-in."""
    return site.lab is not None and site.lab.jenkins == "stand-in"


def jenkins_source(site: Site) -> JenkinsSource:
    """Where the site's Jenkins comes from. Reads the fingerprint of the lab's key, which `pkgci lab up` records."""
    if not jenkins_is_stand_in(site):
        source: AptSource = site.jenkins.apt
        return JenkinsSource(source.url, source.key, source.fingerprint, stand_in=False)
    recorded = site.directory / ".lab" / "jenkins.fingerprint"
    fingerprint = recorded.read_text().strip() if recorded.is_file() else None
    base = f"https://{stand_ins_name(site)}/jenkins"
    return JenkinsSource(base, f"{base}/key.asc", fingerprint, stand_in=True)
