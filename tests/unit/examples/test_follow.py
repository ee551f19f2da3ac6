"""How the demo waits: as long as anything in the CI moves, however long that takes, and no longer."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

FOLLOW = Path(__file__).parents[3] / "examples/lab/follow.sh"

# Bash's clock is told to go on by what sleeps; the CI is a function of it.
PROGRAM = """
set -euo pipefail
. "$1"
sleep() {{ SECONDS=$((SECONDS + 30)); }}
ask() {{ {ask}; }}
of_change() {{
  case $1 in
    'len(said)') echo 0 ;;
    merged) if [ "$SECONDS" -gt {merged_after} ]; then echo True; else echo False; fi ;;
    *) echo "not asked for: $1" >&2; exit 3 ;;
  esac
}}
progress() {{ {progress}; }}
SECONDS=0
follow merged 900
echo "merged after $SECONDS s"
"""
STILL = "echo 14 jobs done, one runs"


def follow(progress: str, merged_after: int, ask: str = "true") -> subprocess.CompletedProcess[str]:
    program = PROGRAM.format(progress=progress, merged_after=merged_after, ask=ask)
    return subprocess.run(
        ["bash", "-c", program, "follow", str(FOLLOW)], capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize(
    "progress",
    [
        pytest.param('echo "job $((SECONDS / 800)) of 15"', id="a job ends now and then"),
        pytest.param('echo "14 jobs done, and the log of one was added to at $SECONDS"', id="a log grows"),
    ],
)
def test_a_change_is_waited_for_as_long_as_anything_moves(progress: str) -> None:
    done = follow(progress, merged_after=5000)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("merged after 50")


@pytest.mark.parametrize("progress", [STILL, "false"], ids=["nothing moves", "nobody answers"])
def test_waiting_ends_when_nothing_has_moved_for_long(progress: str) -> None:
    done = follow(progress, merged_after=5000)
    assert done.returncode == 1
    assert "900 s" in done.stderr
    assert "merged" not in done.stdout


def test_waiting_ends_when_what_moved_stands_still() -> None:
    done = follow('echo "at $((SECONDS < 3000 ? SECONDS : 3000))"', merged_after=50_000)
    assert done.returncode == 1


def test_a_review_that_does_not_answer_for_a_while_is_asked_again() -> None:
    done = follow(STILL, merged_after=300, ask='[ "$SECONDS" -gt 400 ]')
    assert done.returncode == 0, done.stderr


def test_what_zuul_writes_is_shown_once_and_counts_as_movement() -> None:
    program = PROGRAM.format(progress=STILL, merged_after=3000, ask="true")
    program = program.replace("echo 0 ;;", "echo $((SECONDS / 800)) ;;").replace(
        'echo "not asked for: $1" >&2; exit 3', 'echo "$1"'
    )
    done = subprocess.run(["bash", "-c", program, "follow", str(FOLLOW)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stdout.splitlines() if "said[" in line] == [
        f'   | "\\n\\n".join(said[{count}:])' for count in range(3)
    ]
