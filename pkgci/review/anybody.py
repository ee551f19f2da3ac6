"""What Gerrit shows to anybody of the site's projects, asked from this machine where Zuul's host does not reach it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from pkgci.errors import PkgciError
from pkgci.review.connection import Connection
from pkgci.review.server import project_path


def pages(connection: Connection, projects: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The pages of each project, as ``on_host`` tells them; none where Gerrit does not answer here either."""
    try:
        return {name: _pages(connection, name) for name in projects}
    except PkgciError:
        return {}


def _pages(connection: Connection, name: str) -> dict[str, Any]:
    path = project_path(name)
    query = urlencode({"q": f'project:"{name}"', "n": 1}) + "&o=DETAILED_LABELS&o=DETAILED_ACCOUNTS"
    return {
        "project": _page(connection, path),
        "config": _page(connection, f"{path}/config"),
        "change": _page(connection, f"/changes/?{query}"),
    }


def _page(connection: Connection, path: str) -> dict[str, Any]:
    answer = connection.ask("GET", path)
    data = answer.data(connection.url, "show it") if answer.status == 200 and answer.is_json else None
    return {"status": answer.status, "data": data, "error": ""}
