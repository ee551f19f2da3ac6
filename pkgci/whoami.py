"""Who uses pkgci, and where: what hosts tell others while they are being worked on."""

from __future__ import annotations

import os
import pwd
import socket


def operator() -> str:
    """The user and machine, as in ``alice@laptop``; a user without a name is its number, as in ``uid 54321@laptop``."""
    return f"{_user(os.getuid())}@{socket.gethostname()}"


def ensure_name() -> None:
    """Gives a user that is only a number a name in the environment: libraries for SSH ask for one, and fail without."""
    if not any(os.environ.get(name) for name in ("LOGNAME", "USER", "LNAME", "USERNAME")):
        os.environ["LOGNAME"] = _user(os.getuid()).replace(" ", "-")


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"uid {number}"
