"""The message of a commit that the submit makes anew: the change's own, and who reviewed and tested it."""

from __future__ import annotations

from collections.abc import Iterable

from pkgci.lab.stand_ins.review.labels import SUBMITTED
from pkgci.lab.stand_ins.review.model import Approval

_FOOTERS = {"Code-Review": "Reviewed-by", "Verified": "Tested-by"}


def with_footers(message: str, url: str, approvals: Iterable[Approval]) -> str:
    """``message`` with the footers that Gerrit adds: where it was reviewed, and each vote in its favour."""
    votes = [a for a in approvals if a.value > 0 and a.label != SUBMITTED]
    lines = [f"Reviewed-on: {url}"]
    lines += [f"{_FOOTERS.get(a.label, a.label)}: {a.by.name} <{a.by.email}>" for a in votes]
    present = message.splitlines()
    new = [line for line in dict.fromkeys(lines) if line not in present]
    return "\n".join((message.rstrip("\n"), *new, ""))
