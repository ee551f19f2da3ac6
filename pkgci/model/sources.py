"""Where a project's upstream files come from: ``source:`` in the site file, a kind's name or a mapping of one kind."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from pkgci.model.base import Model
from pkgci.model.texts import GitRef, ProjectName, Sha256, WebUrl

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
    "'tarball' (with 'url' and 'sha256') and 'project'"
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
