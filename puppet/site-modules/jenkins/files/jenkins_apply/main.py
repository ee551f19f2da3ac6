"""Makes Jenkins' plugins and configuration what Puppet wrote down as wanted, and undoes it where Jenkins rejects it.

Plugins are installed into a folder aside and checked before they take the place of the old ones. That restarts Jenkins,
once, as do other settings of its unit, and only when nothing builds. A configuration is judged, then read again by the
running Jenkins; nodes that a reload leaves as they were are connected anew when they are idle. The unit starts Jenkins
only while the file ``ready`` stands; it is taken away while plugins are exchanged. Whatever this program is cut short
in, the next run of it makes good.

    jenkins-apply            do it
    jenkins-apply --check    exit status 0 if there is nothing to do, 1 if there is
    jenkins-apply --restore  before Jenkins starts: put back a configuration that a run cut short left unproven
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from .apply import Host, look
from .configuration import put_back
from .lock import alone
from .settings import ApplyError, Settings

SETTINGS = Path("/etc/jenkins/apply.conf")


def main() -> int:
    parser = argparse.ArgumentParser(description="Makes Jenkins' plugins and configuration what is wanted.")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="only say whether there is something to do")
    what.add_argument("--restore", action="store_true", help="put back a configuration that is unproven")
    arguments = parser.parse_args()
    os.umask(0o022)
    try:
        settings = Settings.read(SETTINGS)
        if arguments.check:
            return 0 if look(settings).nothing else 1
        if arguments.restore:
            put_back(settings)
        else:
            # Not so --restore: the unit runs it in a start for which a run waits.
            with alone(settings.lock, settings.patience, lambda text: print(text, file=sys.stderr)):
                Host(settings).apply()
    except (ApplyError, OSError, subprocess.SubprocessError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0
