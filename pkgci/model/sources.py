"""Where a project's upstream files come from: ``source:`` in the site file, a kind's name or a mapping of one kind."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Discriminator, Field, Tag, field_validator

from pkgci.model.base import Model
from pkgci.model.numbers import Megabytes
from pkgci.model.texts import GitRef, ProjectName, Sha256
from pkgci.model.web import SourceHost, WebUrl


class Sources(Model):
    """What build slaves may fetch of upstream's files, before a build: builds have no network."""

    hosts: tuple[SourceHost, ...] = Field(
        (),
        description="The hosts that tarballs come from, as in 'tarballs.opendev.org', and those that they redirect to. "
        "The hosts of `lookaside` and of projects' own `url` need not be here.",
    )
    lookaside: WebUrl | None = Field(
        None,
        description="Where dist-git's files are, by the checksums in `sources`: an address with {file}, {hash}, and "
        "perhaps {name} (the package's) and {algorithm} (sha512…).",
    )
    largest: Megabytes = Field(1000, description="What one file may have, as in '1 GB'.")
    disk: Megabytes = Field(
        20000, description="What the files may take of a build slave's disk; what was not used for longest goes first."
    )

    @field_validator("lookaside")
    @classmethod
    def _is_pattern(cls, value: str | None) -> str | None:
        words = set(re.findall(r"\{([^{}]*)\}", value or ""))
        if value and (unknown := words - {"name", "file", "algorithm", "hash"}):
            raise ValueError(
                f"'{{{min(unknown)}}}' is unknown: there are {{name}}, {{file}}, {{algorithm}} and {{hash}}"
            )
        if value and not {"file", "hash"} <= words:
            raise ValueError("it lacks {file} or {hash}, as in https://HOST/{name}/{file}/{algorithm}/{hash}/{file}")
        return value


# The kinds that need nothing more; `auto` is found from the tree.
Kind = Literal["auto", "tree", "git-buildpackage", "tarball"]


class TarballEntry(Model):
    """Upstream's tarball, where the tree does not say which one."""

    url: WebUrl = Field(description="Its address.")
    sha256: Sha256 = Field(description="Its SHA-256 checksum, in hexadecimal digits.")


class TarballSource(Model):
    """Upstream's tarball, fetched and verified before the build."""

    tarball: TarballEntry


class ProjectSource(Model):
    """Upstream's git repository, in another project of the same Gerrit."""

    project: ProjectName = Field(description="The project with upstream's files, as Gerrit calls it.")
    branch: GitRef | None = Field(
        None, description="Its branch. Default: the one that is called like the packaging's, else its main one."
    )


# Mapping's key that says its kind → the tag of its model. The brackets keep tags apart from keys of the file (load.py).
_TAGS = {"tarball": "source[tarball]", "project": "source[project]"}
_WRONG = (
    "a source is 'auto', 'tree', 'git-buildpackage', 'tarball', or a mapping with one of the keys "
    "'tarball' (with 'url' and 'sha256') or 'project'"
)


def _tag(value: Any) -> str | None:
    if isinstance(value, TarballSource | ProjectSource):
        return _TAGS["tarball" if isinstance(value, TarballSource) else "project"]
    if isinstance(value, dict):
        kinds = [kind for kind in _TAGS if kind in value]
        return _TAGS[kinds[0]] if len(kinds) == 1 else None
    return "source[kind]" if isinstance(value, str) and value not in ("project",) else None


SourceEntry = Annotated[
    Annotated[Kind, Tag("source[kind]")]
    | Annotated[TarballSource, Tag(_TAGS["tarball"])]
    | Annotated[ProjectSource, Tag(_TAGS["project"])],
    Discriminator(_tag, custom_error_type="source_kind", custom_error_message=_WRONG),
]


def source_words(source: SourceEntry) -> dict[str, str]:
    """The source as one flat mapping: its ``kind``, and whatever is said of it."""
    if isinstance(source, str):
        return {"kind": source}
    if isinstance(source, TarballSource):
        return {"kind": "tarball", "url": source.tarball.url, "sha256": source.tarball.sha256}
    branch = {"branch": source.branch} if source.branch else {}
    return {"kind": "project", "project": source.project, **branch}


def fetched_hosts(sources: Sources, projects: Iterable[SourceEntry]) -> tuple[str, ...]:
    """Every host that something may be fetched from, as in `sources: {hosts: …}`."""
    urls = [source.tarball.url for source in projects if isinstance(source, TarballSource)]
    urls += [sources.lookaside] if sources.lookaside else []
    return tuple(dict.fromkeys([*sources.hosts, *map(_host, urls)]))


def _host(url: str) -> str:
    parts = urlsplit(url)
    usual = {"http": 80, "https": 443}[parts.scheme]
    return parts.hostname or "" if parts.port in (None, usual) else f"{parts.hostname}:{parts.port}"
