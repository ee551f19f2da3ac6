"""A program, started in the step's control group: makes one below that, hands it to the account's subordinate ids, and
becomes a system.

    python3 -m pkgci_steps.systest.scope ROOT WORD…

WORD… lead to where the system's files are: into a user namespace of those ids.

The system's PID 1 manages control groups as on any machine; those below its own are all that it can change.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

from ..scope import groups

# What a delegated control group consists of (cgroups(7), "Cgroups delegation").
_DELEGATED = (".", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads")
_ISOLATED = ("unshare", "--mount", "--pid", "--net", "--ipc", "--uts", "--cgroup", "--fork", "--kill-child")


def own_group() -> Path:
    """The folder of a new control group (version 2), beside that of the step's programs, with this process in it.

    Raises ``OSError``.
    """
    programs = groups.folders(Path("/proc/self/cgroup").read_text())[groups.UNIFIED]
    own = programs.parent / f"system-{secrets.token_hex(4)}"
    own.mkdir()
    (own / "cgroup.procs").write_text(str(os.getpid()))
    return own


def main() -> None:
    """Becomes the system's parent, or ends with status 125."""
    try:
        group = own_group()
    except OSError as error:
        print(f"no control group can be made for it: {error}", flush=True)
        sys.exit(125)
    files = [str(group / name) for name in _DELEGATED]
    # Only here the account's own id is one of the namespace. 1 is the first of the subordinate ones: the system's 0.
    given = subprocess.run(["unshare", "--map-root-user", "--map-auto", "chown", "1:1", *files], check=False)
    if given.returncode != 0:
        print(f"the control group {group} cannot be handed over", flush=True)
        sys.exit(125)
    root, *inside = sys.argv[1:]
    words = [*inside, *_ISOLATED, sys.executable, "-m", "pkgci_steps.systest.boot", root]
    os.execvp(words[0], words)  # noqa: S606


if __name__ == "__main__":
    main()
