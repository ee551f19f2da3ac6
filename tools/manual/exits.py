"""Exit statuses: `pkgci`'s, and those of the programs that do the steps on the hosts."""

from __future__ import annotations

import ast
import inspect
import re
from dataclasses import dataclass
from enum import Enum
from types import ModuleType

from pkgci import errors
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
    said = _documented(errors, errors.ExitStatus)
    found = [Status(int(one), one.name, said.get(one.name) or _SAID[one.name]) for one in errors.ExitStatus]
    numbers = {one.value for one in found}
    found += [Status(*signal) for signal in _SIGNALS if signal[0] not in numbers]
    return sorted(found, key=lambda status: status.value)


def _documented(module: ModuleType, enum: type[Enum]) -> dict[str, str]:
    """Member → the text after it: a string of its own, or a comment in its line."""
    source = inspect.getsource(module)
    body = next(one for one in ast.parse(source).body if isinstance(one, ast.ClassDef) and one.name == enum.__name__)
    lines, said = source.splitlines(), {}
    for one, after in zip(body.body, [*body.body[1:], None], strict=True):
        if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name):
            comment = re.search(r"#:? (.+)$", lines[one.lineno - 1])
            if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
                said[one.targets[0].id] = " ".join(str(after.value.value).split())
            elif comment:
                said[one.targets[0].id] = f"{comment[1][0].upper()}{comment[1][1:].rstrip('.')}."
    return said


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
