"""What Puppet puts beside Zuul and reads Gerrit's answers with, importable here."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[4] / "puppet/site-modules/zuul/files"))
sys.path.append(str(Path(__file__).parents[4] / "puppet/site-modules/zuul/files/zuul-py3"))

from zuul_py3.replaying import missed_events
from zuul_py3.tools import loads_gerrit
from zuul_queue import Item, Pipeline, change_of, still_waits

__all__ = ["Item", "Pipeline", "change_of", "loads_gerrit", "missed_events", "still_waits"]
