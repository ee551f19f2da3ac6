"""What people find in a repository beside its packages: a page that says what is here and how to use it. Pure.

``pages`` gives the files of one state of a repository; the engine puts them there together with the packages, so that
the page never speaks of another state. The instructions are complete: with nothing but them, a fresh machine installs.
"""

from __future__ import annotations

from .description import Description
from .html import page
from .instructions import apt_source, dnf_repository


def pages(description: Description) -> dict[str, str]:
    """The files beside the packages: path relative to the repository → text.

    At the top also what all repositories share: the keys and the authority's certificate.
    """
    files = {"index.html": page(description)}
    for listing in description.listings:
        kind = {"deb": ("sources", apt_source), "rpm": ("repo", dnf_repository)}[listing.kind]
        files[f"{description.site}-{listing.target}.{kind[0]}"] = kind[1](description, listing.target)
    if description.is_released:
        files[f"{description.site}-ca.crt"] = description.authority
        for name, key in description.keys.items():
            files[f"keys/{name}.asc"] = key.certificate
    return files
