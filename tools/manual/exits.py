"""Exit statuses: `pkgci`'s, and those of the programs that do the steps on the hosts."""

from __future__ import annotations

from dataclasses import dataclass

from pkgci.errors import ExitStatus
from tools.manual.markdown import code, document, table
from tools.manual.steps import step_statuses

_SIGNALS = ((129, "HANGUP", "Ended by SIGHUP: the terminal was closed."), (143, "TERMINATED", "Ended by SIGTERM."))


@dataclass(frozen=True)
class Status:
    """One exit status: its number, its name in the code, and what it means."""

    value: int
    name: str
    text: str


def statuses() -> list[Status]:
    """The exit statuses of `pkgci`, by number."""
    found = [Status(int(one), one.name, one.meaning) for one in ExitStatus]
    numbers = {one.value for one in found}
    found += [Status(*signal) for signal in _SIGNALS if signal[0] not in numbers]
    return sorted(found, key=lambda status: status.value)


def page() -> str:
    """docs/reference/exit-statuses.md."""
    rows = [(code(str(one.value)), one.text) for one in statuses()]
    return document(
        "Exit statuses",
        "A status means the same thing for every command. `pkgci lab exec`, `pkgci lab ssh` and `pkgci lab gerrit` "
        "pass on the exit status of the command that they run.",
        table(("Status", "Meaning"), rows),
        "## Programs on the hosts",
        "The programs that run as [steps](steps.md) of a package have their own:",
        table(("Status", "In `result.json`", "Meaning"), step_statuses()),
    )
