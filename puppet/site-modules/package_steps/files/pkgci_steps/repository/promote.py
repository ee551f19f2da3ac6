"""pkgci-promote: publishes what the gate tested of a merged change, in the released repository."""

from __future__ import annotations

from dataclasses import replace

from ..inputs import PROMOTE, REPUBLISH, Inputs
from ..report import Case
from ..status import Ended, Status
from ..step import Step, run
from . import gate, ownership, places, pool, review_names, unchanging, versions
from .built import Built
from .engine import Repository, Update
from .gate import Gated
from .manifest import Entry, Manifest
from .publisher import Publisher, this_host
from .records import Record

USAGE = """
Publishes what the gate tested of a merged change in the released repository, signed with the release key.

  sudo -u publisher env PROJECT=packaging/hello CHANGE=5 PATCHSET=2 RESULTS=/tmp/out pkgci-promote

PROJECT            the project; all its targets are published together
CHANGE, PATCHSET   what was merged
CHANGE_PROJECT     the project of CHANGE, where that is PROJECT's upstream
TREE               the git tree of what was merged; without it, PATCHSET must be the patch set that the gate tested
RESULTS            the folder for result.json, junit.xml and log.txt

The very files that the gate published for its tests are taken, by checksum; RPM packages get the release key's
signature in place of the review key's. Nothing is built again. What is there already is passed over.

A review server may make another commit of a change when it merges it, as a patch set of its own. Its tree decides:
where it is the one that the gate tested, that is published; where it is not, nothing is.

Exit status: 0 published, 1 an older version, another content of a published version, or other files merged than tested,
2 wrong use, 3 the tested files are gone, or this host is at fault.
"""


def main() -> int:
    """The program."""
    return run("promote", perform, needed=("PROJECT", "CHANGE", "PATCHSET"), usage=USAGE, scratch=places.WORK)


def perform(step: Step) -> str:
    """Publishes. Raises ``Ended``."""
    project = step.settings.project(step.inputs.project)
    if project.own_steps:
        return f"{project.name} has no package: nothing to publish"
    return promote(step, this_host(step), project.targets)


def promote(step: Step, publisher: Publisher, targets: tuple[str, ...]) -> str:
    """Publishes what the gate tested for ``targets``: all of it, or nothing. Raises ``Ended``."""
    gated = _tested(publisher, step.inputs, targets)
    tested = [one.record.entry for one in gated]
    names = {entry.target: Built(entry.source, entry.version, entry.files) for entry in tested}
    known = {
        name: publisher.distribution(step.settings.target(name), ownership.names(built))
        for name, built in names.items()
    }
    released = Repository(places.RELEASE, publisher)
    with released.update() as update:
        for entry in tested:
            project, target = step.settings.project(entry.project), step.settings.target(entry.target)
            ownership.check(project, target, names[entry.target], update.before, known[entry.target])
        step.cases += [_case(entry, update.before) for entry in tested]
        step.passed_or_failed("")
        new = [one for one in gated if not _is_published(one.record.entry, update.before)]
        placed = [_put(update, one, publisher) for one in new]
        if placed:
            update.commit(f"{step.inputs.project}, change {step.inputs.change}, patch set {step.inputs.patchset}")
    _close(publisher, step.inputs.change)
    step.details["files"] = [vars(file) for entry in placed for file in entry.files]
    if not placed:
        return f"{_words(tested)}: all of it was published before"
    return f"published {_words(placed)}: {step.settings.repository.url}"


def _tested(publisher: Publisher, inputs: Inputs, targets: tuple[str, ...]) -> list[Gated]:
    """What the gate published for its tests, every file of it as it was then. Raises ``Ended``."""
    if inputs.pipeline == PROMOTE and not inputs.tree:
        raise Ended(
            Status.INFRASTRUCTURE,
            "Zuul does not say which tree was merged: its log says why, or its layout is older than this program, "
            "and `pkgci deploy-pipelines` renews it",
        )
    found = gate.of_change(publisher, inputs)
    chosen = {one.record.entry.target: one for one in found if _is_what_was_merged(one.record, inputs)}
    for target in targets:
        if target not in chosen:
            raise _missing([one.record for one in found if one.record.entry.target == target], inputs, target)
    for one in (chosen[target] for target in targets):
        lost = one.repository.lost(one.record.entry)
        if lost:
            where = f"{one.record.entry.target} in {one.repository.name}"
            raise _gone(inputs, f"{lost[0]} for {where} is missing, or not what was tested")
    return [chosen[target] for target in targets]


def _is_what_was_merged(record: Record, inputs: Inputs) -> bool:
    """Whether what was tested then is what was merged.

    Where the change was tested after its merge, it was a state of the branch: all of it was merged.
    """
    if record.pipeline == REPUBLISH or not inputs.tree:
        return record.entry.patchset == inputs.patchset
    return record.tree == inputs.tree


def _missing(found: list[Record], inputs: Inputs, target: str) -> Ended:
    if not found or not inputs.tree:
        return _gone(inputs, f"there is no record of what the gate tested for {target}")
    last = found[-1]
    return Ended(
        Status.FAILED,
        f"the files that were merged are not those that the gate tested: patch set {last.entry.patchset} was tested "
        f"with the tree {last.tree[:12] or 'unknown'}, and {inputs.tree[:12]} was merged, as patch set "
        f"{inputs.patchset}. Nothing was published. {_again(inputs)}",
    )


def _gone(inputs: Inputs, what: str) -> Ended:
    change = f"{inputs.change},{inputs.patchset}"
    return Ended(
        Status.INFRASTRUCTURE,
        f"what was tested of change {change} is gone: {what}. Nothing was published. {_again(inputs)}",
    )


def _again(inputs: Inputs) -> str:
    return (
        "To build, test and publish it again, on Zuul's host: "
        f"zuul enqueue --trigger gerrit --pipeline {REPUBLISH} --project {inputs.change_project or inputs.project} "
        f"--change {inputs.change},{inputs.patchset}"
    )


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


def _put(update: Update, one: Gated, publisher: Publisher) -> Entry:
    entry = one.record.entry
    source = one.repository.folder / pool.SHARED / entry.folder
    moment = publisher.now().isoformat(timespec="microseconds")
    return update.put(replace(entry, published=moment), source)


def _close(publisher: Publisher, change: str) -> None:
    """What was published for the change beside the released repository may go after a while."""
    for repository in (*gate.everything(publisher, change), review_names.of_change(publisher, change)):
        if repository.exists:
            with repository.update():
                repository.set_state(repository.state().with_closed(change, publisher.now()))


def _words(entries: list[Entry]) -> str:
    return ", ".join(f"{entry.source} {entry.version} for {entry.target}" for entry in entries)
