"""What a step is told: the environment of its program.

Whoever proposes a change controls some of these words. Each one is checked here, once; what passes is harmless as one
argument of a program, and as one part of a path. None of them ever reaches a shell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .status import Ended, Status

NAME = r"[A-Za-z0-9_+][A-Za-z0-9._+@=,~-]*"
NAMES = rf"{NAME}(/{NAME})*"
# A run of the gate: the change, and the last word of its REF.
GATED = rf"[0-9]{{1,18}}-{NAME}"
BY_HAND = "by-hand"

# Variable → what it looks like. An empty one counts as not given.
PATTERNS: dict[str, str] = {
    # The project, as the site file names it.
    "PROJECT": NAMES,
    # The target, as the site file names it.
    "TARGET": NAME,
    # The change's number.
    "CHANGE": r"[0-9]{1,18}",
    # The number of its patch set.
    "PATCHSET": r"[0-9]{1,9}",
    # check, gate, republish, promote or periodic. By hand: check.
    "PIPELINE": NAME,
    # The branch that the change is for.
    "BRANCH": NAMES,
    # The ref that has the change with all before it. Zuul makes one for each run of a pipeline, so its last word names
    # everything that belongs together.
    "REF": rf"refs/{NAMES}",
    # The commit that REF names.
    "COMMIT": r"[0-9a-f]{40}([0-9a-f]{24})?",
    # The git tree of what is to be published: in the gate that of COMMIT, after the merge that of what was merged.
    "TREE": r"[0-9a-f]{40}([0-9a-f]{24})?",
    # The change and all before it that it stands on, oldest first: "1,1 4,2" (Zuul's ZUUL_CHANGE_IDS).
    "CHANGES": r"[0-9]{1,18},[0-9]{1,9}( [0-9]{1,18},[0-9]{1,9})*",
    # What the gate built of the changes ahead of this one: "4-Z1 7-Z3", the change and the last word of its REF.
    "AHEAD": rf"{GATED}( {GATED})*",
    # The name that several changes share one review repository under in check: the topic group/NAME.
    "GROUP": NAME,
    # The project whose change it is, where that is not PROJECT: its upstream.
    "CHANGE_PROJECT": NAMES,
    # The folder with the package's git tree.
    "SOURCE": r"/[^\0\n]*",
    # The folder with upstream's git tree, where that is a project of its own.
    "UPSTREAM": r"/[^\0\n]*",
    # The commit of upstream's that is built.
    "UPSTREAM_COMMIT": r"[0-9a-f]{40}([0-9a-f]{24})?",
    # The folder for results. It is made where it is missing.
    "RESULTS": r"/[^\0\n]*",
}

# Variable → its characters at most; 4000 for the others. The name of a run has forty, and a long queue some hundred.
LONGEST = {"AHEAD": 32_000}

# The pipelines whose builds have the release's own version: what they test is what promote publishes.
REPUBLISH, PROMOTE = "republish", "promote"
RELEASING = ("gate", REPUBLISH)


@dataclass(frozen=True)
class Inputs:
    """What is to be done. ``''`` and () are what was not given."""

    results: Path
    source: Path | None = None
    project: str = ""
    target: str = ""
    change: str = ""
    patchset: str = ""
    pipeline: str = ""
    branch: str = ""
    ref: str = ""
    commit: str = ""
    tree: str = ""
    changes: tuple[tuple[str, str], ...] = ()
    ahead: tuple[str, ...] = ()
    group: str = ""
    change_project: str = ""
    upstream: Path | None = None
    upstream_commit: str = ""

    @property
    def build_id(self) -> str:
        """What this run of a pipeline is called: by it each step finds what the one before it made."""
        return self.ref.rpartition("/")[2] or BY_HAND

    @property
    def is_release(self) -> bool:
        """Whether this build is the one that is released once the change is merged."""
        return self.pipeline in RELEASING

    @property
    def changes_before(self) -> tuple[tuple[str, str], ...]:
        """The changes that this one stands on, oldest first: the number and the patch set of each."""
        return tuple(one for one in self.changes if one[0] != self.change)

    @property
    def repository(self) -> str:
        """The name of the review repository: the change's number, or the group's name with ``group-`` before it."""
        return f"group-{self.group}" if self.group else self.change


def read(environment: Mapping[str, str], needed: Sequence[str]) -> Inputs:
    """The inputs in ``environment``, of which ``needed`` (names of variables) must be there.

    Raises ``Ended`` (misused) where one is missing or is not what it should look like.
    """
    values = {name: environment[name] for name in PATTERNS if environment.get(name)}
    for name, value in values.items():
        if not re.fullmatch(PATTERNS[name], value) or len(value) > LONGEST.get(name, 4000) or "/../" in f"/{value}/":
            raise Ended(Status.MISUSED, f"{name} is not acceptable: {value[:100]!a}")
    for name in (*needed, "RESULTS"):
        if name not in values:
            raise Ended(Status.MISUSED, f"{name} is missing in the environment")
    words = {name.lower(): value for name, value in values.items()}
    pairs = (pair.partition(",") for pair in words.pop("changes", "").split())
    changes = tuple((change, patchset) for change, _, patchset in pairs)
    ahead = tuple(words.pop("ahead", "").split())
    source, upstream = words.pop("source", ""), words.pop("upstream", "")
    return Inputs(
        results=Path(words.pop("results")),
        source=Path(source) if source else None,
        upstream=Path(upstream) if upstream else None,
        changes=changes,
        ahead=ahead,
        **words,
    )
