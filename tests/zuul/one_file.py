"""Runs some of Zuul's tests, and writes what comes of each, a line of JSON each: [test, verdict].

Usage: python one_file.py SDIST OUTPUT TEST… Runs in the suite's virtual environment. The verdicts are started, passed,
failed and skipped; a test that was started and has no other one hung, and ended this process.
"""

import faulthandler
import json
import logging
import os
import sys
import unittest
from pathlib import Path

sys.path[:0] = [sys.argv[1]]
import adapt  # noqa: E402, F401 - it must come before Zuul's tests

# Some files rely on what tests.base imports.
import tests.base  # noqa: E402, F401

# Seconds that a test may take.
LIMIT = 120


class Verdicts(unittest.TestResult):
    """Writes what comes of each test to ``file``. The traceback of those that fail goes to standard error."""

    def __init__(self, file):
        super().__init__()
        self._file = file
        self._failed = set()

    def _note(self, test, verdict, details=""):
        # What happens in a clean-up comes after a success, or after the first failure.
        if verdict == "failed":
            self._failed.add(test.id())
        if details:
            print(f"{verdict}: {test.id()}\n{details}", file=sys.stderr, flush=True)
        if verdict == "started" or test.id() not in self._failed or verdict == "failed":
            self._file.write(json.dumps([test.id(), verdict]) + "\n")
            self._file.flush()

    def startTest(self, test):  # noqa: N802 - unittest's name
        faulthandler.dump_traceback_later(LIMIT, exit=True)
        self._note(test, "started")

    def addSuccess(self, test, details=None):  # noqa: N802 - unittest's name
        self._note(test, "passed")

    def addError(self, test, error=None, details=None):  # noqa: N802
        self._note(test, "failed", describe(self, test, error, details))

    def addFailure(self, test, error=None, details=None):  # noqa: N802
        self._note(test, "failed", describe(self, test, error, details))

    def addSkip(self, test, reason=None, details=None):  # noqa: N802
        self._note(test, "skipped")


def describe(result, test, error, details):
    """The traceback, as unittest or as testtools gives it."""
    if error is not None:
        return result._exc_info_to_string(error, test)
    return "\n".join(content.as_text() for content in (details or {}).values())


output = Path(sys.argv[2]).absolute()
os.chdir(sys.argv[1])
suite = unittest.defaultTestLoader.loadTestsFromNames(sys.argv[3:])
# tests.base logs everything to standard error; a test that wants to see it catches it itself.
logging.getLogger().handlers.clear()
logging.getLogger().addHandler(logging.NullHandler())
with output.open("w") as file:
    suite.run(Verdicts(file))
# Threads of tests that failed may still run.
os._exit(0)
