"""What a Gerrit for tests has: accounts, groups, and projects with rights, labels and submit requirements."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

ADMINISTRATORS, SERVICE_USERS = "794875c9", "1df03f23"
PASSWORD = "s3cret-of-the-administrator"


def default_access() -> dict[str, Any]:
    """The access rights that init gives to All-Projects, as far as they matter here."""
    allow = {"action": "ALLOW", "force": False}
    return {
        "GLOBAL_CAPABILITIES": {
            "permissions": {
                "administrateServer": {"rules": {ADMINISTRATORS: dict(allow)}},
                "streamEvents": {"rules": {SERVICE_USERS: dict(allow)}},
            }
        },
        "refs/heads/*": {
            "permissions": {
                "read": {"rules": {"global:Anonymous-Users": dict(allow)}},
                "submit": {"rules": {ADMINISTRATORS: dict(allow), "global:Project-Owners": dict(allow)}},
                "label-Code-Review": {
                    "label": "Code-Review",
                    "rules": {"global:Registered-Users": {**allow, "min": -1, "max": 1}},
                },
            }
        },
        "refs/meta/config": {"permissions": {"read": {"exclusive": True, "rules": {ADMINISTRATORS: dict(allow)}}}},
    }


def label(name: str, low: int, high: int, **more: Any) -> dict[str, Any]:
    """A label's definition."""
    values = {f"{value:+d}" if value else " 0": f"text {value}" for value in range(low, high + 1)}
    return {"name": name, "function": "NoBlock", "values": values, "default_value": 0, "can_override": True, **more}


class Project:
    """One project: its access rights, labels, submit requirements and branches."""

    def __init__(self, parent: str | None = "All-Projects") -> None:
        self.parent = parent
        self.access: dict[str, Any] = {}
        self.labels: dict[str, dict[str, Any]] = {}
        self.requirements: dict[str, dict[str, Any]] = {}
        self.branches: list[str] = []
        self.submit_type = "MERGE_IF_NECESSARY"


class FakeGerrit:
    """What it has, the requests so far, and how one logs in."""

    def __init__(self) -> None:
        self.version = "3.11.0"
        self.become_anybody = True
        self.old = False
        self.accounts: dict[str, dict[str, Any]] = {"admin": {"id": 1000000, "keys": [], "active": True}}
        self.groups = {"Administrators": ADMINISTRATORS, "Service Users": SERVICE_USERS}
        self.members: dict[str, set[str]] = {"Administrators": {"admin"}, "Service Users": set()}
        self.owners: dict[str, str] = {}
        root = Project(None)
        root.access = default_access()
        root.labels["Code-Review"] = label("Code-Review", -2, 2, function="MaxWithBlock")
        self.projects = {"All-Projects": root}
        self.requests: list[str] = []
        self.wrong: Callable[[Any], bool] = lambda _: False
        self.url = ""
        self.lock = threading.RLock()

    def writes(self) -> list[str]:
        """The requests that changed something."""
        return [one for one in self.requests if not one.startswith("GET")]

    def project(self, name: str, *branches: str, parent: str = "All-Projects") -> Project:
        """A new project."""
        made = self.projects[name] = Project(parent)
        made.branches = list(branches)
        return made

    def allow(self, project: str, ref: str, permission: str, group: str, **rule: Any) -> None:
        """Gives a right, as somebody else than pkgci."""
        section = self.projects[project].access.setdefault(ref, {"permissions": {}})
        found = section["permissions"].setdefault(permission, {"rules": {}})
        exclusive = rule.pop("exclusive", None)
        if exclusive is not None:
            found["exclusive"] = exclusive
        found["rules"][group] = {"action": "ALLOW", "force": False, **rule}

    def groups_of(self, user: str) -> list[str]:
        """The UUIDs of an account's groups."""
        own = [uuid for name, uuid in self.groups.items() if user in self.members[name]]
        return ["global:Anonymous-Users", "global:Registered-Users", *own]

    def has(self, user: str, capability: str) -> bool:
        """Whether an account has a global capability."""
        permissions = self.projects["All-Projects"].access.get("GLOBAL_CAPABILITIES", {}).get("permissions", {})
        return any(group in permissions.get(capability, {}).get("rules", {}) for group in self.groups_of(user))
