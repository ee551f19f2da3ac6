"""A host's Hiera data beside a foreign tree: the templates of its roles, the site's own, and the tree's hierarchy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import jinja2

from pkgci.errors import UsageError
from pkgci.foreign.hierarchy import merged
from pkgci.model.records import Records
from pkgci.model.roles import Role
from pkgci.model.schema import Manifests
from pkgci.model.site import Host, Site
from pkgci.paths import beside
from pkgci.render.earlier import HIERARCHY, mark
from pkgci.render.hiera import SUFFIX, HieraData, Renderer, Source


class ForeignRenderer(Renderer):
    """Renders what goes with the tree in ``folder``: none of pkgci's own templates, for its classes are not there.

    The layers are the site's own templates (``hiera/``), and those that the site file names for a role. Raises
    ``UsageError`` as ``Renderer``, and where the tree's hiera.yaml cannot be used.
    """

    def __init__(self, site: Site, manifests: Manifests, folder: Path, records: Records) -> None:
        super().__init__(site, records=records)
        self._manifests = manifests
        self._tree = folder
        self._templates = {
            role: _templates(beside(site.directory, settings.hiera))
            for role, settings in manifests.roles.items()
            if settings.hiera is not None
        }
        prefixes = {
            f"{role}": jinja2.FileSystemLoader(beside(site.directory, settings.hiera))
            for role, settings in manifests.roles.items()
            if settings.hiera is not None
        }
        own = self._environment.loader
        assert own is not None  # noqa: S101 - the constructor above sets it
        self._environment.loader = jinja2.ChoiceLoader([jinja2.PrefixLoader(prefixes), own])

    def render(self, host: Host, source: Source) -> HieraData:
        """The data of ``host``, with the secrets that ``source`` gives, and the whole hierarchy of its release."""
        data = super().render(host, source)
        layers = [name.removeprefix("data/") for name in data.files if name.startswith("data/")]
        file = self._manifests.hiera
        try:
            text = None if file is None else (self._tree / file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"cannot read the tree's {file}: {error}") from None
        hierarchy = merged(layers, text, file or "", lambda path: (self._tree / path).is_dir())
        return replace(data, files={**data.files, HIERARCHY: mark(self.site, host.name) + hierarchy})

    def _layers(self, host: Host) -> Iterator[tuple[str, Role | None]]:
        own = self.site.directory / "hiera"
        if (own / f"hosts/{host.name}{SUFFIX}").is_file():
            yield f"hosts/{host.name}", None
        for name in self._extra:
            yield name, None
        for role in host.roles:
            for name in self._templates.get(role, ()):
                yield f"{role}/{name}", role
            if (own / f"roles/{role}{SUFFIX}").is_file():
                yield f"roles/{role}", role
        if (own / f"common{SUFFIX}").is_file():
            yield "common", None


def _templates(folder: Path) -> tuple[str, ...]:
    """The names of the templates in ``folder``, in the order of lookup."""
    return tuple(sorted(path.name.removesuffix(SUFFIX) for path in folder.glob(f"*{SUFFIX}")))
