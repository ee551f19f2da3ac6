"""What is known of a project's labels, rights and settings: from an administrator's look, or from what others may see.

Only an administrator is told who may submit. What Gerrit shows to everybody, it shows only where they may read. What is
left then are the project's changes, as the CI's account sees them: who voted and submitted there, was allowed to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pkgci.review import access
from pkgci.review.access import LABEL
from pkgci.review.history import NOTHING, History, hull
from pkgci.review.labels import asks_for, asks_too_much
from pkgci.review.live import Live, LiveProject
from pkgci.review.rights import voteless
from pkgci.review.verdict import State, Verdict
from pkgci.review.wanted import Wanted, WantedLabel
from pkgci.review.words import ALL_PROJECTS, BRANCHES, Range, access_page, config_place, short, signed, title

# How Gerrit's web interface calls the ways to submit; those that make a new commit.
_SUBMIT_TYPES = {
    "MERGE_IF_NECESSARY": "Merge if Necessary",
    "MERGE_ALWAYS": "Merge Always",
    "FAST_FORWARD_ONLY": "Fast Forward Only",
    "REBASE_IF_NECESSARY": "Rebase If Necessary",
    "REBASE_ALWAYS": "Rebase Always",
    "CHERRY_PICK": "Cherry Pick",
}
_MAKE_COMMITS = {"REBASE_IF_NECESSARY", "REBASE_ALWAYS", "CHERRY_PICK"}

ASK_ADMINISTRATOR = "an administrator's login tells it: PKGCI_GERRIT_PASSWORD"


@dataclass(frozen=True)
class Seen:
    """What is known of Gerrit's settings: by an administrator (None: no login), by anybody's pages, by changes."""

    live: Live | None
    pages: Mapping[str, Mapping[str, Any]]
    changes: Mapping[str, History] = field(default_factory=dict)

    @property
    def root(self) -> str:
        """The name of the project that all others inherit from."""
        return self.live.root.name if self.live else ALL_PROJECTS

    def project(self, name: str) -> LiveProject | None:
        """A project as an administrator sees it."""
        return self.live.projects.get(name) if self.live else None

    def page(self, name: str, which: str) -> Any:
        """What anybody may see of a project; None where that is nothing."""
        return self.pages.get(name, {}).get(which, {}).get("data")

    def history(self, name: str) -> History:
        """What the changes of a project say."""
        return self.changes.get(name, History())


def of_project(wanted: Wanted, name: str, branches: tuple[str, ...], seen: Seen) -> Iterator[Verdict]:
    """What there is to say of the project ``name``."""
    yield from _branches(wanted, name, branches)
    for label in wanted.labels:
        votes = _votes(label, name, seen)
        yield _range(label, name, votes, seen)
        if label.name == wanted.ci_label.name:
            yield _vote(wanted, label, name, votes, branches, seen)
        else:
            yield _voters(label, name, seen)
    yield _submit(wanted, name, branches, seen)
    yield from _requirements(wanted, name, seen)
    yield _submit_type(name, seen)
    yield _anonymous(name, seen)


def _branches(wanted: Wanted, name: str, branches: tuple[str, ...]) -> Iterator[Verdict]:
    for one in wanted.branches:
        if branches and f"refs/heads/{short(one)}" not in branches:
            yield Verdict(
                "branch", name, State.MISSING, f"there is no {short(one)}", f"BROWSE → Repositories → {name} → Branches"
            )


def _votes(label: WantedLabel, name: str, seen: Seen) -> Range | None:
    """The votes of a label in a project; 0..0 for a label that it has not, None where nobody can tell."""
    project = seen.project(name)
    if project is not None:
        found = project.label(label.name)
        return found.votes if found else NOTHING
    page = seen.page(name, "project")
    if not isinstance(page, dict):
        return None
    labels = page.get("labels") or {}
    values = [int(value) for value in (labels.get(label.name) or {}).get("values", {})]
    return Range(min(values, default=0), max(values, default=0))


def _range(label: WantedLabel, name: str, votes: Range | None, seen: Seen) -> Verdict:
    subject, where = title(LABEL + label.name), config_place(name)
    if votes is None:
        return _range_by_changes(label, name, seen.history(name))
    if votes == NOTHING:
        return Verdict(subject, name, State.MISSING, f"there is no such label; {label.votes} is needed", where)
    if not votes.covers(label.least):
        return Verdict(subject, name, State.MISSING, f"it has {votes}, {label.least} is needed", where)
    return Verdict(subject, name, State.OK, f"it has {votes}")


def _range_by_changes(label: WantedLabel, name: str, history: History) -> Verdict:
    """What the project's changes say of a label: that it is there, and has at least the votes that were given."""
    subject, given = title(LABEL + label.name), history.given(label.name)
    if given.covers(label.least):
        return Verdict(subject, name, State.OK, f"{given} was voted on its changes")
    if not history.labels:
        text = "no change shows it, and anonymous users may not read it"
    elif label.name in history.labels or given != NOTHING:
        voted = f"{given} was voted so far" if given != NOTHING else "nobody has voted yet"
        text = f"it is there; whether it has {label.least}, no change says: {voted}"
    else:
        text = f"its changes have no such label; {label.votes} is needed"
        return Verdict(subject, name, State.MISSING, text, config_place(name))
    return Verdict(subject, name, State.NOT_KNOWN, text, ASK_ADMINISTRATOR, decides=True)


