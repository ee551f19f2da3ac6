"""Permissions as the real one names them in its answers: their class names, and what else would do."""

from __future__ import annotations

_GENERIC = "hudson.security.Permission"
_ADMINISTER = "hudson.model.Hudson.Administer"
_OWNERS = {
    "Overall": "hudson.model.Hudson",
    "Job": "hudson.model.Item",
    "View": "hudson.model.View",
    "Agent": "hudson.model.Computer",
    "Run": "hudson.model.Run",
}
# What a permission stands under.
_UNDER = {
    "Configure": ("GenericConfigure", "GenericUpdate", "GenericWrite"),
    "Create": ("GenericCreate", "GenericWrite"),
    "Delete": ("GenericDelete", "GenericWrite"),
    "Build": ("GenericUpdate", "GenericWrite"),
    "Cancel": ("GenericUpdate", "GenericWrite"),
    "Read": ("GenericRead",),
}


def identity(permission: str) -> str:
    """The real one's name for ``Group/Name``."""
    group, _, name = permission.partition("/")
    return f"{_OWNERS.get(group, group)}.{name}"


def headers(user: str, permission: str) -> tuple[tuple[str, str], ...]:
    """What the real one tells a user who lacks a permission."""
    group, _, name = permission.partition("/")
    under = _UNDER.get(name, ()) if group in ("Job", "View") else ()
    implied = [*(f"{_GENERIC}.{generic}" for generic in under), *([_ADMINISTER] if name != "Administer" else [])]
    return (
        ("X-You-Are-Authenticated-As", user),
        (
            "X-You-Are-In-Group-Disabled",
            "JENKINS-39402: use -Dhudson.security.AccessDeniedException2.REPORT_GROUP_HEADERS=true "
            "or use /whoAmI to diagnose",
        ),
        ("X-Required-Permission", identity(permission)),
        *(("X-Permission-Implied-By", each) for each in implied),
    )
