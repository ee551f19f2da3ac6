"""The contents of a generation's folder: indexes and signatures of every target, pages, and what is in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from .. import files
from ..review import MIRRORS
from . import deb_index, places, pool, rpm_index
from .manifest import Entry, Manifest, without
from .publisher import Publisher
from .signing import Signer

# What every generation shares: the records of builds, and the packages.
BUILDS = "builds"


@dataclass(frozen=True)
class Job:
    """Writes generation ``number`` of the repository ``name``, which is in ``folder``."""

    name: str
    number: int
    folder: Path
    publisher: Publisher
    signer: Signer

    def write(
        self,
        new: Path,
        manifest: Manifest,
        before: Manifest | None,
        described: Manifest,
        readable: Sequence[Path],
        also: Sequence[Path],
    ) -> None:
        """Fills the folder ``new`` with what ``manifest`` says.

        Where nothing has changed since the generation with the manifest ``before``, which readers see now, its indexes
        are taken over. ``readable`` are the generations that readers may be at, newest first: their indexes stay to be
        had, and the first of them describes the packages in ``described``. ``also`` are further ones which may describe
        packages.
        """
        known = [*readable[:1], *also]
        # The indexes are other programs' work: this one has time for its own meanwhile.
        with ThreadPoolExecutor(1) as meanwhile:
            pages = meanwhile.submit(self._describe, new, manifest)
            for target, kind in self._targets(manifest).items():
                unchanged = readable[0] if before and _same(before, manifest, target, readable[0], kind) else None
                if kind == "deb":
                    self._suite(new, target, manifest, unchanged, known, readable)
                else:
                    there = described.of_target(target)
                    self._metadata(new, target, manifest, there, unchanged, known, readable)
            pages.result()

    def _describe(self, new: Path, manifest: Manifest) -> None:
        """What is beside the indexes: pages for people, the records of builds, and what is in it for programs."""
        for path, text in self.publisher.pages(self.name, manifest).items():
            files.write(new / path, text)
        (self.folder / BUILDS).mkdir(exist_ok=True)
        (new / BUILDS).symlink_to(f"../../{BUILDS}")
        files.write(new / places.MANIFEST, manifest.text())

    def _targets(self, manifest: Manifest) -> dict[str, str]:
        """Every target of the site has an index, be it empty; one that it no longer has, while there are packages."""
        return {name: target.kind for name, target in self.publisher.settings.targets.items()} | manifest.targets

    def _suite(
        self,
        new: Path,
        target: str,
        manifest: Manifest,
        unchanged: Path | None,
        known: Sequence[Path],
        readable: Sequence[Path],
    ) -> None:
        path = _index("deb", target)
        folder, shared = new / path, self.folder / pool.SHARED / "deb"
        folder.mkdir(parents=True)
        if unchanged:
            deb_index.copy(unchanged / path, folder)
        else:
            shared.mkdir(parents=True, exist_ok=True)
            label = self._label()
            suite = deb_index.Suite(target, self.publisher.settings.site, label, self.publisher.architecture)
            entries = manifest.of_target(target)
            deb_index.write(suite, folder, entries, shared, [one / path for one in known], self.publisher.programs)
            self.signer.clear(folder / "Release", folder / "InRelease")
            self.signer.detached(folder / "Release", folder / "Release.gpg")
        deb_index.add_by_hash(folder, [one / path for one in readable])
        if not (new / "deb/pool").is_symlink():
            (new / "deb/pool").symlink_to(f"../../../{pool.SHARED}/deb/pool")

    def _metadata(
        self,
        new: Path,
        target: str,
        manifest: Manifest,
        there: Sequence[Entry],
        unchanged: Path | None,
        known: Sequence[Path],
        readable: Sequence[Path],
    ) -> None:
        path = _index("rpm", target)
        folder, shared = new / path, self.folder / pool.SHARED / path
        if unchanged:
            rpm_index.copy(unchanged / path, folder)
            rpm_index.copy_signature(unchanged / path, folder)
        else:
            shared.mkdir(parents=True, exist_ok=True)
            entries = manifest.of_target(target)
            described = [one / path for one in known if (one / path / rpm_index.HEAD).exists()]
            added = without(entries, there)
            rpm_index.write(folder, entries, added, shared, described, self.publisher.programs)
            self.signer.detached_one(folder / rpm_index.HEAD, folder / rpm_index.SIGNATURE)
        rpm_index.keep_parts(folder, [one / path for one in readable])
        files.write(folder / MIRRORS, self._mirrors(path))
        (folder / "packages").symlink_to(f"../../../../{pool.SHARED}/{path}/packages")

    def _mirrors(self, path: str) -> str:
        """This generation's own address, and where it is to be had as long as it is the current one.

        dnf reads repomd.xml and its signature one after the other: from the former they always fit together. The latter
        is for who has the metadata, and asks for a package when this generation is gone.
        """
        url = places.url(self.publisher.settings.repository.url, self.name)
        return f"{url}{places.generation(self.number)}/{path}/\n{url}{path}/\n"

    def _label(self) -> str:
        """What Release calls the repository: apt's pins tell repositories apart by it."""
        site = self.publisher.settings.site
        return site if self.name == places.RELEASE else f"{site}-{re.sub(r'[^A-Za-z0-9._-]', '-', self.name)}"


def _index(kind: str, target: str) -> str:
    """Where the index of a target is, in a generation."""
    return f"deb/dists/{target}" if kind == "deb" else f"rpm/{target}"


def _same(before: Manifest, manifest: Manifest, target: str, folder: Path, kind: str) -> bool:
    head = folder / _index(kind, target) / ("InRelease" if kind == "deb" else rpm_index.SIGNATURE)
    return head.exists() and before.of_target(target) == manifest.of_target(target)
