"""What a root is for."""

from __future__ import annotations

from enum import Enum


class Purpose(Enum):
    """What a root is for, as in its file's name."""

    BUILD = "build"  # packages are built in it: what every build needs is there, with apt's lists
    TEST = "test"  # packages are installed in it: the distribution's standard minimal system
    SYSTEM = "system"  # it is booted: with systemd, as a small server
