"""Makes Gerrit what Puppet wrote down as wanted, and puts back what was there where it does not come up like that.

A Gerrit that is not there yet gets its `init`. Settings, keys, plugins and the unit are read at start: where one of
them has changed, Gerrit is restarted, once. Another WAR is an upgrade: Gerrit is stopped, what `init` changes is
copied, `init` and an offline `reindex` run, and Gerrit starts; where it does not answer then, the old WAR goes on with
the copy. A run that is told to end puts the old state back too. One that is killed leaves a note of what it was at: the
next one puts the old state back first, or lets a Gerrit go on that only had to start. What was rejected once is not
tried again until something else is wanted: a run of Puppet never stops a Gerrit for nothing.

    gerrit-apply            do it
    gerrit-apply --check    exit status 0 if there is nothing to do, 1 if there is
    gerrit-apply --wait     wait until the Gerrit that systemd starts answers
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from gerrit_apply.service import Service, wait
from gerrit_apply.wanted import ApplyError, CutShortError, Settings, nothing_to_do
from gerrit_apply.work import apply

SETTINGS = Path("/etc/gerrit/apply.conf")


def cut_short(number: int, frame: FrameType | None) -> None:
    """Ends what is being done. What is done then is not ended by a second signal of the kind."""
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, signal.SIG_IGN)
    raise CutShortError("the run was cut short")


def main() -> int:
    parser = argparse.ArgumentParser(description="Makes Gerrit what is wanted.")
    parser.add_argument("--check", action="store_true", help="only say whether there is something to do")
    parser.add_argument("--wait", action="store_true", help="wait until the Gerrit that systemd starts answers")
    arguments = parser.parse_args()
    os.umask(0o022)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, cut_short)
    try:
        settings = Settings.read(SETTINGS)
        if arguments.wait:
            return wait(settings)
        if arguments.check:
            return 0 if nothing_to_do(settings) else 1
        apply(settings, Service(settings))
    except (ApplyError, CutShortError, OSError, subprocess.SubprocessError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0
