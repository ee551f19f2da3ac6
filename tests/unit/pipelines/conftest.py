"""What Puppet puts beside Zuul, importable here: the layout's functions use it. None of these tests needs Zuul."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3] / "puppet/site-modules/zuul/files/zuul-py3"))
