"""``python -m tests.mutants``: what `make mutants` found; exit 1 where the tests noticed too little of it.

mutmut has written its counts (``mutmut export-cicd-stats``).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

# So many of the faults must be noticed (percent).
WANTED = 90
_COUNTS = Path("mutants/mutmut-cicd-stats.json")
# A fault that makes a test wait for ever, or breaks Python, is noticed, too.
_NOTICED = ("killed", "timeout", "segfault")


def share(counts: Mapping[str, int]) -> tuple[int, int]:
    """How many faults were noticed, and of how many that were tried."""
    noticed = sum(counts[name] for name in _NOTICED)
    return noticed, noticed + counts["survived"] + counts["no_tests"] + counts["suspicious"]


def main() -> int:
    """Says how many, and whether that is enough."""
    noticed, tried = share(json.loads(_COUNTS.read_text("utf-8")))
    print(f"{noticed} of {tried} faults were noticed; {WANTED} % are wanted")
    return 0 if tried and 100 * noticed >= WANTED * tried else 1


if __name__ == "__main__":
    sys.exit(main())
