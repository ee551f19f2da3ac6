"""The repository test of DEB packages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from .. import chroots, publishable, review
from ..install import apt as tool
from ..install import root
from ..install.apt import Apt
from ..parallel import side_by_side
from ..report import Case
from ..repository import versions
from ..review import File, Repository
from ..settings import Target
from ..status import Ended, Status
from ..step import Step
from . import clashes, closure, contents, dose, trial, world
from .world import Package

_is_older = partial(versions.is_older, "deb")
_NO_SUCH = "apt does not see {} {} in the review repository"


def test(step: Step, target: Target, wanted: Sequence[File]) -> None:
    """Judges ``wanted``, packages of the change, beside all that is released: a case for each and each question."""
    chosen = review.repositories(step.inputs, step.settings)
    tree = chroots.ensure(step, target, chroots.Purpose.TEST)
    sources = tool.files(step, target, chosen)
    with root.fresh(step, tree, sources) as one:
        apt = Apt(one)
        apt.use_changes()
        change, beside, released = _ours(apt, chosen, wanted)
        step.cases.extend(world.version_cases(released, change, _is_older))
        have_files = [package for package in world.joined(beside, change) if not _is_debugging(package)]

        def files(own: Step) -> None:
            with own.timed("files judged"):
                known = contents.of(apt, have_files)
                tried = partial(_tried, own, tree, sources)
                own.cases.extend(clashes.cases([package for package in change if package in known], known, tried))

        def dependencies(own: Step) -> None:
            with own.timed("dependencies judged"):
                own.cases.extend(_closure(own, apt, chosen, beside, change))

        side_by_side(step, [files, dependencies])


def _tried(
    step: Step, tree: Path, sources: Mapping[str, bytes], one: Package, other: Package, paths: Sequence[str]
) -> list[str]:
    """What dpkg says of two packages, in a root of their own."""
    with root.fresh(step, tree, sources) as another:
        apt = Apt(another)
        apt.use_changes()
        return trial.overwritten(apt, one, other, paths)


def _ours(
    apt: Apt, chosen: Sequence[Repository], wanted: Sequence[File]
) -> tuple[list[Package], list[Package], list[Package]]:
    """The change's packages; those that there are without it, one version of each; and every released version.

    Packages of changes before it are there without it, and not yet released.
    """
    sums = {file.sha256 for file in wanted}
    listed = _listed(apt, chosen)
    everywhere = [package for some in listed.values() for package in some]
    change = list({package.sha256: package for package in everywhere if package.sha256 in sums}.values())
    for file in wanted:
        if file.sha256 not in {package.sha256 for package in change}:
            raise Ended(Status.INFRASTRUCTURE, _NO_SUCH.format(file.package, file.version))
    # An earlier patch set of this change is no package that will be released.
    sources = {package.source for package in change}
    earlier = {item.name: sources if item.is_own else set() for item in chosen}
    others = [package for name, some in listed.items() for package in some if package.source not in earlier[name]]
    beside = [package for package in others if package.sha256 not in sums]
    return change, world.newest(beside, _is_older), listed.get("released", [])


def _listed(apt: Apt, chosen: Sequence[Repository]) -> dict[str, list[Package]]:
    """The packages of each repository that users would get from there, were there none of the others.

    What a change only adds stands behind the distribution and what is released.
    """
    found = {item.name: packages(apt.packages(f"Repo-URI: {item.url}")) for item in chosen}
    usable = {item.name: [one for one in found[item.name] if item.has(one.name, one.version)] for item in chosen}
    added = {item.name: _added(item, usable[item.name]) for item in chosen}
    names = sorted(set().union(*added.values()))
    if not names:
        return usable
    of_changes = {one.sha256 for item in chosen if not item.is_released for one in found[item.name]}
    elsewhere = {row["Package"] for row in apt.named(names) if row.get("SHA256") not in of_changes}
    return {name: [one for one in some if one.name not in added[name] & elsewhere] for name, some in usable.items()}


def _added(item: Repository, usable: Sequence[Package]) -> set[str]:
    return {one.name for one in usable if item.offer and item.offer.is_added(one.name)}


def _closure(
    step: Step, apt: Apt, chosen: Sequence[Repository], beside: Sequence[Package], change: Sequence[Package]
) -> list[Case]:
    """A case for each package of the change, and for each other one of ours that it breaks."""
    architecture = apt.root.ask("dpkg", "--print-architecture").strip()
    base = step.scratch / "base"
    _base(apt, chosen, (*beside, *change), base)
    left = world.abandoned(beside, change)
    for package in left:
        step.log.say(f"{package} is made no more by {package.source}: whether it breaks is not judged")
    with base.open("a") as known:
        known.write(_stanzas(left))
    beside = [package for package in beside if package not in left]
    broken = dose.check(step, architecture, base, _written(step, "after", world.joined(beside, change)))
    own = {package.name for package in change}
    faults = {item.package: item for item in broken}
    cases = [_case(f"{package.name}: dependencies", faults.get(package.name)) for package in change]
    others = [item for item in broken if item.package not in own]
    if others:
        before = {item.package for item in dose.check(step, architecture, base, _written(step, "before", beside))}
        for item in others:
            if item.package in before:
                step.log.say(f"{item.package} {item.version} was broken before: {item.reason}")
            else:
                cases.append(_broken_by(item, change))
    return cases


def _case(name: str, fault: dose.Broken | None) -> Case:
    return Case(name, Status.FAILED, fault.reason, fault.reason) if fault else Case(name)


def _broken_by(item: dose.Broken, change: Sequence[Package]) -> Case:
    """The case of a released package that cannot be installed with the change any more."""
    guilty = [str(package) for package in change if {package.name, *_provided(package)} & set(item.names)]
    by = ", ".join(guilty or [str(package) for package in change])
    text = f"{item.package} {item.version} would break: {item.reason}; the change brings {by}"
    return Case(f"{item.package}: still installable", Status.FAILED, text, text)


def _provided(package: Package) -> list[str]:
    return [re.split(r"[\s(]", word.strip())[0] for word in package.fields.get("Provides", "").split(",")]


def _base(apt: Apt, chosen: Sequence[Repository], ours: Sequence[Package], file: Path) -> None:
    """Writes those of the distribution's packages to ``file`` that ours can come to need, without any that is ours."""
    shown = apt.root.ask("apt-get", "indextargets", "--format", "$(REPO_URI)\t$(FILENAME)", "Created-By: Packages")
    own = {item.url for item in chosen}
    rows = (line.split("\t") for line in shown.splitlines())
    names = [name for address, name in rows if address not in own]
    apt.root.ask("sh", "-c", 'exec /usr/lib/apt/apt-helper cat-file "$@" >/tmp/base', "sh", *names)
    lists = (apt.root.system.outside / "tmp/base").read_bytes()
    without = frozenset(package.name.encode() for package in ours)
    stanzas = closure.needed(lists, [package.stanza.encode() for package in ours], without)
    file.write_bytes(b"".join(stanza + b"\n\n" for stanza in stanzas))


def _written(step: Step, name: str, chosen: Iterable[Package]) -> Path:
    file = step.scratch / name
    file.write_text(_stanzas(chosen))
    return file


def _stanzas(chosen: Iterable[Package]) -> str:
    return "".join(f"\n{package.stanza}\n" for package in chosen)


def _is_debugging(package: Package) -> bool:
    return publishable.is_debugging(package.name, package.fields.get("Filename", ""))


def packages(text: str) -> list[Package]:
    """The packages in a Packages file."""
    found = []
    for stanza in re.split(r"\n{2,}", text.strip()):
        fields = tool.stanzas(stanza)[0] if stanza else {}
        if fields:
            found.append(
                Package(
                    fields["Package"],
                    fields["Version"],
                    fields["Architecture"],
                    fields.get("Source", fields["Package"]).split(" ")[0],
                    fields["SHA256"],
                    fields,
                    stanza,
                )
            )
    return found
