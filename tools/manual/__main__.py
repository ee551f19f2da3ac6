"""Writes what is generated and removes what no longer is: `python -m tools.manual`."""

from __future__ import annotations

import sys

from tools.manual.outputs import ROOT, existing, outputs


def main() -> int:
    """The program."""
    made = outputs()
    for path in sorted(existing() - set(made)):
        (ROOT / path).unlink()
        print(f"removed {path}")
    for path, text in made.items():
        file = ROOT / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists() or file.read_text("utf-8") != text:
            file.write_text(text, "utf-8")
            print(f"wrote {path}")
    return 0


sys.exit(main())
