"""Rights on the branches of a project: what the CI's account and its people lack. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pkgci.review import access
from pkgci.review.access import LABEL, Action, Line, Obstacle, Rule
from pkgci.review.change import Change, Hindrance, Request
from pkgci.review.live import Label, Live, LiveProject
from pkgci.review.server import project_path
from pkgci.review.wanted import Wanted, WantedLabel
from pkgci.review.words import BRANCHES, REGISTERED_USERS, SERVICE_USERS, Range, access_page, short, signed, title

_NO_VOTES = Range(0, 0)
# A branch that there is not: it stands for all that may come.
ANY = BRANCHES.replace("*", "pkgci/any")


@dataclass(frozen=True)
class Grant:
    """A permission on the branches for a group, by its UUID (or by its name, where it is not there yet)."""

    permission: str
    votes: Range
    group: str


def group_of(wanted: Wanted, live: Live) -> str:
    """The group that gets the rights of the CI's account."""
    return live.groups.get(wanted.group, wanted.group)


def account_groups(wanted: Wanted, live: Live) -> set[str]:
    """The groups that the account is in, and `Service Users`, where it will be."""
    groups = set(live.account.groups) if live.account else {"global:Registered-Users", "global:Anonymous-Users"}
    return groups | ({live.groups[SERVICE_USERS]} if SERVICE_USERS in live.groups else set())


def lacking(wanted: Wanted, live: Live, project: LiveProject) -> tuple[Grant, ...]:
    """The rights that the CI's account does not have on every branch of ``project``, and on those that may come."""
    return tuple(_lacking(wanted, account_groups(wanted, live), group_of(wanted, live), project))


def _lacking(wanted: Wanted, groups: set[str], own: str, project: LiveProject) -> Iterator[Grant]:
    for permission in wanted.rights:
        if not all(access.allowed(project.line, permission, ref, groups) for ref in refs(project)):
            yield Grant(permission, _NO_VOTES, own)
    there = project.label(wanted.ci_label.name)
    if there is not None:
        needed = wanted.ci_label.needed(there.votes)
        if not all(access.votes(project.line, there.name, ref, groups).covers(needed) for ref in refs(project)):
            yield Grant(LABEL + there.name, needed, own)


def plan_rights(wanted: Wanted, live: Live, project: LiveProject) -> Iterator[Change | Hindrance]:
    """What the account may do on the branches, and who may give the vote that starts the gate."""
    grants = list(lacking(wanted, live, project))
    for label in wanted.labels:
        there = project.label(label.name)
        if there is None or label.name == wanted.ci_label.name:
            continue
        if voteless(project, there, label) != refs(project):
            # Somebody has chosen who decides that, if only on one branch: it is not for everybody.
            continue
        if label.everybody:
            grants.append(Grant(LABEL + there.name, label.needed(there.votes), live.groups[REGISTERED_USERS]))
        else:
            yield Hindrance(
                access_page(project.name, BRANCHES),
                f"nobody may vote {there.name}{signed(label.vote)}, which lets a change run",
                f"give {title(LABEL + there.name)} to those who are to decide that",
            )
    grants = [one for one in grants if not _has(project, one)]
    if grants:
        yield _granting(live, project, grants)
    yield from _out_of_reach(wanted, live, project, grants)


def refs(project: LiveProject) -> tuple[str, ...]:
    """On which refs a right is looked at: the branches that there are, and any that may come."""
    return (*project.branches, ANY)


def voteless(project: LiveProject, there: Label, label: WantedLabel) -> tuple[str, ...]:
    """The refs on which nobody may give the vote that ``label`` is there for."""
    name = LABEL + there.name
    return tuple(
        ref
        for ref in refs(project)
        if not any(rule.votes.low <= label.vote <= rule.votes.high for rule in access.rules(project.line, name, ref))
    )


def _own_rule(project: LiveProject, grant: Grant) -> Rule | None:
    """What the project itself says of the permission and the group on its branches."""
    section = next((one for one in project.line[0].sections if one.ref == BRANCHES), None)
    found = section.permission(grant.permission) if section else None
    return next((rule for rule in found.rules if rule.group == grant.group), None) if found else None


