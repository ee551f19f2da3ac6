"""A Gerrit in memory, as far as reports need it: it says what the real one says (tests/recordings/gerrit-3.11)."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from zuul_py3 import alerts, asking, delivering, records, refusals, reports

LOG = logging.getLogger("tests.reports")
RECORDED = (Path(__file__).parents[2] / "recordings/gerrit-3.11/ssh.txt").read_text()


def words_on(message: str) -> str:
    """What the real Gerrit said on standard error to the review with this message."""
    part = next(part for part in RECORDED.split("\n$ ") if f'--message "{message}"' in part)
    return "\n".join(re.findall(r"^err: (.*)$", part, re.MULTILINE))


NOT_READY = words_on("submit without votes")
WIP = words_on("submit a WIP")
RESTRICTED = words_on("label without a right")
CLOSED = words_on("on a merged change")
NOT_PERMITTED = re.sub("Change 33 is not ready: .*", "submit not permitted", NOT_READY)


class Gerrit:
    """Has one change. ``largest`` is the end of Verified's range; ``refuses`` are its words on a submit.

    ``breaks`` has, for each command to come, None or how it breaks off: "before" or "after" Gerrit did it.
    """

    user = "zuul"

    def __init__(self, largest: int = 2) -> None:
        self.largest = largest
        self.refuses: str | None = None
        self.refuses_votes: str | None = None
        self.breaks: list[str | None] = []
        self.now = 1000
        self.votes: list[dict[str, Any]] = []
        self.cast: list[tuple[str, int]] = []
        self.said: list[str] = []
        self.commands: list[dict[str, Any]] = []
        self.record: dict[str, Any] = {
            "project": "demo/b",
            "number": "33",
            "open": True,
            "status": "NEW",
            "comments": [],
            "submitRecords": [{"status": "NOT_READY", "labels": [{"label": "Verified", "status": "MAY"}]}],
        }

    @property
    def status(self) -> str:
        return str(self.record["status"])

    def vote(self, label: str, value: int, user: str) -> None:
        same = [one for one in self.votes if (one["type"], one["by"]["username"]) == (label, user)]
        for one in same:
            self.votes.remove(one)
        if value:
            by = {"username": user}
            self.votes.append({"type": label, "description": label, "value": str(value), "grantedOn": 1, "by": by})

    def look(self, number: str) -> dict[str, Any] | None:
        self._go("before")
        if number != self.record["number"]:
            return None
        return {**self.record, "currentPatchSet": {"number": "1", "approvals": [dict(one) for one in self.votes]}}

    def review(self, project: str, change: str, message: str, action: dict[str, Any]) -> None:
        how = self.breaks.pop(0) if self.breaks else None
        if how == "before":
            raise asking.UnreachableError("the port is closed")
        self.commands.append({"message": message, **action})
        words = self._do(message, dict(action))
        if how == "after":
            raise asking.UnreachableError("the connection broke")
        if words:
            raise asking.RefusedError(words)

    def _do(self, message: str, action: dict[str, Any]) -> str | None:
        submit = action.pop("submit", False)
        if self.refuses_votes and any(action.values()):
            return self.refuses_votes
        if message:
            self.said.append(message)
            comment = {"timestamp": self.now, "reviewer": {"username": self.user}}
            self.record["comments"].append({**comment, "message": f"Patch Set 1:\n\n{message}"})
        for label, amount in action.items():
            if abs(amount) <= self.largest:
                self.vote(label, amount, self.user)
                self.cast.append((label, amount))
        if submit and self.refuses:
            return self.refuses
        if submit:
            self.record.update(status="MERGED", open=False)
        return None

    def _go(self, way: str) -> None:
        if self.breaks and self.breaks[0] == f"look {way}":
            self.breaks.pop(0)
            raise asking.UnreachableError("the port is closed")


class About:
    """What a report's item says: ``lacking`` is what its submit lacks."""

    def __init__(self) -> None:
        self.lacking: list[Any] = []
        self.is_wanted = True
        self.looked: list[dict[str, Any]] = []

    def wanted(self) -> bool:
        return self.is_wanted

    def lacks(self, record: dict[str, Any]) -> list[Any]:
        self.looked.append(record)
        return self.lacking

    def before_submit(self) -> None:
        pass

    def not_submitted(self, lacks: list[Any], message: str) -> str:
        return f"Not submitted: {records.told(lacks)[0]}"

    def regained(self) -> dict[str, int]:
        return {"Verified": 1}

    def failed(self) -> dict[str, int]:
        return {"Verified": -2}


class Desk:
    """Delivers reports to ``gerrit``; its clock is in ``now``."""

    def __init__(self, gerrit: Gerrit, folder: Path, lowers: bool = True) -> None:
        self.gerrit = gerrit
        self.about = About()
        self.path = folder / "alerts-gerrit.json"
        self.amounts = reports.Amounts(lowers)
        self.now = 1000.0
        self.deliver: Callable[[Any], None] = delivering.Delivery(
            gerrit,
            self.amounts,
            alerts.Alerts(self.path, LOG, lambda: self.now),
            LOG,
            lambda: self.now,
            lambda seconds: None,
        ).deliver

    def gate(self) -> Any:
        step = reports.Step("Build succeeded.\n\n- job : SUCCESS", {"Verified": 2}, submit=True)
        return reports.Report("demo/b", "main", "33", "1", [step], self.about)

    def check(self, amount: int = 1) -> Any:
        step = reports.Step("Build succeeded.\n\n- job : SUCCESS", {"Verified": amount})
        return reports.Report("demo/b", "main", "33", "1", [step])

    def alerts(self) -> str:
        return self.path.read_text() if self.path.exists() else ""


def send(desk: Desk, report: Any) -> Any:
    """Delivers a report, as often as Gerrit is away."""
    for _ in range(20):
        try:
            desk.deliver(report)
            return report
        except (asking.UnreachableError, refusals.LaterError):
            continue
    raise AssertionError("it is never delivered")
