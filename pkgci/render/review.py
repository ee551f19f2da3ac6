"""What the template of the role `review` is told of the site's own Gerrit. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from pkgci.model.records import Records
from pkgci.model.review import Auth, heap_of, java_of
from pkgci.model.roles import Role
from pkgci.model.services import Archive
from pkgci.model.site import Host, Site
from pkgci.model.stand_ins import review_archive

# What a plugin for OpenID Connect is called among Gerrit's plugins.
_OIDC_PLUGIN = "oauth"


@dataclass(frozen=True)
class ReviewData:
    """A Gerrit with its defaults filled in. ``war`` is None where the lab has not looked at it yet.

    ``first_key`` opens the account of the first administrator, whom a lab's Gerrit begins with.
    """

    war: dict[str, str] | None
    java: int
    heap: int
    auth: str
    plugins: dict[str, dict[str, str]]
    first_key: str | None


def review_data(site: Site, host: Host, records: Records) -> ReviewData | None:
    """What ``host`` is told of its Gerrit; None for a host without the role."""
    if Role.REVIEW not in host.roles:
        return None
    review = site.review
    archive = review_archive(site, records)
    plugins = dict(review.plugins) | ({_OIDC_PLUGIN: review.oidc.plugin} if review.oidc is not None else {})
    return ReviewData(
        war=None if archive is None else _plain(archive),
        java=java_of(review, host.os),
        heap=heap_of(review, host.resources.memory_mb, len(host.roles)),
        auth=site.review_auth.value if site.review_auth else "",
        plugins={name: _plain(plugin) for name, plugin in plugins.items()},
        first_key=records.lab_key if site.review_auth is Auth.DEVELOPMENT else None,
    )


def _plain(archive: Archive) -> dict[str, str]:
    return {"url": archive.url, "sha256": archive.sha256}
