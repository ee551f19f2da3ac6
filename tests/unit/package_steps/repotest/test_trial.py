"""What dpkg's own words mean, where two packages with one path are unpacked (recorded with dpkg 1.21 and 1.22)."""

from __future__ import annotations

from typing import Any, cast

import pytest
from pkgci_steps.install.apt import Apt
from pkgci_steps.install.root import Said
from pkgci_steps.repotest import trial

from .conftest import package

PATHS = ["/usr/bin/zz", "/usr/share/zz"]
TAKEN = """dpkg: error processing archive /d/b.deb (--unpack):
 trying to overwrite '/usr/bin/zz', which is also in package a 1
Errors were encountered while processing:
"""
EXCLUDED = """dpkg: regarding /d/e.deb containing e:
 e conflicts with a
dpkg: error processing archive /d/e.deb (--unpack):
 conflicting packages - not installing e
"""
SCRIPT = """dpkg: error processing archive /d/g.deb (--unpack):
 new g package pre-installation script subprocess returned error exit status 1
"""
DIVERTED = "Adding 'diversion of /usr/bin/zz to /usr/bin/zz.distrib by c'\n"


class Root:
    """A root where dpkg answers."""

    def __init__(self, status: int, unpacked: str, verified: str) -> None:
        self.root = self
        self.called: list[tuple[str, ...]] = []
        self.is_closed = False
        self._answers = {"--unpack": Said(status, unpacked), "--verify": Said(0, verified)}

    def run(self, *command: str, **_: Any) -> Said:
        self.called.append(command)
        assert self.is_closed is ("download" not in " ".join(command)), command
        return next((said for word, said in self._answers.items() if word in command), Said(0, ""))

    def close(self) -> None:
        self.is_closed = True

    def sums(self, _: str) -> dict[str, str]:
        return {f"{name}-1": f"/tmp/{name}.deb" for name in ("a", "b")}


@pytest.mark.parametrize(
    ("status", "unpacked", "verified", "taken"),
    [
        (1, TAKEN, "", ["/usr/bin/zz"]),
        (0, DIVERTED, "", []),
        (1, EXCLUDED, "", []),
        # Where a script of the package fails in that root, nobody knows: what both have is told.
        (1, SCRIPT, "", PATHS),
        # One has /bin/zz, the other /usr/bin/zz: dpkg overwrites one without a word.
        (0, "", "??5??????   /bin/zz\nmissing     /usr/share/man/man1/zz.1.gz\n", ["/usr/bin/zz"]),
        (0, "", "??5?????? c /etc/zz\n", []),
    ],
)
def test_dpkg_says_which_of_two_packages_files_are_lost(
    status: int, unpacked: str, verified: str, taken: list[str]
) -> None:
    root = Root(status, unpacked, verified)
    assert trial.overwritten(cast(Apt, root), package("a"), package("b"), PATHS) == taken
    assert ("dpkg", "--force-depends", "--unpack", "/tmp/a.deb", "/tmp/b.deb") in root.called
