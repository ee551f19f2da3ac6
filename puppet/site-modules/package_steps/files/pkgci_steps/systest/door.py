"""A program, run as root of a container's user namespace: runs a command in the container, as a unit of its systemd.

    door.py LEADER COMMAND…

LEADER is the container's PID 1, as the host numbers it. Input, output and exit status are the command's; what it leaves
behind is in a control group of the container. It stands alone: it is run by its path, and imports nothing of ours.
"""

from __future__ import annotations

import os
import sys

# What root has there, whoever comes in.
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
}
_NAMESPACES = ("--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd")
_START = ("systemd-run", "--quiet", "--pipe", "--wait", "--collect", "--service-type=exec")


def start(command: list[str]) -> list[str]:
    """The command that has systemd run ``command``."""
    variables = [f"--setenv={name}={value}" for name, value in ENVIRONMENT.items()]
    # systemd puts variables into the words of a command (systemd.service(5), "Command lines"): these have none of its.
    literal = [word.replace("$", "$$") for word in command]
    return [*_START, *variables, "--", *literal]


def words(leader: str, command: list[str]) -> list[str]:
    """The command that runs ``command`` in there."""
    return ["nsenter", "--target", leader, *_NAMESPACES, *start(command)]


if __name__ == "__main__":
    found = words(sys.argv[1], sys.argv[2:])
    os.execvp(found[0], found)  # noqa: S606
