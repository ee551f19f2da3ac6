"""Work in a user namespace of one's own: as somebody who is root there, and on the host nobody.

Who works there owns no file of the host, the keys of the account that runs jobs included, and reads only what everybody
may read. Files made there belong to an identity of /etc/subuid; only in such a namespace can they be removed.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .step import Step

# Runs a command in namespaces of its own (users, mounts, processes), as their root.
INSIDE = ("mmdebstrap", "--unshare-helper")
# The same without any network, not even to this host.
INSIDE_OFFLINE = (*INSIDE, "unshare", "--net", "--")


@contextmanager
def traversable(step: Step, above: Path) -> Iterator[Path]:
    """A new folder in ``above``, which namespaces can go through and nobody can list. It is gone afterwards, with what
    namespaces left in it."""
    folder = Path(tempfile.mkdtemp(prefix=".work-", dir=above))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        remove(step, folder)


def remove(step: Step, folder: Path) -> None:
    """Removes ``folder``, also what in it belongs to identities of namespaces."""
    shutil.rmtree(folder, ignore_errors=True)
    for foreign in _foreign(folder):
        step.programs.run([*INSIDE, "find", foreign, "-mindepth", "1", "-delete"], folder=Path("/"))
    shutil.rmtree(folder, ignore_errors=True)


def _foreign(folder: Path) -> list[Path]:
    """The topmost folders in ``folder`` that belong to somebody else."""
    found = []
    for place, names, _ in os.walk(folder):
        others = [name for name in names if (Path(place) / name).lstat().st_uid != os.geteuid()]
        found += [Path(place) / name for name in others]
        names[:] = [name for name in names if name not in others]
    return found
