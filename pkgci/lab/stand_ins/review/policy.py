"""What is set per project, and can be set anew while the review runs: labels, rights, submit type, requirements.

``gerrit stand-in set`` writes it, so that a test can have any Gerrit that a site may meet.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from pkgci.lab.stand_ins.review.labels import Label, labels_with
from pkgci.lab.stand_ins.review.model import RefusedError
from pkgci.lab.stand_ins.review.requirements import check_expression


class SubmitType(StrEnum):
    """How a change gets into its branch, in Gerrit's words."""

    MERGE_IF_NECESSARY = "MERGE_IF_NECESSARY"
    MERGE_ALWAYS = "MERGE_ALWAYS"
    FAST_FORWARD_ONLY = "FAST_FORWARD_ONLY"
    REBASE_IF_NECESSARY = "REBASE_IF_NECESSARY"
    REBASE_ALWAYS = "REBASE_ALWAYS"
    CHERRY_PICK = "CHERRY_PICK"


# What a change must meet to be submitted, where nothing else is set. In this order the first unmet one is named.
_REQUIREMENTS = {
    "Verified": "label:Verified=MAX AND -label:Verified=MIN",
    "Code-Review": "label:Code-Review=MAX AND -label:Code-Review=MIN",
}
_ON = {"on": True, "off": False}
_EVERY_PROJECT = ""


@dataclass(frozen=True)
class Policy:
    """The settings of one project. ``requirements`` are name → expression."""

    anonymous_read: bool = True
    submit_type: SubmitType = SubmitType.MERGE_IF_NECESSARY
    verified_range: int = 2
    submit_right: bool = True
    push_right: bool = False
    requirements: Mapping[str, str] = field(default_factory=lambda: dict(_REQUIREMENTS))

    @property
    def labels(self) -> Mapping[str, Label]:
        return labels_with(self.verified_range)


class Policies:
    """The policies of all projects: what is set for one project goes before what is set for all. Kept in ``path``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._set: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}

    def of(self, project: str) -> Policy:
        """The policy of ``project``."""
        values: dict[str, Any] = {}
        requirements: dict[str, str] = dict(_REQUIREMENTS)
        for scope in (_EVERY_PROJECT, project):
            own = dict(self._set.get(scope, {}))
            for name, expression in own.pop("requirements", {}).items():
                requirements.pop(name, None)
                if expression is not None:
                    requirements[name] = expression
            values |= own
        if "submit_type" in values:
            values["submit_type"] = SubmitType(values["submit_type"])
        return replace(Policy(), **values, requirements=requirements)

    def set(self, name: str, value: str, project: str | None) -> None:
        """Sets ``name`` for ``project``, or for all. Raises ``RefusedError``, having set nothing."""
        own = dict(self._set.get(project or _EVERY_PROJECT, {}))
        own |= _parsed(name, value, own.get("requirements", {}))
        self._set = {**self._set, project or _EVERY_PROJECT: own}
        growing = self._path.with_name(f".{self._path.name}.new")
        growing.write_text(json.dumps(self._set, indent=1), encoding="utf-8")
        growing.replace(self._path)


NAMES = ("anonymous-read", "submit-type", "verified-range", "submit-right", "push-right", "submit-requirement")


def _parsed(name: str, value: str, requirements: Mapping[str, str | None]) -> dict[str, Any]:
    """What ``name`` and ``value`` set, as it is kept."""
    if name in ("anonymous-read", "submit-right", "push-right"):
        return {name.replace("-", "_"): _switch(name, value)}
    if name == "submit-type":
        wanted = value.upper().replace("-", "_")
        if wanted not in list(SubmitType):
            raise RefusedError(f"'{value}' is not a submit type: one of {', '.join(SubmitType)}")
        return {"submit_type": wanted}
    if name == "verified-range":
        if value not in ("1", "2"):
            raise RefusedError(f"'{value}' is not a valid range: 1 (-1..+1) or 2 (-2..+2)")
        return {"verified_range": int(value)}
    if name == "submit-requirement":
        return {"requirements": {**requirements, **_requirement(value)}}
    raise RefusedError(f"'{name}' cannot be set: one of {', '.join(NAMES)}")


def _requirement(text: str) -> dict[str, str | None]:
    """``NAME=EXPRESSION on``, or ``NAME off``: the latter takes a requirement away, a default one too."""
    match = re.fullmatch(r"([A-Za-z][A-Za-z0-9_-]*)(?:=(.*))?\s+(on|off)", text.strip())
    if match is None or (match[3] == "on" and not match[2]):
        raise RefusedError("submit-requirement is set as NAME=EXPRESSION on, and removed as NAME off")
    if match[3] == "off":
        return {match[1]: None}
    check_expression(match[2])
    return {match[1]: match[2]}


def _switch(name: str, value: str) -> bool:
    if value not in _ON:
        raise RefusedError(f"{name} is on or off, not '{value}'")
    return _ON[value]
