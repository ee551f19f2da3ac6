"""What is wrong with a site's own Gerrit. Each check yields faults."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

from pkgci.model.check_lab import check_lab_servers
from pkgci.model.document import Document, Fault, Path_
from pkgci.model.entries import host_addresses, host_entries, host_roles, lab_adds_review
from pkgci.model.flows import GERRIT_SSH
from pkgci.model.lab import LabWar
from pkgci.model.review import LEAST_HEAP, TEST_RANGE, VERSION, Auth, Review, needs_java_21, release_of
from pkgci.model.roles import CATALOGUE, WITH_JAVA_21, Role
from pkgci.model.schema import HostEntry, SiteFile

_SAY_AUTH = "write 'review: {auth: …}' instead"


def check_review(document: Document, site_file: SiteFile) -> Iterator[Fault]:
    """The faults of the section `review`, and of the host with that role."""
    yield from check_lab_servers(document, site_file)
    entries = {name: entry for name, entry in host_entries(site_file).items() if Role.REVIEW in host_roles(entry)}
    if not entries:
        if site_file.review is not None and not lab_adds_review(site_file):
            place = document.position(("review",), key=True)
            yield Fault(place, f"no host has the role '{Role.REVIEW}', which 'review' is about")
        return
    name, entry = next(iter(entries.items()))
    review = site_file.review or Review()
    yield from _archive(document, site_file, review, name)
    yield from _auth(document, site_file, review, name)
    yield from _host(document, name, entry)
    yield from _java(document, site_file, review, name, entry)
    yield from _heap(document, review)
    yield from _settings(document, site_file, entry)
    yield from _gerrit(document, site_file, name, entry)


def is_lab(site_file: SiteFile) -> bool:
    """Whether the site's hosts can be a lab's only: their addresses are nobody's on a real network."""
    addresses = [address for entry in site_file.hosts.values() for address in host_addresses(entry)]
    return site_file.lab is not None and all(isinstance(a, IPv4Address) and a in TEST_RANGE for a in addresses)


def _place(document: Document, key: str, name: str) -> Path_:
    """Where the review's ``key`` stands, or else the host that has the role."""
    path: Path_ = ("review", key)
    return path if path in document.values or path in document.keys else ("hosts", name)


def _archive(document: Document, site_file: SiteFile, review: Review, name: str) -> Iterator[Fault]:
    brought = site_file.lab is not None and isinstance(site_file.lab.review, LabWar)
    if review.archive is None and not brought:
        place = document.position(_place(document, "version", name))
        yield Fault(
            place,
            f"the checksum of Gerrit {review.version} is not known to pkgci: add 'war: {{url: …, sha256: …}}', or take "
            f"{VERSION}",
        )


def _auth(document: Document, site_file: SiteFile, review: Review, name: str) -> Iterator[Fault]:
    auth = review.effective_auth(lab=is_lab(site_file))
    place = document.position(_place(document, "auth", name))
    sections = {Auth.LDAP: review.ldap, Auth.OIDC: review.oidc, Auth.HTTP: review.http}
    if auth is None:
        yield Fault(place, "'review' does not say where accounts come from: add 'auth: ldap', 'oidc' or 'http'")
    elif auth is Auth.DEVELOPMENT and not is_lab(site_file):
        yield Fault(
            place,
            "'auth: development' lets anybody be any account, administrators too: it is for a lab, whose hosts have "
            f"addresses in {TEST_RANGE}",
        )
    elif auth in sections and sections[auth] is None:
        yield Fault(place, f"'auth: {auth}' needs the section '{auth}'")
    for kind, section in sections.items():
        if section is not None and kind is not auth:
            where = document.position(("review", kind.value), key=True)
            yield Fault(where, f"the section '{kind}' cannot be combined with 'auth: {auth}'")


