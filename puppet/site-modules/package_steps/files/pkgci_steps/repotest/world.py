"""The packages that are ours: those of the change, and the released ones that it would join. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..report import Case
from ..status import Status

Older = Callable[[str, str], bool]


@dataclass(frozen=True)
class Package:
    """A package of an index. ``stanza`` is its paragraph there, ``fields`` the same by name.

    ``source`` is the source package's name; ``sha256`` the checksum of its file.
    """

    name: str
    version: str
    architecture: str
    source: str
    sha256: str
    fields: Mapping[str, str] = field(default_factory=dict, compare=False)
    stanza: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def newest(packages: Iterable[Package], is_older: Older) -> list[Package]:
    """One version of each package, as its users get it."""
    chosen: dict[tuple[str, str], Package] = {}
    for package in packages:
        key = (package.name, package.architecture)
        if key not in chosen or is_older(chosen[key].version, package.version):
            chosen[key] = package
    return list(chosen.values())


def joined(released: Sequence[Package], change: Sequence[Package]) -> list[Package]:
    """What there is with the change: its packages in place of released ones of the same name."""
    names = {package.name for package in change}
    return [*(package for package in released if package.name not in names), *change]


def abandoned(beside: Sequence[Package], change: Sequence[Package]) -> list[Package]:
    """Those ``beside`` that the change's source packages made once, and make no more.

    They stay, and may break: nothing of the change could mend them.
    """
    sources, names = {package.source for package in change}, {package.name for package in change}
    return [package for package in beside if package.source in sources and package.name not in names]


def version_cases(released: Sequence[Package], change: Sequence[Package], is_older: Older) -> list[Case]:
    """A case for each package of the change: its version, beside every released one of its name."""
    cases = []
    for package in change:
        wrong = [text for other in released if (text := _version_clash(package, other, is_older))]
        status = Status.FAILED if wrong else Status.PASSED
        cases.append(Case(f"{package.name}: version", status, wrong[0] if wrong else "", "\n".join(wrong)))
    return cases


def _version_clash(package: Package, other: Package, is_older: Older) -> str:
    if other.name != package.name or other.architecture != package.architecture:
        return ""
    if is_older(package.version, other.version):
        return f"{other} is released: {package.version} is older, and nobody would get it; give it a higher version"
    if package.version == other.version and package.sha256 != other.sha256:
        return f"{other} is released with another content: give this one a higher version"
    if package.source != other.source:
        return f"{other} is released from the source package {other.source}, this one is from {package.source}"
    return ""
