"""A DEB package's own tests: autopkgtest, with a fresh system for each."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from ..install.root import Root
from ..report import Case
from ..status import Ended, Status
from ..step import Step
from .bed import CAPABILITIES, Bed, Boot, offered

_TESTBED = Path(__file__).with_name("testbed.py")
# What the summary says of a test → what that means. A flaky test that failed did not show that anything works.
_WORDS = {"PASS": Status.PASSED, "FAIL": Status.FAILED, "SKIP": Status.SKIPPED, "FLAKY": Status.SKIPPED}
_LINE = re.compile(r"^(\S+)\s+(PASS|FAIL|SKIP|FLAKY)\b[ \t]*(.*)$", re.MULTILINE)
# autopkgtest(1), "EXIT STATUS": 2 something was skipped, 4 something failed (6 both), 8 nothing showed that anything
# works, 12 the package is broken (14 and something was skipped), as Debian's own CI counts it; everything else is the
# test bed or autopkgtest itself.
_RAN, _FAILED, _ERRONEOUS = (0, 2, 8), (4, 6), (12, 14)
_OUTPUT_LIMIT = 64 * 1024
# It reads what the systems give it, and reaches them by a file's name and by their processes: it has no network, and
# no socket of the host.
_ALONE = ("unshare", "--net", "--mount", "--", "sh", "-ec", 'mount -t tmpfs tmpfs /run; exec "$@"', "sh")
# autopkgtest opens its own output by name, which nobody but the pipe's owner may.
_OWN_OUTPUT = ("bash", "-o", "pipefail", "-c", '"$@" 2>&1 | cat', "bash")


def run(step: Step, root: Root, boot: Boot, desk: Path, source: Path) -> list[Case]:
    """Runs the tests of ``source``, a .dsc or a tree, each in a fresh system like ``root``; returns a case for each.

    Raises ``Ended`` (infrastructure) where autopkgtest could not do its work.
    """
    minutes = step.settings.limits.minutes
    output, place = desk / "output", desk.parent / "bed"
    command = [
        *root.system.inside,
        *_ALONE,
        *words(CAPABILITIES[step.settings.systest], source, output, place, minutes),
    ]
    with offered(step, Bed(step, root, boot), place):
        environment = {"TMPDIR": str(desk), "HOME": str(desk)}
        status = step.programs.run(command, environment=environment, folder=Path("/"), seconds=minutes * 60 + 600)
    step.details["autopkgtest"] = {"status": status}
    return cases(status, _text(output / "summary"), lambda name: _said(output, name))


def words(capabilities: Sequence[str], source: Path, output: Path, place: Path, minutes: int) -> list[str]:
    """The command. Nothing but what is at hand can be had: a test that needs the internet is skipped."""
    limit = ["--timeout-test", str(minutes * 60), "--timeout-build", str(minutes * 60)]
    return [
        *_OWN_OUTPUT,
        *("autopkgtest", "--no-built-binaries", "--needs-internet=skip", "--output-dir", str(output), *limit),
        *(str(source), "--", "/usr/bin/python3", "-I", str(_TESTBED), str(place), *capabilities),
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
    if status not in (*_RAN, *_FAILED, *_ERRONEOUS):
        raise Ended(Status.INFRASTRUCTURE, f"the tests could not be run: autopkgtest ended with status {status}")
    if status not in _RAN and all(case.status is not Status.FAILED for case in found):
        what = "a test failed" if status in _FAILED else "the package is broken"
        found.append(Case("tests", Status.FAILED, f"autopkgtest says that {what}: see the log"))
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
