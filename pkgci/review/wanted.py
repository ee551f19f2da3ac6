"""What the CI of a site needs of its Gerrit. A function of the site and of Zuul's public key.

Rights are wanted on the site's own projects, not on All-Projects: a submit requirement there would stop every project
that the CI does not vote on, and the CI's account would have rights where it has nothing to do. No project gets
another parent: who inherits what is its owners' choice. The rights go to a group of the CI's own, for other accounts in
`Service Users` have nothing to submit. Zuul pushes nothing, so it needs neither Push nor Create Reference.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pkgci.errors import UsageError
from pkgci.model.schema import Gerrit, Votes
from pkgci.model.site import Site
from pkgci.review.words import Range
from pkgci.secrets.store import SecretStore

# What Zuul votes, by the layout.
VERIFIED = "Verified"
KEY = "zuul/gerrit_ssh_key"

_DEFAULT = Votes()
_TEXTS = {
    VERIFIED: {-2: "Fails in the gate", -1: "Fails", 0: "No score", 1: "Verified", 2: "Verified in the gate"},
    None: {-1: "Not yet", 0: "No score", 1: "Approved"},
}


@dataclass(frozen=True)
class WantedLabel:
    """A label, the votes that it must have, and whether a change needs its ``gate`` vote to be submitted.

    ``least`` is what a label that is there already must have at least: Zuul's votes follow the label where the site
    does not name them. ``everybody``: who may vote, where nobody may yet, are all who have an account.
    """

    name: str
    votes: Range
    least: Range
    gate: int | None
    everybody: bool = False

    @property
    def vote(self) -> int:
        """The vote that it is there for."""
        return self.least.high or self.least.low

    def text(self, vote: int) -> str:
        """What a vote means."""
        texts = _TEXTS.get(self.name) or _TEXTS[None]
        return texts.get(vote) or ("Approved" if vote > 0 else "Rejected")

    def needed(self, there: Range) -> Range:
        """What must be voted of a label that has the votes ``there``."""
        return Range(max(self.votes.low, there.low), min(self.votes.high, there.high))


@dataclass(frozen=True)
class Wanted:
    """All that the CI needs. ``key`` is None where the site has no secrets yet, ``group`` who gets the rights."""

    user: str
    key: str | None
    group: str
    ci_label: WantedLabel
    labels: tuple[WantedLabel, ...]
    projects: tuple[str, ...]
    create_projects: bool
    branches: tuple[str, ...]

    @property
    def rights(self) -> tuple[str, ...]:
        """The permissions of the CI's account on the branches of each project, beside its votes."""
        return ("read", "submit")


def group_name(user: str) -> str:
    """The group that gets the rights of the CI's account ``user``."""
    return f"ci-{user}"


def wanted(site: Site, key: str | None) -> Wanted:
    """What the CI of ``site`` needs of its Gerrit; ``key`` is the public half of Zuul's key.

    Raises ``UsageError`` for a site without Gerrit.
    """
    gerrit = site_gerrit(site)
    labels = {label.name: label for label in reversed(tuple(_labels(site, gerrit)))}
    return Wanted(
        user=gerrit.user,
        key=key,
        group=group_name(gerrit.user),
        ci_label=labels[VERIFIED],
        labels=tuple(reversed(labels.values())),
        projects=site.repositories,
        create_projects=gerrit.manage.projects,
        branches=gerrit.manage.branches,
    )


def site_wanted(site: Site) -> Wanted:
    """What the CI of ``site`` needs, with the key that its secrets have, where there are any."""
    store = SecretStore(site.directory / "secrets")
    return wanted(site, store.public(KEY) if KEY in store.names() else None)


def site_gerrit(site: Site) -> Gerrit:
    """What the site says of its Gerrit. Raises ``UsageError`` where it has none."""
    if site.gerrit is None:
        raise UsageError(f"{site.path} names no Gerrit", "add to it: gerrit: {host: review.example.org}")
    return site.gerrit


def _labels(site: Site, gerrit: Gerrit) -> Iterator[WantedLabel]:
    chosen = gerrit.votes or _DEFAULT
    highest = max(chosen.check, chosen.gate)
    full = Range(-highest, highest)
    # Votes that the site does not name follow the label that is there: -1..+1 will do.
    least = full if gerrit.votes is not None else Range(-1, 1)
    yield WantedLabel(VERIFIED, full, least, chosen.gate)
    gate = site.zuul.gate
    votes = Range(min(-1, gate.value), max(1, gate.value))
    yield WantedLabel(gate.label, votes, Range(min(0, gate.value), max(0, gate.value)), gate.value, everybody=True)
    approval = site.zuul.trust.approval if site.zuul.trust else None
    if approval is not None:
        votes = Range(min(-1, approval.value), max(1, approval.value))
        yield WantedLabel(approval.label, votes, Range(min(0, approval.value), max(0, approval.value)), None)
