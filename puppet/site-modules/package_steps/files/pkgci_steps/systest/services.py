"""The units that packages bring: each that they enable must run, and run again after a restart."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ..report import Case
from ..status import Ended, Status
from .machine import System

_UNIT = re.compile(r"(?:/usr)?/lib/systemd/system/([^/@]+\.(?:service|socket|timer|path))")
_INIT = re.compile(r"/etc/init\.d/([^/]+)")
_PROPERTIES = (
    *("Id", "LoadState", "UnitFileState", "ActiveState", "SubState", "Result", "Type", "ConditionResult"),
    *("NRestarts", "ExecMainStatus", "StatusText"),
)
# How long a service must stay up after a restart: one that cannot run mostly ends at once.
_SETTLED_SECONDS = 3.0
_JOURNAL_LINES = "60"


@dataclass(frozen=True)
class Unit:
    """A unit as ``systemctl show`` has it."""

    name: str
    words: dict[str, str] = field(default_factory=dict)

    @property
    def enabled(self) -> bool:
        """Whether it is to be started with the system."""
        return self.words.get("UnitFileState") in ("enabled", "enabled-runtime", "generated")

    @property
    def oneshot(self) -> bool:
        """Whether it is one that does its work and ends."""
        return self.words.get("Type") == "oneshot"

    def wrong(self) -> str:
        """What is wrong with it, if it is to run; '' where nothing is."""
        state, result = self.words.get("ActiveState", "unknown"), self.words.get("Result", "success")
        if state == "active":
            restarts = self.words.get("NRestarts", "0")
            return f"it ended and was started again {restarts} times" if restarts not in ("", "0") else ""
        if state == "inactive" and result == "success":
            if self.oneshot or self.words.get("ConditionResult") == "no":
                return ""
            return "it does not run"
        status = self.words.get("ExecMainStatus", "")
        return f"it is {state} ({result}{f', exit status {status}' if status not in ('', '0') else ''})"


def names(paths: Iterable[str]) -> list[str]:
    """The units among the files of packages. Templates have no life of their own."""
    found = []
    for path in paths:
        if match := _UNIT.fullmatch(path):
            found.append(match[1])
        elif match := _INIT.fullmatch(path):
            found.append(f"{match[1]}.service")
    return sorted(set(found))


def parsed(text: str) -> list[Unit]:
    """The units in the output of ``systemctl show UNIT…``."""
    units = []
    for paragraph in text.split("\n\n"):
        words = dict(line.split("=", 1) for line in paragraph.splitlines() if "=" in line)
        if words.get("Id"):
            units.append(Unit(words["Id"], words))
    return units


def check(system: System, paths: Iterable[str], boot: str) -> list[Unit]:
    """Adds a case for the boot and for each enabled unit among ``paths``; returns those units.

    ``boot`` is systemd's word for how the system came up.
    """
    ours = names(paths)
    units = [unit for unit in _show(system, ours) if unit.enabled and unit.words.get("LoadState") == "loaded"]
    _boot(system, ours, boot)
    for unit in units:
        wrong = unit.wrong()
        _case(system, f"{unit.name}: after the boot", unit.name, wrong)
        if not wrong and unit.words.get("ActiveState") == "active" and not unit.oneshot:
            _restart(system, unit)
    return units


def _boot(system: System, ours: Sequence[str], word: str) -> None:
    failed = [line.split()[0] for line in system.run(*_FAILED).text.splitlines() if line.strip()]
    mine = [name for name in failed if name in ours]
    system.step.details["boot"] = {"state": word, "failed_units": failed}
    if word in ("running", "degraded"):
        if failed and not mine:
            # The packages do not have these units: shown, since the packages may be what they fail for.
            system.step.log.say(f"units that failed, none of them the packages' own: {', '.join(failed)}")
        message = f"{', '.join(mine)} failed" if mine else ""
        system.step.cases.append(Case("boot", Status.FAILED if mine else Status.PASSED, message, f"it is {word}"))
        return
    jobs = system.run("systemctl", "--no-pager", "list-jobs").text
    waiting = [name for name in ours if name in jobs]
    if not waiting:
        raise Ended(Status.INFRASTRUCTURE, f"the system does not come up, it is {word}: {jobs.strip()[:300]}")
    message = f"the system waits for {', '.join(waiting)}"
    system.step.cases.append(Case("boot", Status.FAILED, message, jobs))


_FAILED = ("systemctl", "--failed", "--no-legend", "--plain", "--no-pager")


def _restart(system: System, unit: Unit) -> None:
    started = time.monotonic()
    said = system.run("systemctl", "restart", unit.name)
    time.sleep(_SETTLED_SECONDS)
    now = _show(system, [unit.name])
    wrong = now[0].wrong() if now else "it is gone"
    if not wrong and said.status != 0:
        wrong = said.text.strip() or f"systemctl restart ended with status {said.status}"
    if not wrong and now[0].words.get("ActiveState") != "active":
        wrong = "it does not run"
    _case(system, f"{unit.name}: after a restart", unit.name, wrong, time.monotonic() - started)


def _case(system: System, name: str, unit: str, wrong: str, seconds: float = 0.0) -> None:
    output = ""
    if wrong:
        output = system.run("journalctl", "--no-pager", "--unit", unit, "--lines", _JOURNAL_LINES).text
        system.step.log.say(f"{unit}: {wrong}")
        system.step.log.add(output.encode())
    status = Status.FAILED if wrong else Status.PASSED
    system.step.cases.append(Case(name, status, wrong.splitlines()[0] if wrong else "", output, seconds))


def _show(system: System, wanted: Sequence[str]) -> list[Unit]:
    if not wanted:
        return []
    return parsed(system.run("systemctl", "show", f"--property={','.join(_PROPERTIES)}", "--", *wanted).text)
