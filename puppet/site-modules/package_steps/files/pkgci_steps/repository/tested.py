"""What may be promoted of a merged change: what a run of the gate built whose tests passed, all of them. Zuul says so.

The files come from the repository that the gate published in. It belongs to an account that looks into what strangers
built: what it says is compared with what Zuul vouches for, and each file with its checksum.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from .. import publishable
from ..inputs import REPUBLISH, Inputs
from ..settings import Project, Settings
from ..status import Ended, Status
from . import beneath, pool, records, versions
from .engine import Repository
from .manifest import Entry, File
from .publisher import Publisher
from .records import Record
from .vouching import BuildSet, Change

_NAME = r"[A-Za-z0-9][A-Za-z0-9.+_~^-]{0,199}"
_VERSIONS = {"deb": versions.DEB, "rpm": versions.RPM}


def merge_of(publisher: Publisher, inputs: Inputs) -> Change:
    """The merge of the change of ``inputs``, as the review told Zuul. Raises ``Ended`` (failed) where there is none."""
    project = inputs.change_project or inputs.project
    found = publisher.zuul.merge(inputs.change)
    if found is None or found.project != project:
        raise Ended(
            Status.FAILED,
            f"change {inputs.change} of {project} is not merged, as far as the review has told Zuul: nothing was published",
        )
    for what, said, known in (("patch set", inputs.patchset, found.patchset), ("tree", inputs.tree, found.tree)):
        if said and said != known:
            raise Ended(
                Status.FAILED,
                f"change {inputs.change} is merged as {what} {known}, and not as {said}: nothing was published",
            )
    return found


@dataclass(frozen=True)
class Choice:
    """Chooses among what the gate published for a merged change in the repository ``review``."""

    publisher: Publisher
    review: Repository
    inputs: Inputs
    merge: Change

    def entries(self, targets: tuple[str, ...]) -> list[Entry]:
        """What was tested for ``targets``, all of one run. Raises ``Ended``."""
        settings = self.publisher.settings
        project = settings.project(self.inputs.project)
        wanted = {target: project.jobs.get(target, ()) for target in targets}
        why: Ended | None = None
        for name, found in self._runs().items():
            try:
                return self._of_run(name, found, wanted, settings)
            except Ended as ended:
                why = why or ended
        raise why or self._gone(f"{self.review.name} has no record of what the gate tested for {targets[0]}")

    def _runs(self) -> Mapping[str, dict[str, Record]]:
        """Build set → target → what it published; the latest first."""
        try:
            found = records.of_releases(self.review.folder, self.inputs)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise self._gone(f"the records in {self.review.name} cannot be read: {error}") from None
        runs: dict[str, dict[str, Record]] = {}
        for record in reversed(found):
            runs.setdefault(record.entry.build_id, {}).setdefault(record.entry.target, record)
        return runs

    def _of_run(
        self, name: str, found: Mapping[str, Record], wanted: Mapping[str, tuple[str, ...]], settings: Settings
    ) -> list[Entry]:
        run = self.publisher.zuul.build_set(name)
        if run is None or (run.of.project, run.of.change) != (self.merge.project, self.merge.change):
            raise Ended(
                Status.FAILED, f"Zuul does not vouch for the build set {name}: nothing was published. {self._again()}"
            )
        self._check_tree(run)
        if why := run.failure(wanted):
            raise Ended(
                Status.FAILED,
                f"the {run.of.pipeline} did not pass ({why}), and what it has not passed is never published, merged or "
                f"not. {self._again()}",
            )
        for target in wanted:
            if target not in found:
                raise self._gone(f"{self.review.name} has no record of what the gate tested for {target}")
        return [self._checked(found[target].entry, settings.project(self.inputs.project), settings) for target in wanted]

    def _check_tree(self, run: BuildSet) -> None:
        """What was tested is what was merged.

        Where the change was tested after its merge, it was a state of the branch: all of it was merged.
        """
        if run.of.pipeline == REPUBLISH and run.of.patchset == self.merge.patchset:
            return
        if run.of.tree != self.merge.tree or not run.of.tree:
            raise Ended(
                Status.FAILED,
                f"the files that were merged are not those that the gate tested: patch set {run.of.patchset} was tested "
                f"with the tree {run.of.tree[:12] or 'unknown'}, and {self.merge.tree[:12]} was merged, as patch set "
                f"{self.merge.patchset}. Nothing was published. {self._again()}",
            )

    def _checked(self, entry: Entry, project: Project, settings: Settings) -> Entry:
        """``entry``, where it says nothing but what may be said of a package, and its files are what it says."""
        try:
            placed = plain(entry, project, settings)
        except (ValueError, TypeError) as error:
            raise self._gone(f"a record in {self.review.name} is not acceptable: {error}") from None
        for file in placed.files:
            try:
                same = beneath.checksum(*self.place(placed, file), file.size) == file.sha256
            except OSError:
                same = False
            if not same:
                raise self._gone(
                    f"{file.name} for {placed.target} in {self.review.name} is missing, or not what was tested"
                )
        return placed

    def place(self, entry: Entry, file: File) -> tuple[Path, str]:
        """Where the file is: below the folder of all repositories, and its path there."""
        top = self.publisher.public
        return top, f"{self.review.folder.relative_to(top)}/{pool.SHARED}/{entry.folder}/{file.name}"

    def _gone(self, what: str) -> Ended:
        change = f"{self.inputs.change},{self.inputs.patchset}"
        return Ended(
            Status.INFRASTRUCTURE,
            f"what was tested of change {change} is gone: {what}. Nothing was published. {self._again()}",
        )

    def _again(self) -> str:
        return (
            "To build, test and publish it again, on Zuul's host: "
            f"zuul enqueue --trigger gerrit --pipeline {REPUBLISH} --project {self.merge.project} "
            f"--change {self.merge.change},{self.merge.patchset}"
        )


def plain(entry: Entry, project: Project, settings: Settings) -> Entry:
    """``entry``, checked word by word, in the folder that its contents give it. Raises ``ValueError``."""
    if entry.target not in project.targets or settings.target(entry.target).kind != entry.kind:
        raise ValueError(f"its target is {entry.target!a:.60}")
    version = _VERSIONS[entry.kind]
    words = [(entry.source, _NAME), (entry.version, version), (entry.published, r"[0-9T:.+-]{0,40}")]
    for file in entry.files:
        words += [(file.name, publishable.NAME), (file.package, _NAME), (file.version, version)]
        words += [(file.sha256, r"[0-9a-f]{64}"), (file.content, r"[0-9a-f]{64}"), (file.architecture, r"[a-z0-9_]{1,20}")]
        if type(file.size) is not int or file.size < 0:
            raise ValueError(f"a size is {str(file.size)[:40]!a}")
    for word, pattern in words:
        if not re.fullmatch(pattern, word):
            raise ValueError(f"it has the word {word[:60]!a}")
    if not 0 < len({file.name for file in entry.files}) == len(entry.files) <= publishable.FILE_LIMIT:
        raise ValueError("its files are no list of different names")
    return replace(entry, project=project.name, folder=pool.folder_of(entry, entry.files))


def total(entries: Iterable[Entry]) -> int:
    """How many bytes they have."""
    return sum(file.size for entry in entries for file in entry.files)