def _vote(
    wanted: Wanted, label: WantedLabel, name: str, votes: Range | None, branches: tuple[str, ...], seen: Seen
) -> Verdict:
    """Whether the account may give its votes. What a label has that nobody may read is at least what was voted."""
    subject, where = f"vote {label.name}", access_page(name, BRANCHES)
    project, history = seen.project(name), seen.history(name)
    if votes is None:
        voted = history.given(label.name)
        votes = hull((voted.low, voted.high, label.least.low, label.least.high))
    needed = label.needed(votes)
    if project is not None and seen.live is not None:
        groups = seen.live.account.groups if seen.live.account else {}
        lacks = [ref for ref in branches if not access.votes(project.line, label.name, ref, set(groups)).covers(needed)]
        if lacks:
            text = f"{wanted.user} may not give {needed} on {_some(lacks)}"
            return Verdict(subject, name, State.MISSING, text, f"{where}: {_permission(label)}")
        return Verdict(subject, name, State.OK, f"{wanted.user} may give {needed}")
    may, given = _permitted(wanted, label, seen.page(name, "change")), history.given(label.name, wanted.user)
    if may is None and given.covers(needed):
        return Verdict(subject, name, State.OK, f"{wanted.user} has given {given}")
    if may is None:
        so_far = f": it has given {given} so far" if given != NOTHING else ""
        text = f"no change says whether {wanted.user} may give {needed}{so_far}"
        return Verdict(subject, name, State.NOT_KNOWN, text, ASK_ADMINISTRATOR, decides=True)
    if not may.covers(needed):
        text = f"{wanted.user} may give {'nothing' if may == NOTHING else may}, {needed} is needed"
        return Verdict(subject, name, State.MISSING, text, f"{where}: {_permission(label)}")
    return Verdict(subject, name, State.OK, f"{wanted.user} may give {needed}")


def _permission(label: WantedLabel) -> str:
    """The permission to vote, as Gerrit's web interface calls it."""
    return title(LABEL + label.name)


def _permitted(wanted: Wanted, label: WantedLabel, changes: Any) -> Range | None:
    """What a change that the account has to do with says that it may vote; None where there is none."""
    for change in changes if isinstance(changes, list) else ():
        for one in ((change.get("labels") or {}).get(label.name) or {}).get("all") or ():
            if one.get("username") == wanted.user:
                # Where it is left out, the account may not vote at all.
                permitted = one.get("permitted_voting_range") or {}
                return Range(int(permitted.get("min", 0)), int(permitted.get("max", 0)))
    return None


def _voters(label: WantedLabel, name: str, seen: Seen) -> Verdict:
    """Whether anybody may give the vote that people give."""
    project = seen.project(name)
    there = project.label(label.name) if project else None
    subject, vote = f"vote {label.name}", f"{label.name} {signed(label.vote)}"
    if project is None or there is None:
        if seen.history(name).given(label.name).covers(hull((label.vote,))):
            return Verdict(subject, name, State.OK, f"{vote} was given on its changes")
        text = f"who may give {vote}, Gerrit tells administrators only"
        return Verdict(subject, name, State.NOT_KNOWN, text, ASK_ADMINISTRATOR, decides=True)
    if lacks := [ref for ref in voteless(project, there, label) if ref in project.branches]:
        where = f"{access_page(name, BRANCHES)}: {_permission(label)}"
        return Verdict(subject, name, State.MISSING, f"nobody may give {vote} on {_some(lacks)}", where)
    return Verdict(subject, name, State.OK, f"there are groups that may give {vote}")


