"""Which secrets a site needs, and which hosts get them. A table: who reads it knows where every secret goes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from pkgci.model.roles import SLAVES, Role
from pkgci.model.rules import AUTHORITY
from pkgci.model.site import Site

CA = f"tls/{AUTHORITY}"


class Kind(StrEnum):
    """What a secret is."""

    PASSWORD = "password"  # noqa: S105 - the name of a kind, not a password
    SSH_KEY = "SSH key"
    CA = "CA"
    CERTIFICATE = "certificate"
    # The key of a package repository, and the part of it that signs there.
    REPOSITORY_KEY = "OpenPGP key"
    SIGNING_KEY = "signing key"
    # Somebody else made it, and people give it to pkgci.
    GIVEN = "given"


# Where a site's users are not Jenkins' own, the first administrator's password or API token is given, too.
ADMIN_PASSWORD = "jenkins_master/admin_password"  # noqa: S105 - a name
LDAP_PASSWORD = "jenkins_master/ldap_password"  # noqa: S105 - a name
OIDC_SECRET = "jenkins_master/oidc_secret"  # noqa: S105 - a name

# The site's own Gerrit: the key that it shows to SSH clients, and that by which it knows mail that it sent itself.
REVIEW_HOST_KEY = "review/ssh_host_key"
REVIEW_MAIL_KEY = "review/mail_key"
REVIEW_LDAP_PASSWORD = "review/ldap_password"  # noqa: S105 - a name
REVIEW_OIDC_SECRET = "review/oidc_secret"  # noqa: S105 - a name
REVIEW_SMTP_PASSWORD = "review/smtp_password"  # noqa: S105 - a name

# What the repositories of packages are signed with: released ones, and those of changes under review. Two keys, so that
# nobody who trusts the one has to trust the other.
RELEASE_KEY, REVIEW_KEY = "repository/release", "repository/review"
REPOSITORY_KEYS = {RELEASE_KEY: "release", REVIEW_KEY: "review"}


@dataclass(frozen=True)
class Need:
    """One secret of a site.

    ``holders`` are the hosts that get the secret itself, ``readers`` those that get its public half, each by name in
    the order of the site file. ``remark`` says what people have to do with a new one, or what they are to give.
    """

    name: str
    kind: Kind
    holders: tuple[str, ...]
    readers: tuple[str, ...] = ()
    remark: str | None = None

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every host whose data changes when this secret does."""
        return tuple(dict.fromkeys((*self.holders, *self.readers)))


@dataclass(frozen=True)
class _Row:
    """A secret that roles share: who holds it, and who gets its public half."""

    name: str
    kind: Kind
    holders: tuple[Role, ...]
    readers: tuple[Role, ...] = ()
    remark: str | None = None


_TABLE = (
    _Row(
        "zuul/gerrit_ssh_key",
        Kind.SSH_KEY,
        (Role.ZUUL,),
        remark="`pkgci deploy-review` gives its public half to Zuul's account in Gerrit; or give it yourself: "
        "pkgci secrets show --public zuul/gerrit_ssh_key",
    ),
    _Row(REVIEW_HOST_KEY, Kind.SSH_KEY, (Role.REVIEW,), (Role.ZUUL,)),
    _Row(REVIEW_MAIL_KEY, Kind.PASSWORD, (Role.REVIEW,)),
    *(_Row(f"ssh/{role}", Kind.SSH_KEY, (Role.JENKINS_MASTER,), (role,)) for role in SLAVES),
    _Row("publisher/fetch_ssh_key", Kind.SSH_KEY, (Role.PUBLISHER,), (Role.SLAVE_BUILD,)),
    # With it Zuul says whose a build's folder is, and the log server knows it.
    _Row("log_server/token_key", Kind.PASSWORD, (Role.ZUUL, Role.LOG_SERVER)),
    _Row("log_server/upload_ssh_key", Kind.SSH_KEY, (Role.JENKINS_MASTER, *SLAVES), (Role.LOG_SERVER,)),
)


def needs(site: Site) -> dict[str, Need]:
    """The secrets that ``site`` needs, by name."""
    found = [*_of_jenkins(site), *_of_review(site)]
    for row in _TABLE:
        holders = _hosts_with(site, row.holders)
        if holders:
            found.append(Need(row.name, row.kind, holders, _hosts_with(site, row.readers), row.remark))
    found += _of_repositories(site)
    # The authority's key signs on the operator's machine: no host holds it, every host trusts its certificate.
    found.append(
        Need(
            CA,
            Kind.CA,
            (),
            tuple(host.name for host in site.hosts),
            f"give it to those who are to trust the site: pkgci secrets show --public {CA}",
        )
    )
    for host in site.hosts:
        if host.public:
            found.append(Need(certificate_name(host.name), Kind.CERTIFICATE, (host.name,)))
    return {need.name: need for need in found}


def _of_jenkins(site: Site) -> Iterator[Need]:
    """What Jenkins' users log in with, and what Jenkins asks others for them with."""
    masters, first = _hosts_with(site, (Role.JENKINS_MASTER,)), site.jenkins.administrators[0]
    if site.jenkins.ldap is None and site.jenkins.oidc is None:
        yield Need(ADMIN_PASSWORD, Kind.PASSWORD, masters)
        return
    # The jobs are deployed from the operator's machine: Jenkins knows its users' passwords from elsewhere.
    yield Need(ADMIN_PASSWORD, Kind.GIVEN, (), remark=f"the password, or better an API token, of {first} in Jenkins")
    if site.jenkins.ldap is None:
        yield Need(
            OIDC_SECRET, Kind.GIVEN, masters, remark="the client secret that the OpenID Connect provider gave you"
        )
    elif site.jenkins.ldap.manager_dn:
        yield Need(LDAP_PASSWORD, Kind.GIVEN, masters, remark=f"the password of {site.jenkins.ldap.manager_dn}")


def _of_review(site: Site) -> Iterator[Need]:
    """What the site's own Gerrit asks others for accounts with, and sends mail with."""
    holders, review = _hosts_with(site, (Role.REVIEW,)), site.review
    if not holders:
        return
    if review.ldap is not None and review.ldap.manager_dn:
        yield Need(REVIEW_LDAP_PASSWORD, Kind.GIVEN, holders, remark=f"the password of {review.ldap.manager_dn}")
    if review.oidc is not None:
        yield Need(REVIEW_OIDC_SECRET, Kind.GIVEN, holders, remark="the client secret that the provider gave you")
    if review.mail is not None and review.mail.user is not None:
        yield Need(REVIEW_SMTP_PASSWORD, Kind.GIVEN, holders, remark=f"the password of {review.mail.user}")


def _of_repositories(site: Site) -> Iterator[Need]:
    """The repositories' keys: no host holds a primary key, the publisher holds what signs."""
    publishers, users = _hosts_with(site, (Role.PUBLISHER,)), _hosts_with(site, SLAVES)
    if publishers:
        for name in REPOSITORY_KEYS:
            yield Need(name, Kind.REPOSITORY_KEY, (), users)
            yield Need(signing_name(name), Kind.SIGNING_KEY, publishers)


def signing_name(key: str) -> str:
    """The name of what signs with the repository's key called ``key``."""
    return f"{key}_signing"


def certificate_name(host: str) -> str:
    """The name of the certificate of the host called ``host``."""
    return f"tls/{host}"


def _hosts_with(site: Site, roles: tuple[Role, ...]) -> tuple[str, ...]:
    return tuple(host.name for host in site.hosts if not set(roles).isdisjoint(host.roles))
