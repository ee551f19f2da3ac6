"""Runs one file of Zuul's tests, and writes what came of each test as JSON: the name, and passed, failed or skipped.

Usage: python one_file.py SDIST MODULE OUTPUT. Runs in the suite's virtual environment.
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


class Verdicts(unittest.TestResult):
    """What came of each test. The log of those that failed goes to standard error."""

    def __init__(self):
        super().__init__()
        self.verdicts = {}

    def _note(self, test, verdict, details=""):
        # What happens in a clean-up comes after a success.
        if self.verdicts.get(test.id()) in (None, "passed"):
            self.verdicts[test.id()] = verdict
        if details:
            print(f"{verdict}: {test.id()}\n{details}", file=sys.stderr, flush=True)

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


output = Path(sys.argv[3]).absolute()
os.chdir(sys.argv[1])
verdicts = Verdicts()
suite = unittest.defaultTestLoader.loadTestsFromName(sys.argv[2])
# tests.base logs everything to standard error; a test that wants to see it catches it itself.
logging.getLogger().handlers.clear()
logging.getLogger().addHandler(
    logging.FileHandler(os.environ["SUITE_LOG"]) if "SUITE_LOG" in os.environ else logging.NullHandler()
)
# A test that hangs ends the file, and says where.
faulthandler.dump_traceback_later(2700, exit=True)
suite.run(verdicts)
output.write_text(json.dumps(verdicts.verdicts))
# Threads of tests that failed may still run.
os._exit(0)
