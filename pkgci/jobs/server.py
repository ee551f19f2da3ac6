"""The live Jenkins: its jobs and nodes, and the few things that a deployment does to them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import jenkins  # type: ignore[import-untyped]

from pkgci.errors import PkgciError
from pkgci.jobs.answers import cut_off, is_page, page_error
from pkgci.jobs.connection import Access, Connection, Told
from pkgci.model.roles import Role
from pkgci.model.site import Site
from pkgci.model.urls import web_url

_JOBS = "?tree=jobs[name,description,buildable]"
_NODES = "?tree=computer[displayName,offline,offlineCauseReason]"


class Secrets(Protocol):
    """The site's secrets, as far as they are needed here."""

    def secret(self, name: str) -> str:
        """The value of the secret ``name``."""

    def public(self, name: str) -> str:
        """The public half of the secret ``name``."""


@dataclass(frozen=True)
class Listed:
    """A job in Jenkins' list. None: the list does not say it."""

    name: str
    description: str | None
    buildable: bool | None


@dataclass(frozen=True)
class Node:
    """One of Jenkins' nodes; ``reason`` is why it is offline."""

    name: str
    online: bool
    reason: str = ""


class JenkinsServer:
    """A Jenkins that answers. Every method raises ``PkgciError`` where it does not, or not well.

    ``jobs`` is asked first, by one thread; then several threads may read.
    """

    def __init__(self, access: Access, told: Told = lambda _: None) -> None:
        self._access = access
        self._connection = Connection(access, told)

    def jobs(self) -> tuple[Listed, ...]:
        """The jobs outside folders, in one request."""
        what = "list its jobs"
        entries = self._data("", _JOBS, "jobs", what)
        if not all(isinstance(e.get("name", ""), str) and isinstance(e.get("description") or "", str) for e in entries):
            raise cut_off(self._access.door, what)
        return tuple(Listed(e["name"], e.get("description", ""), e.get("buildable")) for e in entries if "name" in e)

    def nodes(self) -> dict[str, Node]:
        """The nodes, by name."""
        entries = self._data("computer/", _NODES, "computer", "list its nodes")
        return {
            name: Node(name, not entry.get("offline", False), entry.get("offlineCauseReason") or "")
            for entry in entries
            if (name := entry.get("displayName"))
        }

    def config(self, name: str) -> str | None:
        """The config.xml of the job ``name``; None where there is no such job."""
        try:
            text: str = self._connection.get_job_config(name)
        except jenkins.NotFoundException:
            return None
        if is_page(text):
            raise page_error(text, self._access.door, f"show the job {name}")
        if not text.rstrip().endswith(">"):
            raise cut_off(self._access.door, f"show the job {name}")
        return text

    def create(self, name: str, xml: str) -> None:
        """Makes the job ``name``, which must not exist yet."""
        self._do(name, "create", lambda: self._connection.create_job(name, xml))

    def update(self, name: str, xml: str) -> None:
        """Gives the job ``name`` another config.xml."""
        self._do(name, "change", lambda: self._connection.reconfig_job(name, xml))

    def delete(self, name: str) -> None:
        """Removes the job ``name`` and its builds."""
        self._do(name, "delete", lambda: self._connection.delete_job(name))

    def close(self) -> None:
        """Ends all connections."""
        self._connection.close()

    def _do(self, name: str, verb: str, action: Any) -> None:
        try:
            action()
        except jenkins.NotFoundException:
            raise PkgciError(f"{self._access.url}: cannot {verb} the job {name}: Jenkins has no such job") from None
        except jenkins.JenkinsException as error:
            raise PkgciError(f"{self._access.url}: cannot {verb} the job {name}: {error}") from None

    def _data(self, item: str, query: str, key: str, what: str) -> list[dict[str, Any]]:
        """The list ``key`` of the JSON document of ``item``."""
        door = self._access.door
        request = jenkins.requests.Request("GET", f"{self._access.url}{item}api/json{query}")
        try:
            text: str = self._connection.jenkins_open(request)
        except jenkins.NotFoundException:
            raise PkgciError(
                f"{door.url}: there is no Jenkins (404)", "`pkgci bootstrap --role jenkins_master` deploys it"
            ) from None
        if is_page(text):
            raise page_error(text, door, what)
        try:
            entries = json.loads(text)[key]
        except (ValueError, KeyError, TypeError):
            raise cut_off(door, what) from None
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise cut_off(door, what)
        return entries


@contextmanager
def open_server(site: Site, secrets: Secrets, told: Told = lambda _: None) -> Iterator[JenkinsServer]:
    """The Jenkins of ``site``, asked as the first of its administrators; believed with the site's own authority only.

    ``told`` hears why it takes longer.
    """
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".pem") as authority:
        authority.write(secrets.public("tls/ca"))
        authority.flush()
        access = Access(
            url=web_url(site, Role.JENKINS_MASTER),
            address=site.with_role(Role.JENKINS_MASTER)[0].address,
            user=site.jenkins.administrators[0],
            password=secrets.secret("jenkins_master/admin_password"),
            ca=authority.name,
        )
        server = JenkinsServer(access, told)
        try:
            yield server
        finally:
            server.close()
