"""What a build made, once it was looked into: which packages, of which source, in which files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..inputs import Inputs
from .manifest import File
from .relations import Relation

# The end of a version that is no release, whichever change it is of.
_ANY = r"~c[0-9]+\.[0-9]+"


@dataclass(frozen=True)
class Built:
    """A source package, its version, and the files to publish. ``named`` are the packages that it says it makes.

    ``relations`` and ``marks`` are what its packages say of others, and of themselves (``stanza.marks``): by the name
    of a package.
    """

    source: str
    version: str
    files: tuple[File, ...]
    relations: Mapping[str, tuple[Relation, ...]] = field(default_factory=dict)
    marks: Mapping[str, frozenset[str]] = field(default_factory=dict)
    named: frozenset[str] = frozenset()


def check_version(version: str, what: str, inputs: Inputs) -> None:
    """The version of a source package is that of a release in the gate, and before it sorts before one.

    A distribution's mark may follow, as in ``1~c5.2.el9``. Raises ``ValueError`` in words.
    """
    check_own_version(version, what, inputs)
    suffix = f"~c{inputs.change or '0'}.{inputs.patchset or '0'}"
    if not inputs.is_release and not re.search(rf"{re.escape(suffix)}(\.[A-Za-z_][A-Za-z0-9_]*)?$", version):
        raise ValueError(
            f"{what} has the version {version}, which does not end with {suffix}: it may pass for a release"
        )


def check_own_version(version: str, what: str, inputs: Inputs) -> None:
    """The version of a package, which need not be its source's, is no check build's in the gate.

    A package may choose its own (``dh_gencontrol -- -v12.2.0-1``). Before the gate it may be any: whose build it is,
    its source's version says. Raises ``ValueError`` in words.
    """
    if inputs.is_release and release_version(version) != version:
        raise ValueError(f"{what} has the version {version}, which is no release: the gate publishes releases")


def release_version(version: str) -> str:
    """The version that the release would have, of a version that may be a check build's."""
    return re.sub(rf"{_ANY}(?=(?:\.[A-Za-z0-9_]+)?$)", "", version)
