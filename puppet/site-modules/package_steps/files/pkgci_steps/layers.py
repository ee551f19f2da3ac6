"""Systems that are there at once: a layer on a tree that many use, by overlayfs; where there is none, a copy of it.

Who works in one is root of a user namespace. Its ids are the account's subordinate ones (/etc/subuid), and the tree is
theirs: nothing of it is written to, whatever happens in a layer.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from . import hold
from .status import Ended, Status
from .step import Step

# Ids 0 to 65535 are the first that the account has in /etc/subuid; its own is none of them.
NAMESPACE = ("unshare", "--map-auto", "--setuid", "0", "--setgid", "0")
# The namespaces of a command in a system, beside that of its network; all that it started ends with it.
ISOLATED = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--ipc", "--uts")
# In the folder of a tree: the system itself.
ROOT = "root"


@dataclass(frozen=True)
class System:
    """A system in ``folder``, for who works ``inside``: these words go before a command's.

    ``layers`` are the folders that it is made of, the uppermost first.
    """

    folder: Path
    inside: tuple[str, ...]
    layers: tuple[Path, ...]

    @property
    def outside(self) -> Path:
        """The same folder, for this account: what everybody may read of it."""
        return Path(f"/proc/{self.inside[self.inside.index('--target') + 1]}/root{self.folder}")


@contextmanager
def claimed(tree: Path) -> Iterator[Path]:
    """The folder that the link ``tree`` names, which stays until the end, also where another takes its place meanwhile.

    Raises ``Ended`` (infrastructure) where there is none.
    """
    for _ in range(100):
        folder = tree.resolve()
        try:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            continue
        try:
            # Who removes a folder holds it alone before, and looks whether it is still the one that is wanted.
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            if (folder / ROOT).is_dir():
                yield folder
                return
        finally:
            os.close(descriptor)
    raise Ended(Status.INFRASTRUCTURE, f"{tree} is gone: `pkgci-chroots` makes it")


@contextmanager
def layer(step: Step, holder: Path, below: Sequence[Path], namespace: Sequence[str] = ()) -> Iterator[System]:
    """A system made of the folders ``below``, the uppermost first, which nobody changes meanwhile.

    ``holder`` is a folder of this account's; what is written lies in there. ``namespace`` are the words of a program
    that leads to the user namespace, and takes ``--mount`` for new mounts: NAMESPACE where none are given. Raises
    ``Ended`` (infrastructure).
    """
    folder = handed_over(step, holder / f"layer-{secrets.token_hex(4)}")
    process = subprocess.Popen(
        [*(namespace or NAMESPACE), "--mount", "/usr/bin/python3", "-I", hold.__file__, folder, *below],
        cwd="/",
        env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    said = cast(BinaryIO, process.stdout)
    try:
        word, _, why = said.readline().decode(errors="replace").strip().partition(" ")
        target = ("nsenter", "--target", str(process.pid), "--user", "--mount", "--setuid", "0", "--setgid", "0")
        if word == hold.MOUNTED:
            yield System(folder / "root", target, (folder / "upper", *below))
        elif word == hold.REFUSED and len(below) == 1:
            if step.details.get("roots") != "copied":
                step.details["roots"] = "copied"
                step.log.say(f"no overlay can be mounted here ({why}): roots are copied, which takes longer")
            copy: list[str | Path] = [*target, "cp", "--archive", "--reflink=auto", f"{below[0]}/.", folder / "root"]
            step.programs.must("copy a root", copy)
            yield System(folder / "root", target, (folder / "root",))
        else:
            raise Ended(Status.INFRASTRUCTURE, f"no root can be made in a user namespace: {word} {why}".rstrip())
    finally:
        cast(BinaryIO, process.stdin).close()
        process.kill()
        process.wait()
        said.close()


def handed_over(step: Step, folder: Path) -> Path:
    """A new folder, in a traversable one, that belongs to the namespace's root. Raises ``Ended`` (infrastructure)."""
    folder.mkdir()
    # Only here the account's own id is one of the namespace: to hand the empty folder over.
    step.programs.must("hand a folder over", ["unshare", "--map-root-user", "--map-auto", "chown", "1:1", str(folder)])
    return folder
