"""Of the patch sets of a change, the newest counts: what an older one built is nobody's to use any more. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from ..inputs import Inputs
from ..status import Ended, Status
from .manifest import Entry


def replaced(entries: Iterable[Entry], inputs: Inputs) -> list[Entry]:
    """Those ``entries`` that the patch set of ``inputs`` replaces: all of older ones of its change.

    Raises ``Ended`` (failed) where a newer one is there.
    """
    others = [entry for entry in entries if entry.change == inputs.change and entry.patchset != inputs.patchset]
    newest = max((int(entry.patchset) for entry in others), default=0)
    if newest > int(inputs.patchset):
        raise Ended(
            Status.FAILED,
            f"refused: patch set {newest} of change {inputs.change} has been published, and {inputs.patchset} is out "
            "of date",
        )
    return others
