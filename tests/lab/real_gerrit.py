"""How a real Gerrit in a lab is set otherwise, over REST as its administrator: what to send, and what sets it back."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import quote

from pkgci.model.site import Site
from pkgci.review.connection import Connection
from pkgci.review.opening import opened
from pkgci.review.server import group_path, project_path
from pkgci.review.wanted import VERIFIED, site_wanted
from pkgci.review.words import ALL_PROJECTS, REGISTERED_UUID

_ANONYMOUS = "global:Anonymous-Users"


class Request(NamedTuple):
    """A request to REST."""

    method: str
    path: str
    body: Any


class Setting(NamedTuple):
    """What sets something otherwise, and what sets it back."""

    otherwise: Request
    back: Request


def send(site: Site, request: Request) -> None:
    """Sends ``request`` as the administrator. The connection is a new one: Gerrit closes those that wait."""
    with opened(site, None, None) as gerrit:
        gerrit.connection.send(*request, "set something otherwise")


def setting(site: Site, name: str, value: str, project: str) -> Setting:
    """The setting ``name`` of the stand-in's commands, for a real Gerrit."""
    with opened(site, None, None) as gerrit:
        if name == "verified-range":
            return verified_range(gerrit.connection, project, int(value))
        if name == "submit-right":
            return no_submit(gerrit.connection, project, site_wanted(site).group)
        if name == "anonymous-read":
            return no_anonymous_read(gerrit.connection)
        raise ValueError(f"there is no setting {name} of a real Gerrit")


def verified_range(connection: Connection, project: str, highest: int) -> Setting:
    """The label Verified has votes up to ``highest`` only."""
    path = f"{project_path(project)}/labels/{quote(VERIFIED)}"
    values = connection.data(path, "show the label")["values"]
    fewer = {vote: text for vote, text in values.items() if abs(int(vote)) <= highest}
    return Setting(Request("PUT", path, {"values": fewer}), Request("PUT", path, {"values": values}))


def no_submit(connection: Connection, project: str, group: str) -> Setting:
    """The CI's group may not submit."""
    identity = connection.data(group_path(group), "show the group")["id"]
    path, rights = _rights(connection, project, "submit", identity)
    return Setting(Request("POST", path, {"remove": rights}), Request("POST", path, {"add": rights}))


def no_anonymous_read(connection: Connection) -> Setting:
    """Who has not logged in may read nothing; who has, may read what all might."""
    path, anonymous = _rights(connection, ALL_PROJECTS, "read", _ANONYMOUS)
    already = _rights(connection, ALL_PROJECTS, "read", REGISTERED_UUID)[1]
    registered = {ref: _right("read", REGISTERED_UUID, {"action": "ALLOW"}) for ref in anonymous if ref not in already}
    return Setting(
        Request("POST", path, {"remove": anonymous, "add": registered}),
        Request("POST", path, {"remove": registered, "add": anonymous}),
    )


def _rights(connection: Connection, project: str, permission: str, group: str) -> tuple[str, dict[str, Any]]:
    """Where a project's own rights are in REST, and those of ``group`` to ``permission``: ref → what it has there."""
    path = f"{project_path(project)}/access"
    access = connection.data(path, "show the access rights")["local"]
    rules = {ref: section["permissions"].get(permission, {}).get("rules", {}) for ref, section in access.items()}
    return path, {ref: _right(permission, group, found[group]) for ref, found in rules.items() if group in found}


def _right(permission: str, group: str, rule: Any) -> dict[str, Any]:
    return {"permissions": {permission: {"rules": {group: rule}}}}


def mark(number: int, what: str) -> Request:
    """Marks a change as ``wip`` or ``ready``."""
    return Request("POST", f"/changes/{number}/{what}", {})
