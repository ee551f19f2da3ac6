"""A program, run as nobody: runs a command in a virtual machine, as a unit of its systemd.

    vm_door.py CONTROL COMMAND…

CONTROL is the socket of the SSH connection that is held open. Input, output and exit status are the command's. It
stands alone: it is run by its path, and imports nothing of ours but the container's door beside it.
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import door
else:
    sys.path.insert(0, str(Path(__file__).parent))
    import door

_OPTIONS = ("-F", "none", "-o", "BatchMode=yes", "-o", "ProxyCommand=false", "-o", "LogLevel=ERROR")


def words(control: str, command: list[str]) -> list[str]:
    """The command that runs ``command`` in there."""
    # The SSH server runs from the disk with tools: into the system's own mounts.
    line = shlex.join(["nsenter", "--target", "1", "--mount", "--wd=/", *door.start(command)])
    return ["ssh", *_OPTIONS, "-o", f"ControlPath={control}", "root@machine", line]


if __name__ == "__main__":
    found = words(sys.argv[1], sys.argv[2:])
    os.execvp(found[0], found)  # noqa: S606 (an argument list)
