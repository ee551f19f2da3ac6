"""Makes the mutants, runs the tests that are to notice, and tells which nobody noticed. Exit 1: too many."""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.mutants.faults import Mutant, mutants
from tests.mutants.rooms import ROOMS, WANTED

_ROOT = Path(__file__).parents[2]
# A mutant may wait where the original does not: so many times the original's time, and some seconds, are enough.
_PATIENCE, _MORE = 3.0, 30.0
_LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".lab", "examples/lab/.lab")


def main() -> int:
    """Runs what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("rooms", nargs="*", default=list(ROOMS), metavar="ROOM", help="as in tests/mutants/rooms.py")
    parser.add_argument("--sample", type=int, metavar="N", help="so many of each room's mutants, by chance")
    parser.add_argument("--seed", type=int, default=0, help="which ones those are")
    arguments = parser.parse_args()
    survived: list[Mutant] = []
    count = 0
    with tempfile.TemporaryDirectory(prefix="pkgci-mutants-") as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(_ROOT, tree, symlinks=True, ignore=_LEFT_OUT)
        for room in arguments.rooms:
            begun = time.monotonic()
            if not _passes(tree, ROOMS[room], None):
                print(f"{room}: the tests fail without any mutant", file=sys.stderr)
                return 2
            limit = _PATIENCE * (time.monotonic() - begun) + _MORE
            for mutant in _chosen(room, arguments.sample, arguments.seed):
                count += 1
                if _survives(tree, mutant, ROOMS[room], limit):
                    survived.append(mutant)
                    print(f"{mutant.path}:{mutant.line}: {mutant.what}: nobody noticed", flush=True)
    killed = count - len(survived)
    print(f"{killed} of {count} mutants were noticed")
    return 0 if 100 * killed >= WANTED * count else 1


def _chosen(room: str, sample: int | None, seed: int) -> list[Mutant]:
    place = _ROOT / room
    files = sorted(place.glob("*.py")) if place.is_dir() else [place]
    found = [one for file in files for one in mutants(str(file.relative_to(_ROOT)), file.read_text("utf-8"))]
    if sample is None or sample >= len(found):
        return found
    return random.Random(seed).sample(found, sample)


def _survives(tree: Path, mutant: Mutant, tests: Sequence[str], limit: float) -> bool:
    file = tree / mutant.path
    original = file.read_text("utf-8")
    file.write_text(mutant.text, "utf-8")
    try:
        return _passes(tree, tests, limit)
    finally:
        file.write_text(original, "utf-8")


def _passes(tree: Path, tests: Sequence[str], limit: float | None) -> bool:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--numprocesses", "auto", *tests]
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    # A mutant may leave processes behind: they are in one group with the tests.
    process = subprocess.Popen(
        command,
        cwd=tree,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return process.wait(limit) == 0
    except subprocess.TimeoutExpired:
        return False
    finally:
        os.killpg(process.pid, signal.SIGKILL) if process.poll() is None else None
        process.wait()


if __name__ == "__main__":
    sys.exit(main())
