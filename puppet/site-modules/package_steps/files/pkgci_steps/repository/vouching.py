"""What Zuul vouches for (zuul_py3/vouching.py): which build sets test releases, how they ended, and what is merged.

What a job is told comes by way of Gearman, which asks nobody who he is. Zuul's own notes come over HTTPS from its host,
which its certificate proves; the scheduler writes them of what Gerrit told it, and nothing else can. So the publisher
needs no account in Gerrit, and no key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..inputs import RELEASING, Inputs
from ..status import Ended, Status
from ..web import fetch

_SUCCESS = "SUCCESS"
_BUILD_SET = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"


@dataclass(frozen=True)
class Change:
    """What a note is of: a patch set, and the git tree that it gives its branch."""

    pipeline: str
    project: str
    change: str
    patchset: str
    commit: str
    tree: str


@dataclass(frozen=True)
class BuildSet:
    """One run of a pipeline for a change. ``jobs`` is empty until it has ended: name → its result, whether it votes."""

    of: Change
    jobs: Mapping[str, tuple[str, bool]] = field(default_factory=dict)

    def failure(self, wanted: Mapping[str, tuple[str, ...]]) -> str:
        """Why what it built is no release for the targets in ``wanted`` (target → its jobs), in words; '' where it is.

        A job that the site's own layout lets not vote has to end, and no more.
        """
        if not self.jobs:
            return "its jobs have not ended"
        for names in wanted.values():
            if not names:
                return "the site declares no job that tests it"
            for name in names:
                result, votes = self.jobs.get(name, ("not run", True))
                if not result or (votes and result != _SUCCESS):
                    return f"{name}: {result or 'no result'}"
        return ""


@dataclass(frozen=True)
class Zuul:
    """Zuul's notes, at ``url``, which ends with a slash. ``read`` gives what is at an address, None for nothing."""

    url: str = ""
    read: Callable[[str], bytes | None] = fetch

    def merge(self, change: str) -> Change | None:
        """The merge of the change of that number; None where Zuul knows of none. Raises ``Ended``."""
        note = self._note(f"merged/{change}.json")
        return None if note is None else _change(note)

    def build_set(self, name: str) -> BuildSet | None:
        """The build set of that name; None where Zuul knows of none that tests a release."""
        note = self._note(f"tested/{name}.json") if re.fullmatch(_BUILD_SET, name) else None
        if note is None:
            return None
        jobs = {str(job): (str(one["result"]), one["voting"] is not False) for job, one in note["jobs"].items()}
        return BuildSet(_change(note), jobs)

    def begun(self, inputs: Inputs) -> None:
        """Whether Zuul has begun, and not ended, the very run of a releasing pipeline that ``inputs`` say they are of.

        Raises ``Ended``: failed where it has not, infrastructure where Zuul could not even tell what it is of.
        """
        if not inputs.tree:
            raise Ended(
                Status.INFRASTRUCTURE,
                f"Zuul told this job no git tree, and has noted nothing of {inputs.build_id}: its log, "
                "in /var/log/zuul on its host, says why",
            )
        known = self.build_set(inputs.build_id)
        if known is None:
            raise _unknown(inputs)
        claimed = (inputs.pipeline, inputs.change_project or inputs.project, inputs.change, inputs.patchset)
        said = (known.of.pipeline, known.of.project, known.of.change, known.of.patchset)
        commit = inputs.upstream_commit if inputs.change_project else inputs.commit
        if (
            said != claimed
            or known.of.pipeline not in RELEASING
            or (known.of.commit, known.of.tree) != (commit, inputs.tree)
        ):
            raise Ended(
                Status.FAILED,
                f"Zuul's build set {inputs.build_id} is of {_words(known.of)}, and not of what this job says",
            )
        if known.jobs:
            raise Ended(Status.FAILED, f"Zuul's build set {inputs.build_id} has ended: nothing more comes to it")

    def _note(self, path: str) -> Mapping[str, Any] | None:
        if not self.url:
            raise Ended(Status.INFRASTRUCTURE, "the site has no Zuul whose word could be asked for")
        text = self.read(self.url + path)
        if text is None:
            return None
        try:
            note = json.loads(text)
            return {**note, "jobs": dict(note.get("jobs", {}))}
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise Ended(Status.INFRASTRUCTURE, f"{self.url}{path} is no note of Zuul's: {error}") from None


def _unknown(inputs: Inputs) -> Ended:
    return Ended(
        Status.FAILED,
        f"Zuul runs no build set {inputs.build_id} in {inputs.pipeline}: what it did not start is no release",
    )


def _change(note: Mapping[str, Any]) -> Change:
    return Change(**{name: str(note.get(name) or "") for name in Change.__dataclass_fields__})


def _words(of: Change) -> str:
    return f"{of.project}, change {of.change},{of.patchset} in {of.pipeline}, commit {of.commit[:12]}"