def _host(document: Document, name: str, entry: HostEntry) -> Iterator[Fault]:
    others = [role for role in host_roles(entry) if role is not Role.REVIEW and CATALOGUE[role].public]
    if others:
        place = document.position(("hosts", name), key=True)
        yield Fault(
            place,
            f"host '{name}' cannot have the role '{Role.REVIEW}' beside {', '.join(others)}: Gerrit takes the whole "
            "web server",
        )


def _heap(document: Document, review: Review) -> Iterator[Fault]:
    if review.heap is not None and review.heap < LEAST_HEAP:
        place = document.position(("review", "heap"))
        yield Fault(place, f"'heap' must be at least {LEAST_HEAP} MB: Gerrit does not start with less")


def _java(document: Document, site_file: SiteFile, review: Review, name: str, entry: HostEntry) -> Iterator[Fault]:
    """Whether the Gerrit runs on the Java that it is to have, and the host's system has that one."""
    choice = site_file.lab.review if site_file.lab is not None else None
    release = release_of(review, choice.war if isinstance(choice, LabWar) else None)
    system = entry.os or site_file.os
    place = document.position(_place(document, "java", name))
    if needs_java_21(release) and system not in WITH_JAVA_21:
        yield Fault(
            place,
            f"Gerrit {release} needs Java 21, and Java 21 is not in {system}: give host '{name}' 'os: debian-13', or "
            "take a WAR of 3.11 with 'java: 17'",
        )
    elif needs_java_21(release) and review.java == 17:
        yield Fault(place, f"Gerrit {release} needs Java 21: remove 'java: 17', or take a WAR of 3.11")
    elif review.java == 21 and system not in WITH_JAVA_21:
        yield Fault(place, f"Java 21 is not in {system}: write 'java: 17', or give host '{name}' 'os: debian-13'")


def _settings(document: Document, site_file: SiteFile, entry: HostEntry) -> Iterator[Fault]:
    """Whether settings of the site's own say where accounts come from, past the checks of `review`."""
    for role in host_roles(entry):
        for key, value in site_file.roles.get(role, {}).items():
            path: Path_ = ("roles", role.value, key)
            if key == "profile::review::auth":
                yield Fault(document.position(path, key=True), f"'{key}' cannot be set here: {_SAY_AUTH}")
            elif key == "profile::review::settings":
                yield from (
                    Fault(document.position((*path, *names), key=True), f"'auth.type' cannot be set here: {_SAY_AUTH}")
                    for names in _auth_types(value)
                )


def _auth_types(settings: object) -> Iterator[tuple[str, str]]:
    """Where in sections of gerrit.config `auth.type` is set: Gerrit takes upper case for lower case there."""
    for section, values in settings.items() if isinstance(settings, dict) else ():
        for key in values if isinstance(values, dict) else ():
            if f"{section}.{key}".lower() == "auth.type":
                yield section, key


def _gerrit(document: Document, site_file: SiteFile, name: str, entry: HostEntry) -> Iterator[Fault]:
    """Whether the Gerrit that Zuul listens to is this host."""
    gerrit = site_file.gerrit
    if gerrit is None:
        yield Fault(
            document.position(("hosts", name), key=True),
            f"host '{name}' has the role '{Role.REVIEW}', and no 'gerrit: {{host: …}}' leads Zuul to it",
        )
        return
    if gerrit.host not in (entry.dns or f"{name}.{site_file.domain}", *entry.aliases):
        place = document.position(("gerrit", "host"))
        yield Fault(place, f"'{gerrit.host}' is not a name of host '{name}': add `dns:` or `aliases:` there")
        return
    if gerrit.port != GERRIT_SSH.number:
        place = document.position(("gerrit", "port"))
        yield Fault(place, f"the site's own Gerrit listens on port {GERRIT_SSH.number}")
    if gerrit.url is not None and gerrit.url.rstrip("/") != f"https://{gerrit.host}":
        place = document.position(("gerrit", "url"))
        yield Fault(place, f"the address of the site's own Gerrit is https://{gerrit.host}")
