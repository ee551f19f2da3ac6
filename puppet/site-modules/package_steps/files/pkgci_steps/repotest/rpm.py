"""The repository test of RPM packages."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from .. import chroots, offered, review
from ..install import dnf as tool
from ..install import root
from ..install.dnf import Dnf
from ..report import Case
from ..repository import versions
from ..review import File, Repository
from ..rpm import base
from ..settings import Target
from ..status import Ended, Status
from ..step import Step
from . import world
from .world import Package

_is_older = partial(versions.is_older, "rpm")
_SOLVER = "/etc/pkgci/solve.py"
_CLASH = re.compile(r"^ *(file \S+ .*conflicts .*)$", re.MULTILINE)


def test(step: Step, target: Target, wanted: Sequence[File]) -> None:
    """Judges ``wanted``, packages of the change, beside all that is released: a case for each and each question."""
    if base.stands_in(target):
        step.log.say(base.NOTE)
    step.details |= base.details(target)
    chosen = review.repositories(step.inputs, step.settings)
    tree = chroots.ensure(step, target, chroots.Purpose.TEST)
    solver = Path(__file__).with_name("solve.py").read_bytes()
    with root.fresh(step, tree, {**tool.files(step, chosen), _SOLVER: solver}) as one:
        dnf = Dnf(one)
        dnf.use_changes()
        answer = _asked(dnf, chosen, wanted)
        step.cases.extend(judged(answer))
        step.cases.extend(_clashes(dnf, answer))
        for package, why in answer["before"].items():
            step.log.say(f"{package} was broken before: {'; '.join(why)}")


def _asked(dnf: Dnf, chosen: Sequence[Repository], wanted: Sequence[File]) -> dict[str, Any]:
    """What the solver says. Raises ``Ended`` (infrastructure) where it does not see the change's packages."""
    own = next((item.name for item in chosen if item.is_own), "")
    change = [[file.package, file.version] for file in wanted]
    sections = [(name, rank) for item in chosen for name, rank, _ in item.sections if name != own]
    added = [name for name, rank in sections if rank == offered.ADDED]
    question = {"change": change, "own": own, "others": [name for name, _ in sections], "added": added}
    answer: dict[str, Any] = json.loads(dnf.root.ask("python3", _SOLVER, json.dumps(question)))
    seen = {(item["name"], item["version"]) for item in answer["change"]}
    for file in wanted:
        if (file.package, file.version) not in seen:
            raise Ended(
                Status.INFRASTRUCTURE, f"dnf does not see {file.package} {file.version} in the review repository"
            )
    return answer


def judged(answer: Mapping[str, Any]) -> list[Case]:
    """The cases of an answer: versions, dependencies, and what the change would break."""
    change = [_package(item) for item in answer["change"]]
    cases = world.version_cases([_package(item) for item in answer["released"]], change, _is_older)
    own = {item["id"]: item["name"] for item in answer["change"]}
    for name, package in own.items():
        cases.append(_case(f"{package}: dependencies", answer["after"].get(name, [])))
    for name, why in answer["after"].items():
        if name not in own and name not in answer["before"]:
            named = [str(package) for package in change if any(_speaks_of(package, text) for text in why)]
            by = ", ".join(named or map(str, change))
            cases.append(_case(f"{name}: still installable", [f"{name} would break: {why[0]}; the change brings {by}"]))
    return cases


def _speaks_of(package: Package, text: str) -> bool:
    return re.search(rf"(?<![\w.+-]){re.escape(package.name)}(?![\w.+])", text) is not None


def _clashes(dnf: Dnf, answer: Mapping[str, Any]) -> list[Case]:
    """A case for each package of the change: rpm itself says which files exclude each other, and installs nothing."""
    found: dict[str, list[str]] = {item["id"]: [] for item in answer["change"]}
    for own, other in answer["shared"]:
        # Where they exclude each other in so many words, they cannot be fetched together, and all is well.
        if dnf.fetch([own, other]).status == 0:
            found[own] += _CLASH.findall(dnf.try_install([own, other]).text)
    names = {item["id"]: item["name"] for item in answer["change"]}
    return [_case(f"{names[own]}: files", texts) for own, texts in found.items()]


def _case(name: str, wrong: Sequence[str]) -> Case:
    text = "\n".join(wrong)
    return Case(name, Status.FAILED if wrong else Status.PASSED, wrong[0] if wrong else "", text)


def _package(item: Mapping[str, str]) -> Package:
    return Package(item["name"], item["version"], item["architecture"], item["source"], item["content"])
