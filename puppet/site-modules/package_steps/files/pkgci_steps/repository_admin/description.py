"""One state of a published repository, as its pages describe it."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ..repository import places

# The keys' names, and of the files below keys/ (places.key_of).
RELEASE, REVIEW = places.RELEASE, places.REVIEW


@dataclass(frozen=True, order=True)
class Package:
    """One package: ``architecture`` as its kind of package calls it (all, amd64, noarch, source…).

    ``is_for_people``: somebody asks for it by name, unlike debugging symbols and what is an installer's.
    """

    name: str
    version: str
    architecture: str
    is_for_people: bool = True


@dataclass(frozen=True)
class Listing:
    """What is published for one target. ``kind`` is deb or rpm."""

    target: str
    kind: str
    packages: tuple[Package, ...]


@dataclass(frozen=True)
class Key:
    """A key as it is published: the armoured ``certificate``, and the fingerprint of its primary key (40 digits).

    ``signing`` are the fingerprints of its subkeys, the newest first: dnf shows people that of the first.
    ``certificate.key`` makes one.
    """

    fingerprint: str
    certificate: str
    signing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Description:
    """One state of a repository.

    ``url`` is where all repositories are, with a slash at its end, and ``name`` is this one's among them. ``changes``
    says in a line each whose packages a repository has that is not released. ``keys`` are those for RELEASE and REVIEW,
    ``authority`` is the certificate (PEM) of the site's own certificate authority, which the web server's comes from.
    """

    site: str
    url: str
    listings: tuple[Listing, ...]
    keys: Mapping[str, Key]
    authority: str
    made: datetime
    name: str = places.RELEASE
    changes: tuple[str, ...] = ()

    @property
    def is_released(self) -> bool:
        """Whether it is what people have agreed on."""
        return self.name == places.RELEASE

    @property
    def base(self) -> str:
        """Where this repository is, with a slash at its end."""
        return places.url(self.url, self.name)

    @property
    def label(self) -> str:
        """What this repository's files are called on machines that use it."""
        return self.site if self.is_released else f"{self.site}-{self.name.replace('/', '-')}"

    @property
    def key(self) -> str:
        """The name of the key that signs it."""
        return places.key_of(self.name)

    @property
    def apt_key(self) -> str:
        """Where the key is on machines that use it with apt."""
        return f"/etc/apt/keyrings/{self.site}-{self.key}.asc"

    @property
    def authority_url(self) -> str:
        """Where the authority's certificate can be had."""
        return f"{self.url}{self.site}-ca.crt"

    @property
    def rpm_authority(self) -> str:
        """Where the authority's certificate is on machines that use it with dnf."""
        return f"/etc/pki/{self.site}-ca.crt"

    @property
    def authority_fingerprint(self) -> str:
        """The SHA-256 fingerprint of the authority's certificate, as browsers and OpenSSL show it."""
        digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(self.authority.strip())).hexdigest().upper()
        return ":".join(digest[index : index + 2] for index in range(0, len(digest), 2))

    @property
    def authority_checksum(self) -> str:
        """The SHA-256 checksum of the file with the authority's certificate."""
        return hashlib.sha256(self.authority.encode()).hexdigest()
