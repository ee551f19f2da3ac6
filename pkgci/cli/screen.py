"""What commands write to: results to standard output, progress and remarks to standard error."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console


def output() -> Console:
    """Standard output. Piped, it has no colours and lines are not folded."""
    return Console(highlight=False, soft_wrap=not sys.stdout.isatty(), markup=False)


def remarks() -> Console:
    """Standard error, for progress and remarks."""
    return Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty(), markup=False)


def print_json(value: Any) -> None:
    """Writes ``value`` as JSON to standard output."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")
