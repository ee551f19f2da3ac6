"""Which manifests a site applies: pkgci's own, or the tree that the site file names. One kind of value for both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pkgci.errors import UsageError
from pkgci.foreign.data import ForeignRenderer
from pkgci.foreign.git import checkout
from pkgci.model.records import read_records
from pkgci.model.schema import Manifests
from pkgci.model.site import Site
from pkgci.model.words import nearest
from pkgci.paths import beside
from pkgci.puppetrun.plan import Tree, own_tree
from pkgci.render.hiera import Renderer


@dataclass(frozen=True)
class Origin:
    """Where a tree comes from: what people call it, and the exact commit where it comes from git."""

    name: str
    commit: str | None = None

    def __str__(self) -> str:
        return self.name if self.commit is None else f"{self.name} at {self.commit}"


def tree_of(site: Site) -> tuple[Tree, Origin]:
    """The manifests that ``site`` applies, on this machine.

    Fetches a git repository: raises ``PkgciError`` where that fails, and ``UsageError`` where the tree does not have
    what the site file says.
    """
    manifests = site.manifests
    if manifests is None:
        return own_tree(), Origin("pkgci's own manifests")
    if manifests.git is not None:
        commit = checkout(manifests.git, manifests.ref, site.directory / ".pkgci" / "manifests")
        folder, origin = commit.folder, Origin(manifests.git, commit.name)
    else:
        folder = beside(site.directory, manifests.path or ".")
        origin = Origin(str(folder))
    _check(folder, manifests, site)
    facts = {role.value: settings.facts for role, settings in manifests.roles.items()}
    tree = Tree(
        folder,
        manifest=manifests.site,
        modules=manifests.modules,
        packages=manifests.packages,
        settings=manifests.settings,
        facts=facts,
    )
    return tree, origin


def renderer_of(site: Site, tree: Tree | None = None, known_hosts: str | None = None) -> Renderer:
    """What renders the Hiera data that goes with ``tree``, as ``tree_of`` gave it (and as it is asked where None).

    ``known_hosts`` is the text of the site's host keys, which is read where None.
    """
    records = read_records(site)
    if known_hosts is not None:
        records = replace(records, known_hosts=known_hosts)
    if site.manifests is None:
        return Renderer(site, records=records)
    folder = (tree or tree_of(site)[0]).folder
    return ForeignRenderer(site, site.manifests, folder, records)


def _check(folder: Path, manifests: Manifests, site: Site) -> None:
    """Raises ``UsageError`` that names every path of the site file that the tree in ``folder`` does not have."""
    missing = list(_missing(folder, manifests))
    if missing:
        known = [path.name for path in folder.iterdir() if not path.name.startswith(".")]
        hints = [f"`{key}: {path}`{nearest(path, known)}" for key, path in missing]
        raise UsageError(
            f"the manifests in {folder} have no {', '.join(path for _, path in missing)}",
            f"correct under `manifests:` in {site.path}: {', '.join(hints)}",
        )


def _missing(folder: Path, manifests: Manifests) -> Iterator[tuple[str, str]]:
    if not (folder / manifests.site).exists():
        yield "site", manifests.site
    for module_folder in manifests.modules:
        if not (folder / module_folder).is_dir():
            yield "modules", module_folder
    if manifests.hiera is not None and not (folder / manifests.hiera).is_file():
        yield "hiera", manifests.hiera
