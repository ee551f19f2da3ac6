"""A program, started in a control group of its own: hands that to the account's subordinate ids and becomes a system.

    python3 -m pkgci_steps.systest.scope ROOT WORD…

WORD… lead to where the system's files are: into a user namespace of those ids.

The system's PID 1 manages control groups as on any machine; those below its own are all that it can change.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
# What a delegated control group consists of (cgroups(7), "Cgroups delegation").
_DELEGATED = (".", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads")
_ISOLATED = ("unshare", "--mount", "--pid", "--net", "--ipc", "--uts", "--cgroup", "--fork", "--kill-child")


def own_group(text: str, mounted: Path = _CGROUPS) -> Path:
    """The folder of this process' control group (version 2), from /proc/self/cgroup's ``text``."""
    name = next(line[3:] for line in text.splitlines() if line.startswith("0::"))
    hybrid = mounted / "unified"
    return (hybrid if hybrid.is_dir() else mounted) / name.lstrip("/")


def main() -> None:
    """Becomes the system's parent, or ends with status 125."""
    group = own_group(Path("/proc/self/cgroup").read_text())
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
