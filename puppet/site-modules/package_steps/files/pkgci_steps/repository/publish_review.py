"""pkgci-publish-review: publishes what a build of a change made: for review, or as what the gate built."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..inputs import RELEASING, Inputs
from ..settings import BuildHost, Target
from ..status import Ended, Status
from ..step import Step, run
from . import (
    claim,
    gate,
    look_deb,
    look_rpm,
    ownership,
    patchsets,
    places,
    records,
    review_names,
    room,
    taken,
    unchanging,
)
from .built import Built
from .engine import Repository
from .fetching import Source
from .known import Known
from .manifest import Entry, Manifest
from .owned import owned
from .publisher import Publisher, this_host
from .records import Record

USAGE = """
Publishes what a build of a change made, signed with the key for reviews: in check in the change's own repository,
review/CHANGE; in the gate in one that is this run's alone, gate/CHANGE-BUILD.

  mkdir -m 777 /tmp/out
  sudo -u pkgci-review env PROJECT=packaging/hello TARGET=trixie CHANGE=5 PATCHSET=2 RESULTS=/tmp/out \\
    pkgci-publish-review

As pkgci-gate for the pipelines gate and republish, which Zuul must have begun: it is asked. Neither account has a key.

PROJECT, TARGET    what was built
CHANGE, PATCHSET   the change that it was built of
PIPELINE           check, gate or republish, as for the build
REF, COMMIT        as for the build: the last word of REF names the build (by-hand without it)
UPSTREAM_COMMIT    in place of COMMIT, where CHANGE is one of the project's upstream, CHANGE_PROJECT
TREE               the git tree of that commit: what is merged is compared with it
CHANGES            in check: the changes that it stands on, as in "10,1 12,3"
AHEAD              in the gate: its runs for the changes ahead of this one, as in "10-Z1 12-Z7"
GROUP              in check: a group of the site file; its changes share one repository, review/group-GROUP, and
                   review/CHANGE leads there
RESULTS            the folder for result.json, junit.xml and log.txt: of the account that calls

The build is fetched from the build hosts, and nothing in it is trusted: names, sizes, checksums and the packages' own
data are checked. A patch set takes the older ones of its change out of its repository.

