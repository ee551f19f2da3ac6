"""A live Gerrit, as an administrator sees it over REST: what it has of what the CI needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from pkgci.errors import PkgciError
from pkgci.review import live
from pkgci.review.access import Level
from pkgci.review.connection import Connection
from pkgci.review.live import Account, Label, Live, LiveProject, Requirement
from pkgci.review.words import ADMINISTRATORS, ALL_PROJECTS, REGISTERED_USERS, REGISTERED_UUID, SERVICE_USERS

# How far: how many of how many projects.
Progress = Callable[[int, int], None]


def project_path(project: str) -> str:
    """The path of a project in REST."""
    return f"/projects/{quote(project, safe='')}"


def account_path(user: str) -> str:
    """The path of an account in REST."""
    return f"/accounts/{quote(user, safe='')}"


def group_path(group: str) -> str:
    """The path of a group in REST."""
    return f"/groups/{quote(group, safe='')}"


class _Found(NamedTuple):
    """What was found by a user name: its account, or why that is none to use."""

    account: Account | None = None
    inactive: bool = False
    namesake: str = ""


class GerritServer:
    """A Gerrit where somebody is logged in who may see everything. Raises ``PkgciError`` where it does not answer."""

    def __init__(self, connection: Connection) -> None:
        self._get = connection.data
        self._connection = connection
        self._levels: dict[str, tuple[Level, str | None]] = {}
        self._own: dict[str, tuple[tuple[Label, ...], tuple[Requirement, ...] | None]] = {}

    def version(self) -> str:
        """Gerrit's version."""
        return str(self._get("/config/server/version", "tell its version"))

    def look(self, user: str, group: str, projects: Sequence[str], progress: Progress = lambda *_: None) -> Live:
        """What there is: of the account ``user``, of ``group``, and of ``projects``."""
        held = self._account(user)
        found: dict[str, LiveProject | None] = {}
        for number, name in enumerate(projects, 1):
            found[name] = self._project(name)
            progress(number, len(projects))
        return Live(
            version=self.version(),
            account=held.account,
            inactive=held.inactive,
            namesake=held.namesake,
            groups=self._groups(SERVICE_USERS, ADMINISTRATORS, group) | {REGISTERED_USERS: REGISTERED_UUID},
            root=self._root(),
            projects=found,
        )

    def _account(self, user: str) -> _Found:
        """Whose user name ``user`` is."""
        path, what = account_path(user), f"show the account {user}"
        answer = self._connection.ask("GET", f"{self._connection.prefix}{path}/detail")
        if answer.status in (404, 422) and "inactive" in answer.text:
            return _Found(inactive=True)
        info = self._get(f"{path}/detail", what)
        if info is None:
            return _Found()
        # A path of REST finds accounts by their full names and addresses, too, where no user name is like that.
        if info.get("username") != user:
            return _Found(namesake=f"account {info['_account_id']} ({info.get('username') or 'without a user name'})")
        if info.get("inactive"):
            return _Found(inactive=True)
        number = int(info["_account_id"])
        keys = self._get(f"/accounts/{number}/sshkeys", what, absent=[])
        groups = self._get(f"/accounts/{number}/groups", what, absent=[])
        rights = self._get(f"/accounts/{number}/capabilities?q=streamEvents", what, absent={})
        return _Found(
            Account(
                keys=tuple(
                    live.key_words(str(key.get("ssh_public_key", ""))) for key in keys if key.get("valid", True)
                ),
                groups={live.group_id(one): str(one.get("name", "")) for one in groups},
                streams=bool(rights.get("streamEvents")),
            )
        )

    def _groups(self, *names: str) -> dict[str, str]:
        found = {name: self._get(group_path(name), f"show the group {name}") for name in names}
        return {name: live.group_id(info) for name, info in found.items() if info is not None}

    def _project(self, name: str) -> LiveProject | None:
        path, what = project_path(name), f"show the project {name}"
        if self._get(path, what) is None:
            return None
        line = self._line(name)
        owned = [(level.project, *self._definitions(level.project)) for level in reversed(line)]
        requirements = [found for _, _, found in owned]
        config = self._get(f"{path}/config", what, absent={})
        branches = self._get(f"{path}/branches/", what, absent=[])
        return LiveProject(
            name=name,
            line=line,
            branches=tuple(str(one["ref"]) for one in branches if str(one["ref"]).startswith("refs/heads/")),
            labels=tuple(label for _, labels, _ in owned for label in labels),
            requirements=None if None in requirements else tuple(one for some in requirements for one in some or ()),
            submit_type=_submit_type(config),
        )

    def _root(self) -> LiveProject:
        info = self._get("/config/server/info", "say what it is", absent={})
        name = str((info.get("gerrit") or {}).get("all_projects", ALL_PROJECTS))
        found = self._project(name)
        if found is None:
            raise PkgciError(f"{self._connection.url}: Gerrit does not show {name}")
        return found

    def _line(self, project: str) -> tuple[Level, ...]:
        """The access rights of ``project`` and of its parents."""
        line: list[Level] = []
        following: str | None = project
        while following is not None and following not in {one.project for one in line}:
            level, following = self._level(following)
            line.append(level)
        return tuple(line)

    def _level(self, project: str) -> tuple[Level, str | None]:
        if project not in self._levels:
            info = self._get(f"{project_path(project)}/access", f"show the access rights of {project}")
            if info is None:
                raise PkgciError(f"{self._connection.url}: Gerrit shows no access rights of {project}")
            parent = (info.get("inherits_from") or {}).get("name")
            self._levels[project] = (live.level(project, info), parent)
        return self._levels[project]

    def _definitions(self, project: str) -> tuple[tuple[Label, ...], tuple[Requirement, ...] | None]:
        """The labels and submit requirements that ``project`` itself defines."""
        if project not in self._own:
            path, what = project_path(project), f"show the labels of {project}"
            labels: Any = self._get(f"{path}/labels/", what, absent=[])
            requirements: Any = self._get(f"{path}/submit_requirements/", what)
            self._own[project] = (
                tuple(live.label(info, project) for info in labels),
                None if requirements is None else tuple(live.requirement(info, project) for info in requirements),
            )
        return self._own[project]


def _submit_type(config: dict[str, Any]) -> str:
    """How a project's changes are submitted, by its configuration (REST: ConfigInfo)."""
    inherited = config.get("default_submit_type") or {}
    return str(inherited.get("value") or config.get("submit_type") or "")
