"""What a target adds to the versions of its packages, where the site file does not say it.

Two suites, and the distribution, never share a version. Of one source, the newer suite's package sorts after the older
one's, and each of them after the distribution's own (its rebuilds for a transition, +b1, too), yet before the next one:
1.0-1 < 1.0-1+ci+SITE~deb12 < 1.0-1+ci+SITE~deb13 < 1.0-1+deb13u1 < 1.0-1.1 < 1.0-2 < 1.0.1-1.
"""

from __future__ import annotations

import re

from pkgci.model.schema import Target

# The releases by their names.
DEBIAN = {
    "buster": "10",
    "bullseye": "11",
    "bookworm": "12",
    "trixie": "13",
    "forky": "14",
    "duke": "15",
    # These have no number. As words they sort after all numbers, and in this order.
    "oldstable": "oldstable",
    "stable": "stable",
    "testing": "testing",
    "sid": "unstable",
    "unstable": "unstable",
    "experimental": "unstable.experimental",
}
UBUNTU = {
    "bionic": "18.04",
    "focal": "20.04",
    "jammy": "22.04",
    "noble": "24.04",
    "oracular": "24.10",
    "plucky": "25.04",
    "questing": "25.10",
    "resolute": "26.04",
}

# How mock's roots are called, without what is added to them (+epel): 'centos-stream-9-x86_64', 'fedora-43-x86_64'.
_ROOT = re.compile(r"([a-z-]+?)(?:\+[a-z0-9+-]*)?-(\d+)(?:\.\d+)?-[A-Za-z0-9_]+")
_DISTS = {"fedora": ".fc", "amazonlinux": ".amzn"}
_DISTS |= dict.fromkeys(
    ("alma", "almalinux", "centos", "centos-stream", "circlelinux", "epel", "oraclelinux", "rhel", "rocky"), ".el"
)


def version_suffix(site: str, target: Target) -> str:
    """What ``target`` of the site called ``site`` adds to versions: for deb at their end, for rpm as ``%dist``."""
    if target.version_suffix is not None:
        return target.version_suffix
    # A hyphen would begin another revision.
    if target.deb:
        # Ubuntu's own revisions (1.0-1ubuntu1) are letters, and letters sort before '+'.
        return f"{'' if _base(target.deb) in UBUNTU else '+'}ci+{site.replace('-', '+')}~{_release(target.deb)}"
    name = site.replace("-", ".")
    if target.backend == "chroot":
        return f".{_release(target.rpm or '')}.{name}"
    dist = _dist(target.rpm or "")
    return f"{dist}.{name}" if dist else ""


def _release(suite: str) -> str:
    """The suite so that it sorts by its release: after those that are known comes one that is not."""
    base, _, rest = suite.partition("-")
    for distribution, releases in (("deb", DEBIAN), ("ubuntu", UBUNTU)):
        if base in releases:
            return f"{distribution}{releases[base]}{f'.{rest}' if rest else ''}".replace("-", ".")
    return f"z.{suite}".replace("-", ".")


def _base(suite: str) -> str:
    """The suite that another one is for, as trixie of trixie-backports."""
    return suite.partition("-")[0]


def _dist(root: str) -> str:
    """The ``%dist`` of a mock root; '' for one that is not known."""
    found = _ROOT.fullmatch(root)
    return f"{_DISTS[found[1]]}{found[2]}" if found and found[1] in _DISTS else ""
