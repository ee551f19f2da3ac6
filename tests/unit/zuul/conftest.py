"""What Puppet puts beside Zuul, importable here. None of these tests needs Zuul."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3] / "puppet/site-modules/zuul/files"))