Exit status: 0 published, 1 the package is at fault or refused, 2 wrong use, 3 this host or a build host is at fault.
"""

_LOOKS = {"deb": look_deb.look, "rpm": look_rpm.look}
_PIPELINES = ("", "check", *RELEASING)
_MEGABYTE = 1_000_000


def main() -> int:
    """The program."""
    needed = ("PROJECT", "TARGET", "CHANGE", "PATCHSET")
    return run("publish-review", perform, needed=needed, usage=USAGE, scratch=places.WORK)


def perform(step: Step) -> str:
    """Publishes. Raises ``Ended``."""
    inputs = step.inputs
    target = step.settings.target(inputs.target)
    project = step.settings.project(inputs.project)
    if target.name not in project.targets:
        raise Ended(Status.MISUSED, f"{project.name} is not built for {target.name}, by the site file")
    if inputs.pipeline not in _PIPELINES:
        words = ", ".join(_PIPELINES[1:])
        raise Ended(Status.MISUSED, f"the pipeline {inputs.pipeline} publishes no reviews: {words} do")
    if inputs.group and not inputs.is_release:
        step.settings.check_group(inputs.group, inputs.change_project or project.name)
    if project.own_steps:
        return f"{project.name} has no package: nothing to publish"
    desk = places.desk_of(places.own(inputs))
    key, place = places.fetch_key(desk), f"{inputs.build_id}/{target.name}"
    source = Source(step.settings.build_hosts, place, step.scratch, step.programs, key)
    return Publication(step, this_host(step, desk), target).publish(source)


@dataclass(frozen=True)
class Publication:
    """What is built for ``target`` on its way to the repository."""

    step: Step
    publisher: Publisher
    target: Target

    def publish(self, source: Source) -> str:
        """Fetches, checks, publishes. Returns in one line what was done; raises ``Ended``."""
        if self.step.inputs.is_release:
            self.publisher.zuul.begun(self.step.inputs)
        host, result = source.find()
        folder, built = self._checked(source, host, result)
        released = Repository(places.RELEASE, self.publisher).manifest()
        known = self.publisher.distribution(self.target, ownership.names(built))
        project = self.step.settings.project(self.step.inputs.project)
        before = list(self._before())
        ownership.check(project, self.target, built, released, known, before)
        self._check_versions(built, released, before, known)
        if why := unchanging.clash(self.target.name, built.files, [*before, *released.entries]):
            raise Ended(Status.FAILED, f"refused: {why}")
        return self._published(self._entry(built, self._owned(built, released, known)), folder)

    def _owned(self, built: Built, released: Manifest, known: Known) -> tuple[str, ...]:
        """The names that this change's packages may have before those of the distribution, wherever they are used."""
        names = {file.package for file in built.files}
        sources = {name: frozenset(package.source for package in known.named(name)) for name in names}
        project = self.step.settings.project(self.step.inputs.project)
        return owned(project, self.target.kind, built, released, sources)

    def _check_versions(self, built: Built, released: Manifest, before: Sequence[Entry], known: Known) -> None:
        """Raises ``Ended`` (failed) where the release's version would be another package's."""
        taken.by_distribution(built, known, self.target, self.step.settings.site)
        taken.by_release(built, released.of_target(self.target.name), self.target, tree=self.step.inputs.tree)
        for ahead in before if self.step.inputs.is_release else ():
            if ahead.target == self.target.name:
                taken.by_release(built, [ahead], self.target, ahead=ahead.change)

    def _before(self) -> Iterator[Entry]:
        """What the changes before this one have published, in the patch sets or in the runs of the gate that it stands
        on: they are released before it is."""
        inputs = self.step.inputs
        if inputs.is_release:
            yield from (record.entry for record in gate.ahead(self.publisher, inputs))
            return
        for number, patchset in inputs.changes_before:
            for record in records.latest(self.publisher.public / places.review(number), number, patchset):
                yield record.entry

    def _checked(self, source: Source, host: BuildHost, result: bytes) -> tuple[Path, Built]:
        """The folder with the files, and what they are. Raises ``Ended`` (failed) for anything that is not right."""
        limit = self.step.settings.limits.disk_mb * _MEGABYTE
        claimed = claim.read(result, self.step.inputs, limit)
        # It is there once more when it is published: RPM packages are signed, and disks may be different ones.
        room.check(self.publisher.public, sum(file.size for file in claimed), copies=2)
        self.step.log.say(f"fetching {len(claimed)} files from {host.name}")
        folder = source.take(host, claimed)
        checksums = {file.name: file.sha256 for file in claimed}
        try:
            return folder, _LOOKS[self.target.kind](folder, checksums, self.step.inputs, self.step.programs)
        except ValueError as error:
            raise Ended(Status.FAILED, f"refused: {error}") from None

    def _published(self, wanted: Entry, folder: Path) -> str:
        inputs = self.step.inputs
        repository = Repository(places.own(inputs), self.publisher)
        if not inputs.is_release:
            review_names.leave(self.publisher, inputs.change, inputs.repository)
        with repository.update() as update:
            replaced = patchsets.replaced(update.entries, inputs)
            for entry in replaced:
                update.drop(entry)
            same = [one for one in update.entries if _is_same(one, wanted) and not repository.lost(one)]
            there = same[0] if same else None
            placed = there or update.put(wanted, folder, replace=True)
            repository.set_state(repository.state().with_work(inputs.change, inputs.project, self.publisher.now()))
            if there is None or replaced:
                update.commit(f"{wanted.source} {wanted.version} for {self.target.name}, change {inputs.change}")
            records.write(repository.folder, self._record(placed, inputs))
        if not inputs.is_release:
            review_names.lead(self.publisher, inputs.change, inputs.repository)
        url = f"{self.step.settings.repository.url}{repository.name}/"
        self._tell(placed, url)
        how = "was there already" if there else "is published"
        return f"{wanted.source} {wanted.version} for {self.target.name} {how}: {url}"

    def _entry(self, built: Built, owns: tuple[str, ...]) -> Entry:
        inputs = self.step.inputs
        return Entry(
            target=self.target.name,
            kind=self.target.kind,
            source=built.source,
            version=built.version,
            project=inputs.project,
            change=inputs.change,
            patchset=inputs.patchset,
            build_id=inputs.build_id,
            published=self._moment(),
            folder="",
            files=built.files,
            tree=inputs.tree,
            owns=owns,
        )

    def _record(self, placed: Entry, inputs: Inputs) -> Record:
        """What this run has published, though another one may have put it there."""
        own = {"change": inputs.change, "patchset": inputs.patchset, "build_id": inputs.build_id}
        entry = Entry(**{**vars(placed), **own})
        return Record(
            inputs.pipeline or "check", inputs.commit or inputs.upstream_commit, self._moment(), entry, inputs.tree
        )

    def _tell(self, placed: Entry, url: str) -> None:
        self.step.details["url"] = url
        self.step.details["source"], self.step.details["version"] = placed.source, placed.version
        self.step.details["files"] = [vars(file) for file in placed.files]

    def _moment(self) -> str:
        return self.publisher.now().isoformat(timespec="microseconds")


def _is_same(one: Entry, wanted: Entry) -> bool:
    same = (one.target, one.source, one.version, one.project, one.owns)
    words = (wanted.target, wanted.source, wanted.version, wanted.project, wanted.owns)
    return same == words and one.same_as(wanted)
