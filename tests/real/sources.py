"""Where the tree of a package comes from: the archive, or the tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.real import distgit, examples, made
from tests.real.archive import Archive
from tests.real.catalogue import Origin, Package
from tests.real.releases import next_release


@dataclass(frozen=True)
class Source:
    """What a package is built of: its ``tree``, upstream's project, and files that a web server has for it."""

    tree: Path
    upstream: Path | None = None
    web: Path | None = None

    def next_release(self) -> None:
        """Makes the next release of it."""
        if self.upstream:
            with (self.upstream / "README.next").open("a") as note:
                note.write("Another release.\n")
            examples.commit(self.upstream, "Say more")
        next_release(self.tree)


def unpacked(package: Package, archive: Archive, folder: Path) -> Source:
    """The source of ``package``, in the new ``folder``. Raises ``UnavailableError``."""
    if package.origin is Origin.ARCHIVE:
        return Source(archive.unpack(package.name, folder))
    if package.origin is Origin.MADE:
        made.write(package.name, folder / "tree")
        return Source(folder / "tree")
    if package.origin is Origin.EXAMPLE:
        examples.write(package.name, archive, folder)
    else:
        distgit.write(package.name, distgit.fetch(package.name, folder / "fetched"), folder)
    upstream, web = folder / "upstream", folder / "web"
    return Source(folder / "tree", upstream if upstream.exists() else None, web if web.exists() else None)
