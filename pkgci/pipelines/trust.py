"""Whose changes the check pipeline tests: the triggers that the site's setting ``zuul: {trust: …}`` means.

What Zuul 2.6 can tell apart, and what not (its model.EventFilter, trigger and connection for Gerrit):

- An event has one account: the uploader of a patch set, the author of a comment, who restored a change. The change's
  owner cannot be asked for. So a stranger's patch set on a trusted account's change does not run by itself, and a
  stranger's `recheck` runs nothing, not even the change of a trusted account; a trusted account's `recheck` vouches
  for any change.
- Approvals are those of the current patch set. Who may give them, and whether a new patch set keeps them, is decided in
  Gerrit: the label should be one that strangers cannot vote on, nor keep over a new patch set.
- Trust extends to what a trusted change depends on: Zuul merges both to test the one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pkgci.errors import UsageError
from pkgci.model.schema import Votes
from pkgci.model.services import Trust, Vote
from pkgci.model.site import Site

# Comments with a line that is only one word, in any case. Gerrit puts lines of its own before what people write.
RECHECK, REPUBLISH = (rf"(?im)^[ \t]*{word}[ \t\r]*$" for word in ("recheck", "republish"))
# The label that Zuul itself votes on.
VERIFIED = "Verified"
# The largest vote of Gerrit's own labels.
_LARGEST = 2


@dataclass(frozen=True)
class Trigger:
    """An event that starts the check of a change, as Zuul's layout has it, and what it is for."""

    why: str
    event: dict[str, Any]


def check_triggers(site: Site) -> tuple[Trigger, ...]:
    """The triggers of the check pipeline."""
    trust = site.zuul.trust
    if trust is None:
        return (
            Trigger("A new patch set, or a change that is open again.", _opened({})),
            Trigger("A comment with the line: recheck", _recheck({})),
        )
    return (*_accounts(trust), *_approved(trust.approval, site))


def zuul_account(site: Site) -> str:
    """The pattern of Zuul's own account in Gerrit, and of no other. Raises ``UsageError`` without a Gerrit."""
    if site.gerrit is None:
        raise UsageError(
            f"{site.path}: there is no `gerrit`: Zuul has nothing to listen to", "add `gerrit: {host: …, user: zuul}`"
        )
    return exactly(site.gerrit.user)


def zuul_votes(site: Site) -> Votes:
    """What Zuul votes. Where the site does not say it, Gerrit may take less: then Zuul lowers its votes."""
    return (site.gerrit.votes if site.gerrit else None) or Votes()


def zuul_passes(site: Site) -> list[int]:
    """Zuul's votes for what has passed, as Gerrit may have them, smallest first."""
    votes = zuul_votes(site)
    return sorted({votes.check, votes.gate})


def exactly(text: str) -> str:
    """The regular expression that matches ``text`` and nothing else, for Zuul, which searches anywhere in a name."""
    return f"^{escaped(text)}$"


def escaped(text: str) -> str:
    """``text`` as a part of a regular expression, with backslashes only where one is needed."""
    return re.escape(text).replace(r"\-", "-").replace(r"\ ", " ")


def _accounts(trust: Trust) -> Iterator[Trigger]:
    for who in _by_accounts(trust):
        yield Trigger("A trusted account pushes a patch set, or opens a change again.", _opened(who))
        yield Trigger("A trusted account comments, on anybody's change, with the line: recheck", _recheck(who))


def _by_accounts(trust: Trust) -> Iterator[dict[str, list[str]]]:
    # In one trigger, Zuul wants both to match.
    for kind, accounts in (
        ("username", [name for name in trust.accounts if "@" not in name]),
        ("email", [name for name in trust.accounts if "@" in name]),
    ):
        if accounts:
            yield {kind: [exactly(name) for name in accounts]}


def _approved(vote: Vote | None, site: Site) -> Iterator[Trigger]:
    if vote is None:
        return
    passes = zuul_passes(site)
    verdicts = [*(-amount for amount in reversed(passes)), *passes]
    values = [*range(vote.value, _LARGEST + 1)] if 0 < vote.value <= _LARGEST else [vote.value]
    for value in values:
        yield Trigger(
            "Somebody lets the change run. Later comments of an approver carry his vote too: not once Zuul has voted.",
            {
                "event": "comment-added",
                "approval": [{vote.label: value}],
                "reject-approval": [{"username": zuul_account(site), VERIFIED: verdicts}],
            },
        )
    # A patch set that was let run may be run again, and opened again, by anybody.
    passed = {"require-approval": [{vote.label: values}]}
    yield Trigger("Anybody comments, on a patch set that was let run, with the line: recheck", _recheck(passed))
    yield Trigger("A change that was let run is open again.", {"event": "change-restored", **passed})


def _opened(who: dict[str, Any]) -> dict[str, Any]:
    return {"event": ["patchset-created", "change-restored"], **who}


def republish_triggers(site: Site) -> tuple[Trigger, ...]:
    """The triggers of the pipeline for changes that are merged: their code is trusted, so it is about whose wish it is.

    Accounts are asked for where the site's trust names some.
    """
    accounts = tuple(_by_accounts(site.zuul.trust)) if site.zuul.trust else ()
    words = "comments, on a merged change, with the line: republish"
    whoever = [(f"A trusted account {words}", who) for who in accounts] or [(f"Anybody {words}", {})]
    return tuple(Trigger(why, {"event": "comment-added", "comment": REPUBLISH, **who}) for why, who in whoever)


def _recheck(who: dict[str, Any]) -> dict[str, Any]:
    return {"event": "comment-added", "comment": RECHECK, **who}
