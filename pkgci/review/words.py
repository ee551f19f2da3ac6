"""Gerrit's own words for what is in it, and where its web interface has that."""

from __future__ import annotations

from dataclasses import dataclass

from pkgci.model.review import AUTH_TYPES, Auth

# The project that all others inherit from, unless a Gerrit calls it otherwise.
ALL_PROJECTS = "All-Projects"
ADMINISTRATORS = "Administrators"
SERVICE_USERS = "Service Users"
REGISTERED_USERS = "Registered Users"
REGISTERED_UUID = "global:Registered-Users"
# The refs of branches, as a section of access rights names them.
BRANCHES = "refs/heads/*"
# The file of a project's settings, on its branch refs/meta/config.
CONFIG = "project.config"
# What lets everybody log in as anybody.
BECOME_ANYBODY = AUTH_TYPES[Auth.DEVELOPMENT]

# REST's name of a permission or a capability → what the web interface calls it.
TITLES = {"read": "Read", "submit": "Submit", "streamEvents": "Stream Events"}


@dataclass(frozen=True)
class Range:
    """The lowest and the highest vote."""

    low: int
    high: int

    def covers(self, other: Range) -> bool:
        """Whether every vote of ``other`` is one of these."""
        return self.low <= other.low and other.high <= self.high

    def __str__(self) -> str:
        return f"{signed(self.low)}..{signed(self.high)}"


def signed(vote: int) -> str:
    """A vote as Gerrit writes it: -1, 0, +1."""
    return f"{vote:+d}" if vote else "0"


def branch(ref: str) -> str:
    """A branch's full name."""
    return ref if ref.startswith("refs/") else f"refs/heads/{ref}"


def short(ref: str) -> str:
    """A branch's name as people say it."""
    return ref.removeprefix("refs/heads/")


def title(permission: str) -> str:
    """What Gerrit's web interface calls a permission."""
    return TITLES.get(permission) or permission.replace("label-", "Label ")


def access_page(project: str, ref: str) -> str:
    """Where a project's rights on a ref are set, in the web interface."""
    return f"BROWSE → Repositories → {project} → Access → {ref}"


def capabilities_page(root: str) -> str:
    """Where the capabilities of the whole server are set, in the web interface."""
    return f"BROWSE → Repositories → {root} → Access → Global Capabilities"


def config_place(project: str) -> str:
    """Where a project's labels and submit requirements are set."""
    return f"{CONFIG} of {project} (its branch refs/meta/config)"


def group_page(group: str) -> str:
    """Where a group's members are set, in the web interface."""
    return f"BROWSE → Groups → {group} → Members"