def _submit(wanted: Wanted, name: str, branches: tuple[str, ...], seen: Seen) -> Verdict:
    subject, project = title("submit"), seen.project(name)
    if project is None or seen.live is None:
        return _submit_by_changes(wanted, name, branches, seen)
    groups = set(seen.live.account.groups) if seen.live.account else set()
    lacks = [ref for ref in branches if not access.allowed(project.line, "submit", ref, groups)]
    if not lacks:
        return Verdict(subject, name, State.OK, f"{wanted.user} has it on every branch")
    found = access.obstacle(project.line, "submit", lacks[0], groups)
    where = access_page(found.project, found.ref) if found else access_page(name, BRANCHES)
    how = "" if found is None else ": it is exclusive there" if found.exclusive else ": it is blocked there"
    return Verdict(subject, name, State.MISSING, f"{wanted.user} lacks it on {_some(lacks)}{how}", where)


def _submit_by_changes(wanted: Wanted, name: str, branches: tuple[str, ...], seen: Seen) -> Verdict:
    """Whether the account has submitted changes to each branch."""
    subject, submitted = title("submit"), seen.history(name).submitted(wanted.user)
    unknown = [ref for ref in branches if ref not in submitted]
    if branches and not unknown:
        return Verdict(subject, name, State.OK, f"{wanted.user} has submitted changes to {_some(list(branches))}")
    on = f" on {_some(unknown)}" if submitted else ""
    text = f"whether {wanted.user} has it{on}, Gerrit tells administrators only"
    return Verdict(subject, name, State.NOT_KNOWN, text, ASK_ADMINISTRATOR, decides=True)


def _requirements(wanted: Wanted, name: str, seen: Seen) -> Iterator[Verdict]:
    """Labels without which a change can be submitted all the same, or that ask for more than the gate votes."""
    project = seen.project(name)
    if project is None:
        text = "what a change needs to be submitted, Gerrit tells administrators only"
        yield Verdict("submit requirements", name, State.NOT_KNOWN, text, ASK_ADMINISTRATOR)
        return
    for label in wanted.labels:
        there = project.label(label.name)
        if label.gate is None or there is None:
            continue
        found = project.requirement(label.name)
        subject, where = f"submit requirement {label.name}", config_place(found.project if found else name)
        too_much = found is not None and asks_too_much(label, there, found)
        too_much = too_much or (there.requires and label.gate < there.votes.high)
        if too_much and label == wanted.ci_label:
            text = f"it asks for {signed(there.votes.high)}, and the gate votes {signed(label.gate)}"
            yield Verdict(subject, name, State.MISSING, text, where)
        elif there.requires:
            yield Verdict(subject, name, State.OK, f"the label itself asks for it (function {there.function})")
        elif found is None or not asks_for(there, found):
            text = f"a change can be submitted without {_permission(label)}"
            yield Verdict(subject, name, State.MISSING, text, where)
        else:
            yield Verdict(subject, name, State.OK, found.expression)


def _submit_type(name: str, seen: Seen) -> Verdict:
    subject, project, page = "submit type", seen.project(name), seen.page(name, "config")
    kind = project.submit_type if project else str((page or {}).get("submit_type") or "")
    if not kind:
        return Verdict(subject, name, State.NOT_KNOWN, "anonymous users may not read it", ASK_ADMINISTRATOR)
    words = _SUBMIT_TYPES.get(kind, kind)
    made = ": the commit that is merged is another than the one that was tested" if kind in _MAKE_COMMITS else ""
    return Verdict(subject, name, State.INFORMATION, f"{words}{made}")


def _anonymous(name: str, seen: Seen) -> Verdict:
    subject, asked = "anonymous read", seen.pages.get(name, {}).get("project")
    if not asked or asked.get("error"):
        return Verdict(
            subject,
            name,
            State.NOT_KNOWN,
            "Gerrit's web address does not answer",
            "gerrit: {url: …} of the site",
        )
    readable = asked["status"] == 200
    return Verdict(
        subject,
        name,
        State.INFORMATION,
        "anonymous users may read it" if readable else "anonymous users may not read it",
    )


def _some(refs: list[str]) -> str:
    names = [short(ref) for ref in refs]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