def _has(project: LiveProject, grant: Grant) -> bool:
    """Whether the group has the right as pkgci gives it: to give it again would not help."""
    rule = _own_rule(project, grant)
    return rule is not None and rule.action is Action.ALLOW and rule.votes.covers(grant.votes)


def _granting(live: Live, project: LiveProject, grants: list[Grant]) -> Change:
    """One commit that gives all that lacks. Gerrit only adds rules: a group's narrower one is taken away with it."""
    names = {uuid: name for name, uuid in live.groups.items()}
    add: dict[str, Any] = {}
    remove: dict[str, Any] = {}
    lines = []
    for grant in grants:
        name, group = grant.permission, names.get(grant.group, grant.group)
        old = _own_rule(project, grant)
        if old is not None:
            remove[name] = {"rules": {grant.group: {"action": old.action.value}}}
            lines.append(f'- [access "{BRANCHES}"] {_line(name, old.votes, group, old.action)}')
        rule: dict[str, Any] = {"action": Action.ALLOW.value, "force": False}
        label: dict[str, Any] = {}
        if name.startswith(LABEL):
            rule |= {"min": grant.votes.low, "max": grant.votes.high}
            label = {"label": name.removeprefix(LABEL)}
        add[name] = {**label, "rules": {grant.group: rule}}
        lines.append(f'+ [access "{BRANCHES}"] {_line(name, grant.votes, group)}')
    body: dict[str, Any] = {"add": {BRANCHES: {"permissions": add}}, "message": "Rights of the CI"}
    if remove:
        body["remove"] = {BRANCHES: {"permissions": remove}}
    return Change(
        access_page(project.name, BRANCHES),
        f"give {', '.join(title(grant.permission) for grant in grants)}",
        tuple(lines),
        Request("POST", f"{project_path(project.name)}/access", body),
    )


def _line(permission: str, votes: Range, group: str, action: Action = Action.ALLOW) -> str:
    """A right as project.config has it."""
    kind = "" if action is Action.ALLOW else f"{action.value.lower()} "
    return f"{permission} = {kind}{f'{votes} ' if permission.startswith(LABEL) else ''}group {group}"


def _out_of_reach(wanted: Wanted, live: Live, project: LiveProject, grants: list[Grant]) -> Iterator[Hindrance]:
    """What of the account's rights will not come about on some branch, for others have set something against it."""
    mine = project.line[0]
    for grant in grants:
        mine = access.granted(mine, BRANCHES, grant.permission, Rule(grant.group, votes=grant.votes))
    line = (mine, *project.line[1:])
    groups = account_groups(wanted, live) | {group_of(wanted, live)}
    lost: dict[tuple[str, Obstacle | None], list[str]] = {}
    for permission, ref in _lost(wanted, project, line, groups):
        lost.setdefault((permission, access.obstacle(line, permission, ref, groups)), []).append(ref)
    for (permission, found), on in lost.items():
        what = f"{title(permission)} of {project.name} does not reach {wanted.user} on {_in_words(on)}"
        if found is None:
            yield Hindrance(access_page(project.name, BRANCHES), what, f"give it to the group {wanted.group}")
        else:
            how = "exclusive" if found.exclusive else "blocked"
            hint = f"add the group {wanted.group} to it"
            yield Hindrance(access_page(found.project, found.ref), f"{what}: here it is {how}", hint)


def _lost(wanted: Wanted, project: LiveProject, line: Line, groups: set[str]) -> Iterator[tuple[str, str]]:
    """What of the account's rights does not come about, and on which ref."""
    there = project.label(wanted.ci_label.name)
    for ref in refs(project):
        for permission in wanted.rights:
            if not access.allowed(line, permission, ref, groups):
                yield permission, ref
        if there and not access.votes(line, there.name, ref, groups).covers(wanted.ci_label.needed(there.votes)):
            yield LABEL + there.name, ref


def _in_words(found: list[str]) -> str:
    """Branches, in words: the last one stands for all that may come."""
    names = [short(ref) for ref in found if ref != ANY]
    if not names:
        return "branches to come"
    words = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"{words}, and branches to come" if ANY in found else words
