"""What stands in for Gerrit and Jenkins in a lab, and where Jenkins' package comes from."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pkgci.model.lab import STAND_INS, Choice, LabJenkins, LabWar, is_real
from pkgci.model.records import Records
from pkgci.model.services import AptSource, Archive
from pkgci.model.site import Site

# Where the lab puts files that it brings to a host.
BROUGHT = "/var/lib/pkgci-lab"
PLUGIN_INSTALLER = f"{BROUGHT}/install-plugins"


@dataclass(frozen=True)
class JenkinsSource:
    """Where Jenkins' Debian package comes from, or its WAR.

    ``fingerprint`` is None where the lab has not made its key yet; so is ``war`` where it is ``brought`` by the lab,
    which has not looked at it. ``installer`` is a program on the host that has the plugins, ``versions`` which ones.
    """

    url: str
    key: str
    fingerprint: str | None
    stand_in: bool
    war: Archive | None = None
    brought: bool = False
    installer: str | None = None
    versions: dict[str, str] | None = None


def stand_ins_name(site: Site) -> str:
    """The DNS name of the machine that has the lab's stand-ins."""
    return f"{STAND_INS}.{site.domain}"


def review_is_stand_in(site: Site) -> bool:
    """Whether the site's Gerrit is the lab's stand-in."""
    return site.lab is not None and site.gerrit is not None and site.lab.review is Choice.STAND_IN


def review_is_real_in_lab(site: Site) -> bool:
    """Whether the site is a lab with a real Gerrit of its own."""
    return site.lab is not None and is_real(site.lab.review) and site.own_review is not None


def jenkins_is_stand_in(site: Site) -> bool:
    """Whether the site's Jenkins is the lab's stand-in."""
    return site.lab is not None and site.lab.jenkins is Choice.STAND_IN


def review_archive(site: Site, records: Records) -> Archive | None:
    """The site's own Gerrit, as its host gets it; None where the lab has not looked at its WAR yet."""
    choice = site.lab.review if site.lab is not None else None
    return _brought(choice, "gerrit", records) if isinstance(choice, LabWar) else site.review.archive


def jenkins_source(site: Site, records: Records) -> JenkinsSource:
    """Where the site's Jenkins comes from. ``records``: the lab's key, and what it brings."""
    choice = site.lab.jenkins if site.lab is not None else None
    if not jenkins_is_stand_in(site):
        source: AptSource = site.jenkins.apt
        found = JenkinsSource(source.url, source.key, source.fingerprint, stand_in=False, war=site.jenkins.war)
        if isinstance(choice, LabJenkins):
            found = replace(found, war=_brought(choice, "jenkins", records), brought=True)
            if choice.plugins is not None:
                found = replace(found, installer=PLUGIN_INSTALLER, versions=dict(records.plugins))
        return found
    base = f"https://{stand_ins_name(site)}/jenkins"
    return JenkinsSource(base, f"{base}/key.asc", records.fingerprint, stand_in=True)


def brought_war(name: str, sha256: str) -> str:
    """Where on its host the WAR of ``name`` is that the lab brought."""
    return f"{BROUGHT}/{name}-{sha256[:12]}.war"


def _brought(choice: LabWar, name: str, records: Records) -> Archive | None:
    if choice.is_url:
        return Archive(url=choice.war, sha256=choice.sha256 or "")
    sha256 = records.wars.get(name)
    return Archive(url=f"file://{brought_war(name, sha256)}", sha256=sha256) if sha256 else None
