"""What a deployment is made of, as one number: a work item that was done of something else is to be done again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pkgci
from pkgci.assets import asset
from pkgci.model.site import Site
from pkgci.paths import beside

_LEFT_OUT = frozenset({"__pycache__", ".git", ".pytest_cache"})


def fingerprint(site: Site) -> str:
    """The fingerprint of ``site`` and of this pkgci: of the site file, all files that it names, and pkgci's own."""
    digest = hashlib.sha256()
    for path in _files(_inputs(site)):
        content = path.read_bytes()
        digest.update(f"{path}\0{len(content)}\0".encode())
        digest.update(content)
    digest.update(repr(sorted(site.administrator_keys.items())).encode())
    return digest.hexdigest()


def _inputs(site: Site) -> Iterator[Path]:
    """Files and folders. known_hosts is not among them: a deployment itself adds to it."""
    yield site.path
    yield site.directory / "secrets" / "secrets.eyaml"
    yield site.directory / "hiera"
    named = [*site.jenkins.jobs, *site.zuul.layouts]
    if site.manifests is not None:
        named += [path for path in (site.manifests.path, *_templates(site)) if path is not None]
    for text in named:
        yield beside(site.directory, text)
    yield Path(pkgci.__file__).parent
    yield asset("puppet")
    yield asset("hiera")


def _templates(site: Site) -> Iterator[str | None]:
    if site.manifests is not None:
        yield from (role.hiera for role in site.manifests.roles.values())


def _files(inputs: Iterable[Path]) -> Iterator[Path]:
    for path in inputs:
        if path.is_file():
            yield path
        elif path.is_dir():
            yield from sorted(
                file
                for file in path.rglob("*")
                if file.is_file() and _LEFT_OUT.isdisjoint(file.relative_to(path).parts)
            )
