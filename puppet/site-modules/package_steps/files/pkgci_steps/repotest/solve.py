"""A program for inside a root with dnf: which packages of our repositories can be installed, with a change and without.

    solve.py '{"change": [[NAME, VERSION-RELEASE], …], "own": REPOSITORY, "others": [REPOSITORY, …], "added": […]}'

Those of ``others`` that are ``added`` stand behind the distribution: what it has is not taken from them.

It reads what dnf fetched, and asks its solver about each package: next to what is installed (the stand-in for a base
system, where there is one) and all repositories, with one version of each of our packages, as their users get it. It
stands alone, and imports nothing of ours.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

# The repository of what is released, as the .repo file calls it.
RELEASED = "released"
# Says nothing that a person could use.
_EMPTY = "conflicting requests"


class World:
    """What dnf knows. ``change`` are the packages of the change, ``beside`` those of ours that there are without it,
    ``released`` every version that is released."""

    def __init__(self, sack: Any, change: list[list[str]], own: str, others: list[str], added: list[str]) -> None:
        self._sack = sack
        available = sack.query().available().filter(arch__neq=["src", "nosrc"])
        mine = available.filter(reponame=own)
        wanted = {(name, version) for name, version in change}
        self.change = [package for package in mine if (package.name, package.evr) in wanted]
        sources = {package.source_name for package in self.change}
        # Packages of changes before it are there without it, and not yet released.
        before = list(available.filter(reponame=others))
        self.released = [package for package in before if package.reponame == RELEASED]
        # An earlier patch set of this change is no package that will be released.
        elsewhere = {package.name for package in sack.query() if package.reponame not in (own, *others)}
        usable = taken(before, added, elsewhere)
        self.beside = newest([*usable, *(package for package in mine if package.source_name not in sources)])
        self._all = [*mine, *before]

    def joined(self) -> list[Any]:
        """What there is of ours with the change."""
        names = {package.name for package in self.change}
        return [*(package for package in self.beside if package.name not in names), *self.change]

    def broken(self, chosen: list[Any]) -> dict[str, list[str]]:
        """Those of ``chosen`` that cannot be installed when there is nothing else of ours, and why."""
        self._sack.reset_excludes()
        self._sack.add_excludes(self._sack.query().filter(pkg=sorted(set(self._all) - set(chosen))))
        left = abandoned(chosen, self.change)
        return {str(package): why for package in chosen if package not in left and (why := self._why_not(package))}

    def _why_not(self, package: Any) -> list[str]:
        # It is there only where this runs: in a bare system of RPM packages.
        import dnf.goal  # type: ignore[import-not-found,unused-ignore]

        goal = dnf.goal.Goal(self._sack)
        goal.install(package)
        if goal.run(ignore_weak_deps=True):
            return []
        said = [text for problem in goal.problem_rules() for text in problem if text != _EMPTY]
        return said or ["dnf gives no reason"]

    def shared(self) -> list[list[str]]:
        """A package of the change and another one with the same path, which may be the very same file, and no clash."""
        self._sack.reset_excludes()
        found = []
        names = {package.name for package in self.change}
        everything = self.joined()
        for package in self.change:
            paths = leaves(package.files)
            having = self._sack.query().filter(pkg=everything).filter(file=paths) if paths else []
            for other in having:
                if other.name != package.name and not (other.name in names and str(other) < str(package)):
                    found.append([str(package), str(other)])
        return found


def abandoned(packages: Iterable[Any], change: Iterable[Any]) -> list[Any]:
    """Those that the change's source packages made once, and make no more: nothing of the change could mend them."""
    sources, names = {package.source_name for package in change}, {package.name for package in change}
    return [package for package in packages if package.source_name in sources and package.name not in names]


def taken(packages: Iterable[Any], added: Iterable[str], elsewhere: Iterable[str]) -> list[Any]:
    """Those that dnf would take: of the repositories ``added`` only what nobody ``elsewhere`` has by that name."""
    behind, names = set(added), set(elsewhere)
    return [package for package in packages if package.reponame not in behind or package.name not in names]


def leaves(paths: Iterable[str]) -> list[str]:
    """``paths`` without the folders of others among them."""
    found = set(paths)
    return sorted(found - {parent for path in found for parent in _parents(path)})


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(2, len(parts))]


def newest(packages: Iterable[Any]) -> list[Any]:
    """One version of each."""
    chosen: dict[tuple[str, str], Any] = {}
    for package in packages:
        key = (package.name, package.arch)
        if key not in chosen or package > chosen[key]:
            chosen[key] = package
    return list(chosen.values())


def _described(package: Any) -> dict[str, str]:
    # A signature is part of a file's checksum, and differs between repositories.
    content = f"{package.buildtime} {package.installsize}"
    words = {"name": package.name, "version": package.evr, "architecture": package.arch}
    return {**words, "source": package.source_name or "", "content": content, "id": str(package)}


def main() -> None:
    """The program."""
    # Not installed here, as above.
    import dnf  # type: ignore[import-not-found,unused-ignore]

    asked = json.loads(sys.argv[1])
    base = dnf.Base()
    base.conf.cachedir = "/var/cache/dnf"
    if hasattr(base.conf, "optional_metadata_types"):
        base.conf.optional_metadata_types = ["filelists"]
    base.read_all_repos()
    base.fill_sack_from_repos_in_cache(load_system_repo=True)
    world = World(base.sack, asked["change"], asked["own"], asked["others"], asked["added"])
    answer = {
        "change": [_described(package) for package in world.change],
        "released": [_described(package) for package in world.released],
        "shared": world.shared(),
        "before": world.broken(world.beside),
        "after": world.broken(world.joined()),
    }
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
