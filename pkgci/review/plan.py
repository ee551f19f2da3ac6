"""What a deployment of the review would do: a comparison of what the CI needs with what Gerrit has. Pure.

What others have set stays: a right that the account has from elsewhere is not given again, a label whose votes suffice
is not touched, and nothing is ever taken away but a too narrow rule of the CI's own group.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import quote

from pkgci.review import access
from pkgci.review.access import GLOBAL, Level
from pkgci.review.change import Change, Hindrance, Request
from pkgci.review.labels import plan_labels, plan_requirements
from pkgci.review.live import Live, LiveProject, key_words
from pkgci.review.rights import group_of, lacking, plan_rights
from pkgci.review.server import account_path, group_path, project_path
from pkgci.review.wanted import Wanted
from pkgci.review.words import ADMINISTRATORS, SERVICE_USERS, branch, capabilities_page, short, title

STREAM = "streamEvents"


@dataclass(frozen=True)
class Plan:
    """The changes in their order: whatever is refused, what went before it is of use, and the next run goes on."""

    changes: tuple[Change, ...]
    hindrances: tuple[Hindrance, ...] = ()

    @property
    def as_wanted(self) -> bool:
        """Whether Gerrit has all that the CI needs."""
        return not self.changes and not self.hindrances


def make_plan(wanted: Wanted, live: Live) -> Plan:
    """What is to be done so that ``live`` has what is ``wanted``."""
    found: list[Change | Hindrance] = []
    group_needed = not _streams_without_group(live)
    for name in wanted.projects:
        project = live.projects.get(name)
        if project is not None:
            found += _branches(wanted, project)
        elif wanted.create_projects:
            found.append(_new_project(wanted, name))
            project = _new(wanted, live, name)
        else:
            found.append(_no_project(name))
            continue
        labels, project = plan_labels(wanted, project)
        found += labels
        group_needed = group_needed or bool(lacking(wanted, live, project))
        found += plan_rights(wanted, live, project)
        # What a change needs to be submitted comes last: until then, nothing stops that did not before.
        found += plan_requirements(wanted, project)
    first: list[Change | Hindrance] = [*_account(wanted, live)]
    if group_needed:
        first += _group(wanted, live)
    first += _streams(wanted, live)
    everything = (*first, *found)
    return Plan(
        tuple(one for one in everything if isinstance(one, Change)),
        tuple(one for one in everything if isinstance(one, Hindrance)),
    )


def _account(wanted: Wanted, live: Live) -> Iterator[Change | Hindrance]:
    user, path = wanted.user, account_path(wanted.user)
    where = f"account {user}"
    if live.inactive:
        yield Hindrance(where, "it is inactive", f"as an administrator: ssh … gerrit set-account --active {user}")
        return
    if live.namesake:
        what = f"no account has this user name, and Gerrit's REST API takes it for {live.namesake}"
        yield Hindrance(where, what, f"as an administrator: ssh … gerrit create-account {user}")
        return
    if live.account is None:
        body = {"name": "Zuul" if user == "zuul" else user}
        yield Change(where, f"create the account {user}", (f"+ account {user}",), Request("PUT", path, body))
    if wanted.key is None:
        yield Hindrance(where, "the site has no key for it yet", "pkgci secrets init")
    elif live.account is None or key_words(wanted.key) not in live.account.keys:
        lines = (f"+ SSH key {wanted.key}",)
        yield Change(where, f"give {user} Zuul's SSH key", lines, Request("POST", f"{path}/sshkeys", wanted.key))
    if SERVICE_USERS in live.groups:
        yield from _member(user, SERVICE_USERS, live)


def _member(user: str, group: str, live: Live) -> Iterator[Change]:
    """The account in a group. Gerrit takes none in that cannot log in, and would take in whom it mistakes for it."""
    if live.inactive or live.namesake:
        return
    if live.account is None or live.groups.get(group) not in live.account.groups:
        request = Request("PUT", f"{group_path(group)}/members/{quote(user, safe='')}")
        yield Change(f"group {group}", f"take {user} into {group}", (f"+ member {user}",), request)


def _group(wanted: Wanted, live: Live) -> Iterator[Change]:
    """The group that the rights go to, with the account in it."""
    group = wanted.group
    if group not in live.groups:
        # A group owns itself unless it has another owner: the account could take in whom it likes.
        owner = {"owner_id": live.groups[ADMINISTRATORS]} if ADMINISTRATORS in live.groups else {}
        body = {"description": f"The rights of the CI's account {wanted.user}.", **owner}
        request = Request("PUT", group_path(group), body)
        yield Change(f"group {group}", f"create the group {group}", (f"+ group {group}",), request)
    yield from _member(wanted.user, group, live)


def _streams_without_group(live: Live) -> bool:
    """Whether the account hears events, or will: in a fresh Gerrit, `Service Users` do."""
    service = live.groups.get(SERVICE_USERS, "")
    line = (live.root.line[-1],)
    return bool(live.account and live.account.streams) or access.allowed(line, STREAM, GLOBAL, {service})


def _streams(wanted: Wanted, live: Live) -> Iterator[Change]:
    group = group_of(wanted, live)
    if _streams_without_group(live) or access.allowed((live.root.line[-1],), STREAM, GLOBAL, {group}):
        return
    rules = {group: {"action": "ALLOW", "force": False}}
    body = {"add": {GLOBAL: {"permissions": {STREAM: {"rules": rules}}}}, "message": "The CI hears events"}
    lines = (f"+ [capability] {STREAM} = group {wanted.group}",)
    request = Request("POST", f"{project_path(live.root.name)}/access", body)
    yield Change(capabilities_page(live.root.name), f"allow {title(STREAM)} to {wanted.group}", lines, request)


def _no_project(name: str) -> Hindrance:
    hint = "create it, or let pkgci do that: gerrit: {manage: {projects: true, branches: [main]}}"
    return Hindrance(f"project {name}", "Gerrit has no such project", hint)


def _new_project(wanted: Wanted, name: str) -> Change:
    branches = [branch(one) for one in wanted.branches]
    # A change is made against a branch that has a commit.
    body = {"create_empty_commit": True, **({"branches": branches} if branches else {})}
    lines = (f"+ project {name}", *(f"+ branch {short(one)}" for one in branches))
    return Change(f"project {name}", f"create the project {name}", lines, Request("PUT", project_path(name), body))


def _new(wanted: Wanted, live: Live, name: str) -> LiveProject:
    """A project as Gerrit makes it: with what All-Projects has."""
    branches = tuple(branch(one) for one in wanted.branches)
    return replace(live.root, name=name, line=(Level(name, ()), *live.root.line), branches=branches)


def _branches(wanted: Wanted, project: LiveProject) -> Iterator[Change | Hindrance]:
    for name in wanted.branches:
        if branch(name) in project.branches:
            continue
        where = f"project {project.name}"
        if not project.branches:
            what = f"it is empty: branch {short(name)} has no commit to start from"
            yield Hindrance(where, what, "push a commit to it")
            continue
        path = f"{project_path(project.name)}/branches/{quote(short(name), safe='')}"
        yield Change(where, f"create the branch {short(name)}", (f"+ branch {short(name)}",), Request("PUT", path))
