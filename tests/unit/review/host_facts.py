"""What Zuul's host tells of a Gerrit, for tests."""

from __future__ import annotations

from typing import Any

from tests.unit.review.conftest import PROJECT
from tests.unit.review.fake_gerrit import label

KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIOON7qoNM8XAcXoCkYr3/PQirgIHOiQRZe4sBPer69JB"
OTHER = "AAAAC3NzaC1lZDI1NTE5AAAAIN/kLAyy0LgOjSA8anw/ujFduJq51AE6wfKsnQp3dV5D"
KNOWN = f"[localhost]:29418 ssh-ed25519 {KEY}\n"
CHANGE_LABEL = {"all": [{"username": "zuul", "permitted_voting_range": {"min": -2, "max": 2}}]}
LABELS = ("Code-Review", "Verified", "Workflow")


def ended(status: int = 0, out: str = "", err: str = "") -> dict[str, Any]:
    return {"status": status, "out": out, "err": err}


def page(data: Any = None, status: int = 200, error: str = "") -> dict[str, Any]:
    return {"status": status, "date": None, "data": data, "error": error}


def values(low: int, high: int) -> dict[str, Any]:
    return {"values": label("any", low, high)["values"]}


def change(number: int = 1, *votes: tuple[str, int, str], labels: tuple[str, ...] = LABELS) -> dict[str, Any]:
    """A change, as Zuul's host tells of it."""
    return {"number": number, "branch": "main", "labels": list(labels), "votes": [list(vote) for vote in votes]}


def closed(*changes: dict[str, Any]) -> dict[str, Any]:
    """What Zuul's host tells of a Gerrit that shows anonymous users nothing, whose project has ``changes``."""
    told = facts()
    told["pages"][PROJECT] = {which: page(status=404) for which in ("project", "config", "change")}
    told["changes"][PROJECT] = list(changes)
    return told


def facts() -> dict[str, Any]:
    """What Zuul's host tells of a Gerrit that has all, and shows to everybody what it shows."""
    labels = {"Verified": values(-2, 2), "Workflow": values(-1, 1)}
    return {
        "installed": True,
        "version": ended(out="gerrit version 3.11.0\n"),
        "known": KNOWN,
        "stream": {"status": None, "err": ""},
        "names": ended(out=f"All-Projects\n{PROJECT}\n"),
        "members": ended(err="Group not found or not visible\n"),
        "changes": {PROJECT: []},
        "heads": {PROJECT: ended(out="a" * 40 + "\trefs/heads/main\n")},
        "clones": {PROJECT: {"branch": "main", "status": 0, "err": ""}},
        "pages": {
            PROJECT: {
                "project": page({"labels": labels}),
                "config": page({"submit_type": "MERGE_IF_NECESSARY"}),
                "change": page([{"labels": {"Verified": CHANGE_LABEL}}]),
            }
        },
        "web": page("3.11.0") | {"ahead": 0.4},
    }
