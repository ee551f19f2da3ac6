"""What a package says of others, as far as it can take their place, or take them away. Pure.

Debian's packages: Provides has others' dependencies met by this package; for Conflicts and Breaks apt removes the other
one; Replaces has dpkg write over its files. RPM packages: Provides as there; for Obsoletes dnf puts this package in the
other one's place without being asked, for Conflicts it removes or keeps away the other one; Supplements has it
installed wherever the other one is. Depends, Recommends, Suggests and Enhances take nothing from anybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from . import versions

PROVIDES, SUPPLEMENTS = "Provides", "Supplements"
DEB_FIELDS = (PROVIDES, "Conflicts", "Breaks", "Replaces")
# They hold for versions below one only, and so for none that comes after it.
_BELOW = ("<<", "<=", "<", "=")
_DEB = re.compile(r"([a-z0-9][a-z0-9+.-]+)(?::[a-z0-9-]+)?(?:\s*\(\s*(<<|<=|>=|>>|=|<|>)\s*([^\s()]+)\s*\))?")


@dataclass(frozen=True)
class Relation:
    """``word`` is the field's or tag's; ``operator`` and ``version`` are '' where it holds for all versions."""

    word: str
    name: str
    operator: str = ""
    version: str = ""

    def __str__(self) -> str:
        return f"{self.word}: {self.name}" + (f" ({self.operator} {self.version})" if self.operator else "")

    @property
    def is_of_older_ones(self) -> bool:
        """Whether it holds for no version from some version on."""
        return self.word not in (PROVIDES, SUPPLEMENTS) and self.operator in _BELOW

    def spares(self, newest: str, kind: str) -> bool:
        """Whether it leaves the version ``newest`` of the other package alone, and each one that comes after that.

        For then apt and dnf upgrade the other package, and need not remove it. ``newest`` is '' where there is none.
        """
        if not self.is_of_older_ones:
            return False
        if kind == "rpm" and "-" not in self.version:
            newest = newest.partition("-")[0]  # a version without a release is that of all releases
        if not newest or versions.is_older(kind, self.version, newest):
            return True
        return self.operator in ("<<", "<") and not versions.is_older(kind, newest, self.version)


def of_deb(fields: Mapping[str, str]) -> tuple[Relation, ...]:
    """Those in control data, whose names are in lower case. Raises ``ValueError`` in words."""
    return tuple(relation for word in DEB_FIELDS for relation in _listed(word, fields.get(word.lower(), "")))


def _listed(word: str, text: str) -> Iterable[Relation]:
    # dpkg takes a list of alternatives for neither of these fields; whoever does takes each of them.
    for item in re.split(r"[,|]", text):
        words = item.strip()
        if not words:
            continue
        found = _DEB.fullmatch(words)
        if not found:
            raise ValueError(f"its {word} is not acceptable: {words[:60]!a}")
        name, operator, version = found.groups(default="")
        if operator and not re.fullmatch(versions.DEB, version):
            raise ValueError(f"its {word} is not acceptable: {words[:60]!a}")
        # < and > are old words for <= and >=.
        yield Relation(word, name, {"<": "<=", ">": ">="}.get(operator, operator), version)
