"""Exit statuses: `pkgci`'s, and those of the programs that do the steps on the hosts."""

from __future__ import annotations

from dataclasses import dataclass

from pkgci.errors import ExitStatus
from tools.manual.markdown import code, document, table
from tools.manual.steps import step_statuses

# What the code says of a status in its name alone.
_SAID = {
    "AS_DECLARED": "Done, and everything is as declared.",
    "NOT_AS_DECLARED": "Something is not as declared, failed on a host, or would change (`--plan`).",
    "WRONG_USE": "The command line or the site file is wrong.",
    "NOTHING_REACHED": "No host, or no engine, could be reached.",
    "INTERRUPTED": "Interrupted with ^C.",
}
_SIGNALS = ((129, "HANGUP", "Ended by SIGHUP: the terminal was closed."), (143, "TERMINATED", "Ended by SIGTERM."))


@dataclass(frozen=True)
class Status:
    """One exit status: its number, its name in the code, and what it means."""

    value: int
    name: str
    text: str


def statuses() -> list[Status]:
    """The exit statuses of `pkgci`, by number."""
    found = [Status(int(one), one.name, _meaning(one)) for one in ExitStatus]
    numbers = {one.value for one in found}
    found += [Status(*signal) for signal in _SIGNALS if signal[0] not in numbers]
    return sorted(found, key=lambda status: status.value)


def _meaning(status: ExitStatus) -> str:
    """What the code says that ``status`` means, or else what is said here."""
    return str(getattr(status, "meaning", "") or _SAID[status.name])


def page() -> str:
    """docs/reference/exit-statuses.md."""
    rows = [(code(str(one.value)), one.text) for one in statuses()]
    return document(
        "Exit statuses",
        "A status means the same thing for every command. `pkgci lab exec`, `pkgci lab ssh` and `pkgci lab gerrit` "
        "pass on the exit status of the command that they run.",
        table(("Status", "Meaning"), rows),
        "## Programs on the hosts",
        "The programs that do the steps of a package's way ([Steps](steps.md)) have their own:",
        table(("Status", "In `result.json`", "Meaning"), step_statuses()),
    )
