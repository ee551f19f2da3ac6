"""What can be said in a site file of the site's own Gerrit (role `review`), and what follows from it."""

from __future__ import annotations

import re
from enum import StrEnum
from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import Field

from pkgci.model.base import Model
from pkgci.model.roles import WITH_JAVA_21, OperatingSystem
from pkgci.model.services import Archive, Ldap
from pkgci.model.texts import Megabytes

# RFC 2544 sets this range aside for tests of network devices: it is nobody's real network, and the labs' own.
TEST_RANGE = IPv4Network("198.18.0.0/15")

VERSION = "3.13.6"
# The checksums of releases that a site may name by their version only.
RELEASES = {VERSION: "9c62a5e4a36e9dd47e164890e423bfa817b33923401c31dc3ecb2c9b59590219"}
_RELEASE = "https://gerrit-releases.storage.googleapis.com/gerrit-{version}.war"

# From this release on Gerrit does not run on Java 17.
_JAVA_21_SINCE = (3, 12)
_NAMED_RELEASE = re.compile(r"gerrit-(\d+(?:\.\d+)+)[^/]*\.war$")

# Java's heap in MB: without the least of it Gerrit does not start; more than the most makes collections long.
LEAST_HEAP, _MOST_HEAP = 512, 16384

PluginName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]


class Auth(StrEnum):
    """Where the accounts of a Gerrit come from."""

    LDAP = "ldap"
    OIDC = "oidc"
    HTTP = "http"
    DEVELOPMENT = "development"


# What Gerrit itself calls them (`auth.type`), as profile::review sets it.
AUTH_TYPES = {
    Auth.LDAP: "LDAP",
    Auth.OIDC: "OAUTH",
    Auth.HTTP: "HTTP",
    Auth.DEVELOPMENT: "DEVELOPMENT_BECOME_ANY_ACCOUNT",
}


class ReviewOidc(Model):
    """Accounts from an OpenID Connect provider, through a plugin: Gerrit itself knows none."""

    plugin: Archive = Field(description="The plugin, as in gerrit-oauth-provider's releases.")
    section: str = Field(
        pattern=r"^[a-z][a-z0-9-]*$",
        description="The plugin's section in gerrit.config, as in 'gerrit-oauth-provider-keycloak-oauth'. Its "
        "client-secret is the secret review/oidc_secret.",
    )
    settings: dict[str, str] = Field(min_length=1, description="Its settings, as in {root-url: https://…, realm: …}.")


class ReviewHttp(Model):
    """Accounts from the web server, which asks for a login at /login/ and tells Gerrit who it is."""

    directives: tuple[str, ...] = Field(
        min_length=1,
        description="Apache's directives for that place, as in [AuthType Basic, AuthName Review, AuthBasicProvider …].",
    )
    modules: tuple[str, ...] = Field(
        (), description="The Apache modules that they need, as in [authnz_ldap]: names of classes of puppetlabs-apache."
    )


class ReviewMail(Model):
    """The mail that Gerrit sends to reviewers."""

    host: str = Field(pattern=r"^[a-z0-9.-]+$", description="The SMTP server.")
    port: int = Field(25, ge=1, le=65535)
    encryption: str = Field("none", pattern=r"^(none|tls|ssl)$", description="none, tls or ssl.")
    user: str | None = Field(None, description="Who logs in there; the password is the secret review/smtp_password.")
    sender: str | None = Field(None, pattern=r"^[^@\s]+@[^@\s]+$", description="Default: gerrit@HOST.")


class Review(Model):
    """The site's own Gerrit."""

    version: str = Field(VERSION, pattern=r"^\d+(\.\d+)+$", description="The release, until you change it.")
    war: Archive | None = Field(
        None, description="Its WAR, at your own mirror, or of a release whose checksum pkgci does not know."
    )
    java: Literal[17, 21] | None = Field(None, description="Java's release. Default: the newer that the system has.")
    heap: Megabytes | None = Field(
        None, description="Java's heap, at least 512 MB. Default: half of the memory that is ordered."
    )
    auth: Auth | None = Field(
        None,
        description="Where accounts come from: ldap, oidc, http (the web server), or, in a lab only, development: "
        "whoever comes becomes whomever he likes.",
    )
    ldap: Ldap | None = Field(None, description="The directory, for `auth: ldap`.")
    oidc: ReviewOidc | None = Field(None, description="The provider, for `auth: oidc`.")
    http: ReviewHttp | None = Field(None, description="How the web server asks, for `auth: http`.")
    mail: ReviewMail | None = Field(None, description="Default: by the site's mail relay, or no mail at all.")
    plugins: dict[PluginName, Archive] = Field(
        default_factory=dict, description="Plugin → where it is, and its checksum."
    )

    @property
    def archive(self) -> Archive | None:
        """The WAR to install; None where only its version is known, and not its checksum."""
        known = RELEASES.get(self.version)
        return self.war or (known and Archive(url=_RELEASE.format(version=self.version), sha256=known)) or None

    def effective_auth(self, *, lab: bool) -> Auth | None:
        """Where accounts come from, in a lab also where nothing is said."""
        return self.auth or (Auth.DEVELOPMENT if lab else None)


def java_of(review: Review, system: OperatingSystem) -> int:
    """The release of Java that Gerrit runs on, on this operating system."""
    return review.java or (21 if system in WITH_JAVA_21 else 17)


def release_of(review: Review, brought: str | None = None) -> str | None:
    """The release of the WAR, which a lab may have ``brought`` from elsewhere; None where nothing tells it."""
    address = brought or (review.war.url if review.war is not None else None)
    if address is None:
        return review.version
    named = _NAMED_RELEASE.search(address)
    if named is not None:
        return named[1]
    return review.version if brought is None and "version" in review.model_fields_set else None


def needs_java_21(release: str | None) -> bool:
    """Whether this release of Gerrit is known not to run on Java 17."""
    return release is not None and tuple(int(number) for number in release.split(".")) >= _JAVA_21_SINCE


def heap_of(review: Review, memory_mb: int, roles: int) -> int:
    """Gerrit's heap in MiB, on a host with so much memory and so many roles."""
    if review.heap is not None:
        return review.heap
    return max(LEAST_HEAP, min(memory_mb // (2 if roles == 1 else 4), _MOST_HEAP))
