"""Labels and submit requirements of a project: what lacks of those that the CI needs. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pkgci.review.change import Change, Hindrance, Request
from pkgci.review.live import Label, LiveProject, Requirement
from pkgci.review.server import project_path
from pkgci.review.wanted import Wanted, WantedLabel
from pkgci.review.words import config_place, signed


def plan_labels(wanted: Wanted, project: LiveProject) -> tuple[list[Change | Hindrance], LiveProject]:
    """The changes that labels need, and the project with the labels as they are then."""
    found: list[Change | Hindrance] = []
    for label in wanted.labels:
        there = project.label(label.name)
        if there is not None and there.votes.covers(label.least):
            continue
        where = config_place(project.name)
        if there is not None and there.project != project.name and not there.can_override:
            found.append(
                Hindrance(
                    where,
                    f"label {there.name} has {there.votes}, the CI needs {label.votes}",
                    f"widen it in {config_place(there.project)}, which lets no other project define it (canOverride)",
                )
            )
            continue
        own = there if there is not None and there.project == project.name else None
        made = made_label(label, project.name, there, own, requirements=project.requirements is not None)
        found.append(_label_change(label, made, own, where))
        project = replace(project, labels=(*(one for one in project.labels if one is not own), made))
    return found, project


def made_label(
    label: WantedLabel, project: str, there: Label | None, own: Label | None, *, requirements: bool
) -> Label:
    """The label as it will be: with the votes that it had, and those that are wanted."""
    old = there.values if there is not None else {}
    low, high = min(label.votes.low, *old, 0), max(label.votes.high, *old, 0)
    values = {vote: old.get(vote) or label.text(vote) for vote in range(low, high + 1)}
    needed = label.gate is not None and not requirements
    function = own.function if own else "MaxWithBlock" if needed else "NoBlock"
    return Label(there.name if there else label.name, project, values, function)


def _label_change(label: WantedLabel, made: Label, own: Label | None, where: str) -> Change:
    values = {signed(vote) if vote else "0": text for vote, text in sorted(made.values.items())}
    body: dict[str, Any] = {"values": values, "commit_message": f"Label {made.name}: the votes of the CI"}
    if own is None:
        body |= {"function": made.function, "default_value": 0}
    lines = [f'- [label "{made.name}"] {own.votes}'] if own else []
    lines.append(f'+ [label "{made.name}"] {made.votes}' + ("" if own else f", function = {made.function}"))
    verb = "widen" if own else "define"
    path = f"{project_path(made.project)}/labels/{made.name}"
    return Change(where, f"{verb} the label {made.name} ({made.votes})", tuple(lines), Request("PUT", path, body))


def plan_requirements(wanted: Wanted, project: LiveProject) -> Iterator[Change | Hindrance]:
    """What a change needs to be submitted, of labels that do not require it themselves."""
    for label in wanted.labels if project.requirements is not None else ():
        there = project.label(label.name)
        if label.gate is None or there is None:
            continue
        if there.requires:
            if label == wanted.ci_label and label.gate < there.votes.high:
                what = (
                    f"label {there.name} asks for {signed(there.votes.high)}, and the gate votes {signed(label.gate)}"
                )
                yield Hindrance(
                    config_place(there.project), what, "make its function NoBlock, or let the gate vote more"
                )
            continue
        found = project.requirement(there.name)
        if found is None:
            yield _requirement(label, there, project, None)
        elif asks_for(there, found) and not (label == wanted.ci_label and asks_too_much(label, there, found)):
            continue
        elif found.project == project.name or found.overridable:
            yield _requirement(label, there, project, found)
        else:
            what = f"the submit requirement {there.name} is {found.expression}, {expression(label, there)} is needed"
            hint = "change it there, or let other projects override it (canOverrideInChildProjects)"
            yield Hindrance(config_place(found.project), what, hint)


def asks_for(there: Label, requirement: Requirement) -> bool:
    """Whether a requirement looks at the label at all."""
    return f"label:{there.name}".lower() in requirement.expression.lower()


def asks_too_much(label: WantedLabel, there: Label, requirement: Requirement) -> bool:
    """Whether a requirement asks for the label's highest vote, and the CI's is lower: nothing would be submitted."""
    asks_most = f"label:{there.name}=MAX".lower() in requirement.expression.lower()
    return asks_most and label.gate is not None and label.gate < there.votes.high


def expression(label: WantedLabel, there: Label) -> str:
    """The submit requirement that asks for the gate's vote of the label that is ``there``."""
    highest = there.votes.high
    gate = min(label.gate or highest, highest)
    wanted = "=MAX" if gate == highest else f">={signed(gate)}"
    refused = f" AND -label:{there.name}=MIN" if there.votes.low < 0 else ""
    return f"label:{there.name}{wanted}{refused}"


def _requirement(label: WantedLabel, there: Label, project: LiveProject, found: Requirement | None) -> Change:
    text = expression(label, there)
    path = f"{project_path(project.name)}/submit_requirements/{there.name}"
    body = {
        "name": there.name,
        "description": "The vote that sends a change to the gate." if label.everybody else "The CI's vote.",
        "submittability_expression": text,
        "allow_override_in_child_projects": True,
    }
    head = f'[submit-requirement "{there.name}"] submittableIf ='
    lines = ((f"- {head} {found.expression}",) if found else ()) + (f"+ {head} {text}",)
    verb = "change" if found else "add"
    return Change(
        config_place(project.name), f"{verb} the submit requirement {there.name}", lines, Request("PUT", path, body)
    )
