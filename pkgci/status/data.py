"""The picture as machines read it. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pkgci.facts.runs import Run
from pkgci.status.judge import HostStatus, Status, days_left, units_of
from pkgci.status.services import Gearman, Jenkins, Zuul


def as_data(status: Status, seconds: float) -> dict[str, Any]:
    """The whole picture, for machines."""
    return {
        "site": status.site.name,
        "as_declared": not status.problems,
        "at": status.now.isoformat(timespec="seconds"),
        "seconds": round(seconds, 2),
        "problems": [{"where": one.where, "what": one.what, "next": one.next or None} for one in status.problems],
        "hosts": {one.host.name: _host_data(one, status.now) for one in status.hosts},
        "authority": _expiry_data(status.authority, status.now),
        "signing_keys": {
            repository: [
                {"fingerprint": subkey.fingerprint, **(_expiry_data(subkey.expires, status.now) or {})}
                for subkey in subkeys
            ]
            for repository, subkeys in status.signing.items()
        },
        "gearman": None if status.gearman is None else _gearman_data(status.gearman, status.missing),
        "zuul": None if status.zuul is None else _zuul_data(status.zuul),
        "jenkins": None if status.jenkins is None else _jenkins_data(status.jenkins),
        "review": None
        if status.review is None
        else {"version": status.review.version, "auth": status.site.review_auth, "auth_type": status.review.auth},
        "stand_ins": list(status.stand_ins),
    }


def _host_data(one: HostStatus, now: datetime) -> dict[str, Any]:
    facts = one.facts
    common = {"roles": list(one.host.roles), "address": one.host.address, "reached": facts is not None}
    if facts is None:
        return {**common, "problem": one.error.reason if one.error else None}
    return {
        **common,
        "problem": None,
        "release": facts.release,
        "last_run": None if facts.run is None else _run_data(facts.run),
        "services": dict(units_of(one)),
        "disks": [{"path": disk.path, "mount": disk.mount, "percent": disk.percent} for disk in facts.disks],
        "certificate": _expiry_data(one.certificate, now),
        "keys": [{"file": key.file, **(_expiry_data(key.until, now) or {"until": None})} for key in facts.keys],
    }


def _run_data(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "began": run.began.isoformat() if run.began else None,
        "operator": run.operator,
        "running": run.running,
        "ok": run.ok,
        "counts": dict(run.counts),
    }


def _expiry_data(until: datetime | None, now: datetime) -> dict[str, Any] | None:
    return None if until is None else {"until": until.isoformat(), "days": days_left(until, now)}


def _gearman_data(gearman: Gearman, missing: tuple[str, ...]) -> dict[str, Any]:
    return {
        "functions": {
            one.name: {"waiting": one.waiting, "running": one.running, "workers": one.workers}
            for one in gearman.functions.values()
        },
        "workers": list(gearman.workers),
        "waiting": gearman.waiting,
        "running": gearman.running,
        "missing": list(missing),
    }


def _zuul_data(zuul: Zuul) -> dict[str, Any]:
    return {
        "version": zuul.version,
        "events": zuul.events,
        "pipelines": {
            name: [
                {
                    "project": item.project,
                    "change": item.change,
                    "since": item.since,
                    "jobs": [{"name": b.name, "result": b.result, "seconds": b.seconds} for b in item.builds],
                }
                for item in zuul.items
                if item.pipeline == name
            ]
            for name in zuul.pipelines
        },
    }


def _jenkins_data(jenkins: Jenkins) -> dict[str, Any]:
    return {
        "version": jenkins.version,
        "stand_in": jenkins.stand_in,
        "nodes": {
            node.name: {
                "online": node.online,
                "reason": node.reason or None,
                "executors": node.executors,
                "busy": node.busy,
            }
            for node in jenkins.nodes
        },
        "queue": [{"job": job, "why": why} for job, why in jenkins.queue],
    }
