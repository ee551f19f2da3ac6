"""pkgci-promote: publishes what the gate tested of a merged change, in the released repository."""

from __future__ import annotations

from dataclasses import replace

from ..inputs import Inputs
from ..report import Case
from ..status import Status
from ..step import Step, run
from . import ownership, places, room, unchanging, versions
from .built import Built
from .engine import Repository, Update
from .manifest import Entry, Manifest
from .publisher import Publisher, this_host
from .tested import Choice, Tested, merge_of

USAGE = """
Publishes what the gate tested of a merged change in the released repository, signed with the release key.

  mkdir -m 777 /tmp/out
  sudo -u publisher env PROJECT=packaging/hello CHANGE=5 PATCHSET=2 RESULTS=/tmp/out pkgci-promote

PROJECT            the project; all its targets are published together
CHANGE, PATCHSET   what was merged
CHANGE_PROJECT     the project of CHANGE, where that is PROJECT's upstream
TREE               the git tree of what was merged, where it is known
RESULTS            the folder for result.json, junit.xml and log.txt: of the account that calls

Nobody's word is taken for it that the change is merged, and that its tests passed: Zuul's own notes are read over HTTPS
from its host, and say what the review told it, and how each job of each run of the gate ended. A change that was merged
without the gate is not published.

The very files that the gate published for its tests are taken, by checksum; RPM packages get the release key's
signature in place of the review key's. Nothing is built again. What is there already is passed over.

A review server may make another commit of a change when it merges it, as a patch set of its own. Its tree decides:
where it is the one that the gate tested, that is published; where it is not, nothing is.

Exit status: 0 published, 1 not merged, not passed, an older version, another content of a published version, or other
files merged than tested, 2 wrong use, 3 the tested files are gone, or this host or Zuul's is at fault.
"""


def main() -> int:
    """The program."""
    return run("promote", perform, needed=("PROJECT", "CHANGE", "PATCHSET"), usage=USAGE, scratch=places.WORK)


def perform(step: Step) -> str:
    """Publishes. Raises ``Ended``."""
    project = step.settings.project(step.inputs.project)
    if project.own_steps:
        return f"{project.name} has no package: nothing to publish"
    return promote(step, this_host(step, places.RELEASE), project.targets)


def promote(step: Step, publisher: Publisher, targets: tuple[str, ...]) -> str:
    """Publishes what the gate tested for ``targets``: all of it, or nothing. Raises ``Ended``."""
    tested = Choice(publisher, step.inputs, merge_of(publisher, step.inputs)).tested(targets)
    entries = tested.entries
    names = {entry.target: Built(entry.source, entry.version, entry.files) for entry in entries}
    known = {
        name: publisher.distribution(step.settings.target(name), ownership.names(built))
        for name, built in names.items()
    }
    released = Repository(places.RELEASE, publisher)
    with released.update() as update:
        for entry in entries:
            project, target = step.settings.project(entry.project), step.settings.target(entry.target)
            ownership.check(project, target, names[entry.target], update.before, known[entry.target])
        step.cases += [_case(entry, update.before) for entry in entries]
        step.passed_or_failed("")
        new = [entry for entry in entries if not _is_published(entry, update.before)]
        room.check(publisher.public, sum(file.size for entry in new for file in entry.files))
        placed = [_put(update, entry, tested, publisher) for entry in new]
        if placed:
            update.commit(_why(step.inputs))
    step.details["files"] = [vars(file) for entry in placed for file in entry.files]
    if not placed:
        return f"{_words(entries)}: all of it was published before"
    return f"published {_words(placed)}: {step.settings.repository.url}"


def _why(inputs: Inputs) -> str:
    return f"{inputs.project}, change {inputs.change}, patch set {inputs.patchset}"


def _case(entry: Entry, released: Manifest) -> Case:
    """Whether the rules for versions let ``entry`` into the released repository."""
    name, message = f"{entry.source} {entry.version} for {entry.target}", ""
    for one in released.versions(entry.target, entry.source):
        if one.version == entry.version and not one.same_as(entry):
            message = "this version was published before, with other content: give it a new version"
        elif versions.is_older(entry.kind, entry.version, one.version):
            message = f"the newer version {one.version} was published before: give it a version after that"
    message = message or unchanging.clash(entry.target, entry.files, released.entries)
    return Case(name, Status.FAILED if message else Status.PASSED, message)


def _is_published(entry: Entry, released: Manifest) -> bool:
    return any(one.version == entry.version for one in released.versions(entry.target, entry.source))


def _put(update: Update, entry: Entry, tested: Tested, publisher: Publisher) -> Entry:
    moment = publisher.now().isoformat(timespec="microseconds")
    return update.put(replace(entry, published=moment), publisher.public, beneath=tested.folder(entry))


def _words(entries: list[Entry]) -> str:
    return ", ".join(f"{entry.source} {entry.version} for {entry.target}" for entry in entries)
