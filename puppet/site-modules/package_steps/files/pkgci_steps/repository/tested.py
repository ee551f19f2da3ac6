"""What may be promoted of a merged change: what a run of the gate built whose tests passed, all of them. Zuul says so.

The files come from the repository that the gate published in. It belongs to an account that looks into what strangers
built: what it says is compared with what Zuul vouches for, and each file with its checksum.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from .. import publishable
from ..inputs import REPUBLISH, Inputs
from ..settings import Project, Settings
from ..status import Ended, Status
from . import beneath, generation, places, pool, records, versions
from .manifest import Entry
from .publisher import Publisher
from .records import Record
from .vouching import BuildSet, Change

# Bytes: a record names some hundred files.
_RECORD_LIMIT = 4 * 1024 * 1024
_NAME = r"[A-Za-z0-9][A-Za-z0-9.+_~^-]{0,199}"
_VERSIONS = {"deb": versions.DEB, "rpm": versions.RPM}


def merge_of(publisher: Publisher, inputs: Inputs) -> Change:
    """The merge of the change of ``inputs``, as the review told Zuul. Raises ``Ended`` (failed) where there is none."""
    project = inputs.change_project or inputs.project
    found = publisher.zuul.merge(inputs.change)
    if found is None or found.project != project:
        raise Ended(
            Status.FAILED,
            f"change {inputs.change} of {project} is not merged, as far as the review told Zuul: nothing was published",
        )
    for what, said, known in (("patch set", inputs.patchset, found.patchset), ("tree", inputs.tree, found.tree)):
        if said and said != known:
            raise Ended(
                Status.FAILED,
                f"change {inputs.change} is merged as {what} {known}, and not as {said}: nothing was published",
            )
    return found


@dataclass(frozen=True)
class Tested:
    """What one run of the gate published: ``entries``, in the repository ``name``."""

    name: str
    entries: list[Entry]

    def folder(self, entry: Entry) -> str:
        """Where the files of ``entry`` are, below the folder of all repositories."""
        return f"{self.name}/{pool.SHARED}/{entry.folder}"


@dataclass(frozen=True)
class Choice:
    """Chooses among the runs of the gate of a change that was merged."""

    publisher: Publisher
    inputs: Inputs
    merge: Change

    def tested(self, targets: tuple[str, ...]) -> Tested:
        """What was tested for ``targets``, all of one run: the last one that may be published. Raises ``Ended``."""
        project = self.publisher.settings.project(self.inputs.project)
        why: Ended | None = None
        for run, found in self._runs(targets):
            try:
                return self._of_run(run, found, project, targets)
            except Ended as ended:
                if ended.status is Status.ABORTED:
                    raise
                why = why or ended
        raise why or self._gone(f"there is no record of what the gate tested for {targets[0]}")

    def _runs(self, targets: tuple[str, ...]) -> Iterator[tuple[str, Mapping[str, Record]]]:
        """Each run's build set, and what it published, by target; the last first."""
        found: dict[str, dict[str, Record]] = {}
        for folder in (self.publisher.public / places.GATE).glob(f"{self.inputs.change}-*"):
            run = folder.name.partition("-")[2]
            read = {target: self._record(run, target) for target in targets}
            records_of = {target: record for target, record in read.items() if record}
            if records_of:
                found[run] = records_of
        yield from sorted(found.items(), key=lambda item: max(one.moment for one in item[1].values()), reverse=True)

    def _record(self, run: str, target: str) -> Record | None:
        """What was published then; None where that is not to be had, or no record."""
        path = f"{places.gate(self.inputs.change, run)}/{generation.BUILDS}/{run}/{target}.json"
        try:
            record = records.parse(json.loads(beneath.text(self.publisher.public, path, _RECORD_LIMIT)))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        wanted = (self.inputs.project, self.inputs.change, target, run)
        entry = record.entry
        return record if (entry.project, entry.change, entry.target, entry.build_id) == wanted else None

    def _of_run(self, run: str, found: Mapping[str, Record], project: Project, targets: tuple[str, ...]) -> Tested:
        known = self.publisher.zuul.build_set(run)
        if known is None or (known.of.project, known.of.change) != (self.merge.project, self.merge.change):
            raise Ended(
                Status.FAILED, f"Zuul does not vouch for the build set {run}: nothing was published. {self._again()}"
            )
        self._check_tree(known)
        if why := known.failure({target: project.jobs.get(target, ()) for target in targets}):
            raise Ended(
                Status.FAILED,
                f"the {known.of.pipeline} did not pass ({why}). What has not passed is not published, merged or not. "
                f"{self._again()}",
            )
        if missing := next((target for target in targets if target not in found), None):
            raise self._gone(f"there is no record of what the gate tested for {missing}")
        return self._checked(places.gate(self.inputs.change, run), [found[target].entry for target in targets], project)

    def _check_tree(self, run: BuildSet) -> None:
        """What was tested is what was merged.

        Where the change was tested after its merge, it was a state of the branch: all of it was merged.
        """
        if run.of.pipeline == REPUBLISH and run.of.patchset == self.merge.patchset:
            return
        if run.of.tree != self.merge.tree or not run.of.tree:
            raise Ended(
                Status.FAILED,
                f"the files that were merged are not those that the gate tested: patch set {run.of.patchset} was "
                f"tested with the tree {run.of.tree[:12] or 'unknown'}, and {self.merge.tree[:12]} was merged, as "
                f"patch set {self.merge.patchset}. Nothing was published. {self._again()}",
            )

    def _checked(self, name: str, entries: list[Entry], project: Project) -> Tested:
        """Those ``entries``, where they say what may be said of a package, and their files are what they say."""
        try:
            tested = Tested(name, [plain(entry, project, self.publisher.settings) for entry in entries])
        except (ValueError, TypeError, AttributeError) as error:
            raise self._gone(f"a record in {name} is not acceptable: {error}") from None
        for entry in tested.entries:
            for file in entry.files:
                path = f"{tested.folder(entry)}/{file.name}"
                try:
                    same = beneath.checksum(self.publisher.public, path, file.size) == file.sha256
                except OSError:
                    same = False
                if not same:
                    raise self._gone(f"{file.name} for {entry.target} in {name} is missing, or not what was tested")
        return tested

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
        words += [
            (file.sha256, r"[0-9a-f]{64}"),
            (file.content, r"[0-9a-f]{64}"),
            (file.architecture, r"[a-z0-9_]{1,20}"),
        ]
        if type(file.size) is not int or file.size < 0:
            raise ValueError(f"a size is {str(file.size)[:40]!a}")
    for word, pattern in words:
        if not re.fullmatch(pattern, word):
            raise ValueError(f"it has the word {word[:60]!a}")
    if not 0 < len({file.name for file in entry.files}) == len(entry.files) <= publishable.FILE_LIMIT:
        raise ValueError("its files are no list of different names")
    return replace(entry, project=project.name, folder=pool.folder_of(entry, entry.files))
