"""A DEB package's own tests: autopkgtest, in a system that runs already."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from ..report import Case
from ..status import Ended, Status
from .machine import System

_TESTBED = Path(__file__).with_name("testbed.py")
# What the summary says of a test → what that means. A flaky test that failed did not show that anything works.
_WORDS = {"PASS": Status.PASSED, "FAIL": Status.FAILED, "SKIP": Status.SKIPPED, "FLAKY": Status.SKIPPED}
_LINE = re.compile(r"^(\S+)\s+(PASS|FAIL|SKIP|FLAKY)\b[ \t]*(.*)$", re.MULTILINE)
# autopkgtest(1), "EXIT STATUS": 2 something was skipped, 4 something failed (6 both), 8 nothing ran, 12 and 14 the
# package is broken; everything else is the test bed or autopkgtest itself.
_RAN, _ERRONEOUS = (0, 2, 4, 6, 8), (12, 14)
_OUTPUT_LIMIT = 64 * 1024
# autopkgtest opens its own output by name, which nobody but the pipe's owner may.
_OWN_OUTPUT = ("bash", "-o", "pipefail", "-c", '"$@" 2>&1 | cat', "bash")


def run(system: System, desk: Path) -> None:
    """Runs the tests of the source tree on the desk; a case for each.

    Raises ``Ended`` (infrastructure) where autopkgtest could not do its work.
    """
    minutes = system.step.settings.limits.minutes
    output = desk / "output"
    command = words(system, desk / "tree", output, minutes)
    status = system.step.programs.run(command, environment={"TMPDIR": str(desk)}, seconds=minutes * 60 + 600)
    found = cases(status, _text(output / "summary"), lambda name: _said(output, name))
    system.step.cases.extend(found)
    system.step.details["autopkgtest"] = {"status": status, "tests": [case.name for case in found]}


def words(system: System, tree: Path, output: Path, minutes: int) -> list[str]:
    """The command. The packages are installed already, and nothing but what is at hand can be had."""
    machine = system.machine
    capabilities = ["root-on-testbed", "isolation-container"]
    if machine.kind == "machine":
        capabilities.append("isolation-machine")
    limit = ["--timeout-test", str(minutes * 60), "--timeout-build", str(minutes * 60)]
    return [
        *machine.around(),
        *_OWN_OUTPUT,
        *("autopkgtest", "--no-built-binaries", "--needs-internet=skip", "--output-dir", str(output), *limit),
        *(f"{tree}//", "--", "/usr/bin/python3", "-I", str(_TESTBED), *capabilities, "--", *machine.into()),
    ]


def cases(status: int, summary: str, output: Callable[[str], str]) -> list[Case]:
    """A case for each test in autopkgtest's ``summary``. ``output`` gives what a test said.

    Raises ``Ended`` (infrastructure): autopkgtest's exit ``status`` says that the tests could not be run.
    """
    found = []
    for name, word, message in _LINE.findall(summary):
        title = "tests" if name == "*" else f"test {name}"
        state = _WORDS[word]
        why = {Status.PASSED: "", Status.SKIPPED: f"{word.lower()}: {message}"}.get(state, message or "it failed")
        found.append(Case(title, state, why, output(name)))
    if status in _ERRONEOUS and all(case.status is not Status.FAILED for case in found):
        found.append(Case("tests", Status.FAILED, "autopkgtest says that the package is broken: see the log"))
    if status not in (*_RAN, *_ERRONEOUS):
        raise Ended(Status.INFRASTRUCTURE, f"the tests could not be run: autopkgtest ended with status {status}")
    if status in (4, 6) and all(case.status is not Status.FAILED for case in found):
        found.append(Case("tests", Status.FAILED, "autopkgtest says that a test failed: see the log"))
    if not found:
        found.append(Case("tests", Status.SKIPPED, "none of the declared tests ran: see the log"))
    return found


def _said(output: Path, name: str) -> str:
    return "" if "/" in name else _text(output / f"{name}-stdout") + _text(output / f"{name}-stderr")


def _text(path: Path) -> str:
    """What a file on the desk says. Nobody there is trusted: no link is followed."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            return file.read(_OUTPUT_LIMIT).decode(errors="replace")
    except OSError:
        return ""
