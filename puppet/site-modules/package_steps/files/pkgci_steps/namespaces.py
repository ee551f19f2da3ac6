"""Work in a user namespace of one's own: as somebody who is root there, and on the host nobody.

Who works there owns no file of the host, the keys of the account that runs jobs included, and reads only what everybody
may read. Files made there belong to an identity of /etc/subuid; only in such a namespace can they be removed.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from .layers import ISOLATED
from .settings import WORK
from .status import Ended, Status
from .step import Step
from .tidy import claim, removed

# Runs a command in namespaces of its own (users, mounts, processes), as their root.
INSIDE = ("mmdebstrap", "--unshare-helper")
# As an ordinary user of it, who becomes nobody else.
ANYBODY = ("setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "--no-new-privs", "--")
_BARE = Path(__file__).with_name("bare.py")


@contextmanager
def traversable(step: Step, above: Path) -> Iterator[Path]:
    """A new folder in ``above``, which namespaces can read. It is gone afterwards, with what they left in it."""
    folder = Path(tempfile.mkdtemp(prefix=".work-", dir=above))
    folder.chmod(0o755)
    claimed = claim(folder)
    try:
        yield folder
    finally:
        os.close(claimed)
        if not remove(folder):
            step.log.say(f"{folder} could not be removed: the next night does it")


def offline(
    step: Step,
    command: Sequence[str | Path],
    folder: Path,
    *,
    environment: Mapping[str, str] | None = None,
) -> int:
    """Runs ``command`` in a bare system, not as root, without any network, not even to this host; returns its status.

    It works in ``folder``, which everybody may write to. Raises ``Ended`` (infrastructure) where there is no inside.
    """
    file = folder / f".status-{secrets.token_hex(8)}"
    script = 'status=$1; shift; "$@"; echo "$?" >"$status"'
    step.programs.run([*bare(folder), "sh", "-c", script, "sh", file, *command], environment=environment, folder=folder)
    if not file.exists():
        raise Ended(Status.INFRASTRUCTURE, f"no user namespace can be made: `{' '.join(INSIDE)} id` must work here")
    return int(file.read_text())


def bare(folder: Path, inside: Sequence[str] = INSIDE, who: Sequence[str] = ANYBODY) -> list[str | Path]:
    """The words before a command that works in ``folder``, in a bare system (``bare.py``), as an ordinary user of it.

    All of the traversable folder that ``folder`` is in is there, too. ``inside`` leads to a user namespace, ``who`` are
    the words that make its root somebody else.
    """
    whole = WORK / folder.relative_to(WORK).parts[0] if WORK in folder.parents else folder
    return [*inside, *ISOLATED, "--net", "--", "/usr/bin/python3", "-I", _BARE, whole, *who]


def remove(folder: Path) -> bool:
    """Removes ``folder``, also what in it belongs to identities of namespaces, also while this program is asked to end.

    Whether it is gone.
    """
    with suppress(OSError):
        removed(folder)
    for foreign in _foreign(folder):
        subprocess.run(
            [*INSIDE, "find", foreign, "-mindepth", "1", "-delete"], cwd="/", capture_output=True, check=False
        )
        with suppress(OSError):
            foreign.rmdir()
    with suppress(OSError):
        removed(folder)
    return not folder.exists()


def _foreign(folder: Path) -> list[Path]:
    """The topmost folders in ``folder`` that belong to somebody else."""
    search = ["find", str(folder), "-mindepth", "1", "-type", "d", "!", "-uid", str(os.geteuid()), "-prune", "-print0"]
    found = subprocess.run(search, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
    return [Path(os.fsdecode(name)) for name in found.split(b"\0") if name]
