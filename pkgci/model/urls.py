"""Where the site's web interfaces are. Each role has the same path on every site, also where hosts share roles."""

from __future__ import annotations

from pkgci.model.roles import Role
from pkgci.model.site import Site

# Role → path of its web interface on its host.
PATHS: dict[Role, str] = {
    Role.ZUUL: "/zuul/",
    Role.JENKINS_MASTER: "/jenkins/",
    Role.LOG_SERVER: "/logs/",
    Role.PUBLISHER: "/packages/",
    Role.REVIEW: "/",
}

# Below Zuul's web interface: what it vouches for (puppet: zuul/files/zuul-py3/zuul_py3/vouching.py).
NOTES_PATH = "vouched/"

# Where Zuul's merger serves the merged refs, on Zuul's host.
GIT_PATH = "/p"


def web_url(site: Site, role: Role) -> str:
    """The address of the web interface of ``role``, with a slash at its end."""
    return f"https://{site.with_role(role)[0].fqdn}{PATHS[role]}"


def git_url(site: Site) -> str:
    """The address below which the merged refs of each project are (Zuul's ``zuul_url``)."""
    return f"https://{site.with_role(Role.ZUUL)[0].fqdn}{GIT_PATH}"


def gerrit_url(site: Site) -> str | None:
    """Gerrit's web address, without a slash at its end; None for a site without Gerrit."""
    if site.gerrit is None:
        return None
    return (site.gerrit.url or f"https://{site.gerrit.host}").rstrip("/")
