"""What is beside the packages in a generation: pages, keys and files to use them with (repository_admin.pages)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from .. import publishable
from ..repository_admin import certificate
from ..repository_admin.description import RELEASE, REVIEW, Description, Key, Listing, Package
from ..repository_admin.pages import pages
from ..settings import Settings
from ..status import Ended, Status
from . import places
from .manifest import File, Manifest

# Where the host has the certificates that it trusts; Puppet puts the site's own authority's there.
AUTHORITIES = Path("/usr/local/share/ca-certificates")


def pages_of(
    settings: Settings, repository: str, manifest: Manifest, authorities: Path = AUTHORITIES
) -> Mapping[str, str]:
    """The files beside the packages of one state of ``repository``: path in it → text.

    Raises ``Ended`` (infrastructure) where a certificate is missing that they name.
    """
    keys = {RELEASE: _key(settings.repository.release_key), REVIEW: _key(settings.repository.review_key)}
    return pages(
        Description(
            site=settings.site,
            url=settings.repository.url,
            listings=_listings(settings, manifest),
            keys=keys,
            authority=_read(authorities / f"pkgci-{settings.site}.crt"),
            made=datetime.fromisoformat(manifest.made),
            name=repository,
            changes=() if repository == places.RELEASE else _changes(manifest),
        )
    )


def _listings(settings: Settings, manifest: Manifest) -> tuple[Listing, ...]:
    """A target of the site has a place on the page before it has packages."""
    kinds = {name: target.kind for name, target in settings.targets.items()} | manifest.targets
    packages: dict[str, set[Package]] = {target: set() for target in kinds}
    for entry in manifest.entries:
        packages[entry.target] |= {_package(file) for file in entry.files}
    return tuple(Listing(target, kind, tuple(sorted(packages[target]))) for target, kind in kinds.items())


def _package(file: File) -> Package:
    is_special = file.name.endswith(publishable.UDEB) or publishable.is_debugging(file.package, file.name)
    return Package(file.package, file.version, file.architecture, is_for_people=not is_special)


def _changes(manifest: Manifest) -> tuple[str, ...]:
    found = {(entry.project, entry.change, entry.patchset) for entry in manifest.entries}
    return tuple(f"{project}, change {change}, patch set {patchset}" for project, change, patchset in sorted(found))


def _key(file: Path) -> Key:
    try:
        return certificate.key(_read(file))
    except ValueError as error:
        raise Ended(Status.INFRASTRUCTURE, f"{file}: {error}") from None


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except (OSError, ValueError) as error:
        raise Ended(Status.INFRASTRUCTURE, f"{file} cannot be read: {error}") from None
