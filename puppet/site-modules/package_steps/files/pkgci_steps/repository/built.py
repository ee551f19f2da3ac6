"""What a build made, once it was looked into: which packages, of which source, in which files."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..inputs import Inputs
from .manifest import File

# The end of a version that is no release, whichever change it is of.
_ANY = r"~c[0-9]+\.[0-9]+"


@dataclass(frozen=True)
class Built:
    """A source package, its version, and the files to publish."""

    source: str
    version: str
    files: tuple[File, ...]


def check_version(version: str, what: str, inputs: Inputs) -> None:
    """The version is that of a release in the gate, and before it sorts before one. Raises ``ValueError`` in words.

    A distribution's mark may follow, as in ``1~c5.2.el9``.
    """
    if inputs.is_release:
        if re.search(rf"{_ANY}(\.[A-Za-z0-9_]+)?$", version):
            raise ValueError(f"{what} has the version {version}, which is no release: the gate publishes releases")
        return
    suffix = f"~c{inputs.change or '0'}.{inputs.patchset or '0'}"
    if not re.search(rf"{re.escape(suffix)}(\.[A-Za-z_][A-Za-z0-9_]*)?$", version):
        raise ValueError(
            f"{what} has the version {version}, which does not end with {suffix}: it may pass for a release"
        )
