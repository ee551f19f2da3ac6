"""`make zuul-suite`: fetches Zuul 2.6.0, runs its own tests against the compatibility module, and reports per file.

Usage: python -m tests.zuul [FILE…], as in `python -m tests.zuul scheduler`. Exit status: 0 where at least as many tests
pass as are known to, 1 where fewer do.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILES = ROOT / "puppet/site-modules/zuul/files/zuul-py3"
sys.path.append(str(FILES))

from zuul_py3 import versions  # noqa: E402 - after the line that says where it is

ZUUL = versions.KNOWN["zuul"]
HERE = Path(__file__).parent
WORK = ROOT / ".venv" / f"zuul-suite-{sys.version_info.major}.{sys.version_info.minor}"

# File → how many of its tests must pass. Of test_scheduler, two are not among them: one is about Swift, and one expects
# that nobody is told of changes that depend on each other in a circle.
KNOWN = {
    "change_matcher": 22,
    "clonemapper": 6,
    "cloner": 9,
    "connection": 8,
    "daemon": 1,
    "gerrit": 2,
    "layoutvalidator": 1,
    "merger_repo": 1,
    "model": 9,
    "reporter": 6,
    "requirements": 19,
    "scheduler": 116,
    "source": 1,
    "stack_dump": 1,
    "trigger": 6,
    "webapp": 4,
    "zuultrigger": 2,
}

# The same for what this project adds to Zuul, tested on Zuul: modules in this folder.
OWN = {"lookups": 9, "merges": 7, "reports": 8, "stands": 6, "vouches": 3}

# How often a test is tried until it counts as failed.
TRIES = 3

SETTINGS = {
    "REPORTS_LAYOUT": str(HERE / "reports.yaml"),
    "STATSD_HOST": "127.0.0.1",
    "STATSD_PORT": "8125",
    "PYTHONDONTWRITEBYTECODE": "1",
    # What git forbids, and names otherwise, since these tests were written.
    "GIT_CONFIG_COUNT": "2",
    **{"GIT_CONFIG_KEY_0": "protocol.file.allow", "GIT_CONFIG_VALUE_0": "always"},
    **{"GIT_CONFIG_KEY_1": "init.defaultBranch", "GIT_CONFIG_VALUE_1": "master"},
}


def prepare() -> tuple[Path, Path]:
    """The Python of the suite's virtual environment, and the unpacked sdist. Both are kept for the next time."""
    python, sdist = WORK / "bin/python", WORK / f"zuul-{ZUUL}"
    if (WORK / "ready").exists():
        return python, sdist
    venv.create(WORK, with_pip=True, clear=True)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet"]
    hashed = ["install", "--require-hashes"]
    sources = ["--no-deps", "--no-build-isolation", "--no-binary", ":all:"]
    needed = str(FILES / "requirements-sources.txt")
    subprocess.run([*pip, *hashed, "--only-binary", ":all:", "-r", str(FILES / "requirements.txt")], check=True)
    subprocess.run([*pip, *hashed, "--only-binary", ":all:", "-r", str(HERE / "requirements.txt")], check=True)
    subprocess.run([*pip, *hashed, *sources, "-r", needed], check=True)
    # Only the sdist has the tests.
    subprocess.run([*pip, "download", "--require-hashes", *sources, "--dest", str(WORK), "-r", needed], check=True)
    with tarfile.open(WORK / f"zuul-{ZUUL}.tar.gz") as archive:
        archive.extractall(WORK, filter="data")
    (WORK / "ready").touch()
    return python, sdist


def patch() -> None:
    """Has the suite's Python import the package of this checkout at each start, as a host's does."""
    site = sysconfig.get_path("purelib", "venv", vars={"base": str(WORK)})
    Path(site, "startup.pth").write_text(f"{FILES}\nimport zuul_py3\n")


def run(python: Path, sdist: Path, name: str) -> dict[str, str]:
    """Test → passed, failed or skipped.

    Tests have time limits of their own, which a busy machine breaks, and some of them race with themselves at their end
    and hang: one that failed or hung is tried again, three times in all.
    """
    done: dict[str, str] = {}
    tries: Counter[str] = Counter()
    left = tests_of(python, sdist, name)
    while left:
        for test, verdict in attempt(python, sdist, name, left).items():
            tries[test] += 1
            if verdict not in ("failed", "started"):
                done[test] = verdict
            elif tries[test] == TRIES:
                done[test] = "failed"
        # Nothing was even begun.
        if not any(tries[test] for test in left):
            return dict.fromkeys(left, "failed")
        left = [test for test in left if test not in done]
    return done


def tests_of(python: Path, sdist: Path, name: str) -> list[str]:
    """The names of the tests in a file."""
    program = (
        "import sys, unittest; sys.path[:0] = sys.argv[1:3]; import adapt\n"
        "def walk(suite):\n"
        "    for one in suite: yield from walk(one) if isinstance(one, unittest.TestSuite) else [one.id()]\n"
        "print('\\n'.join(walk(unittest.defaultTestLoader.loadTestsFromName(sys.argv[3]))))"
    )
    module = name if name in OWN else f"tests.test_{name}"
    command = [str(python), "-c", program, str(HERE), str(sdist), module]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, **SETTINGS}, cwd=sdist
    )
    return done.stdout.split()


def attempt(python: Path, sdist: Path, name: str, tests: list[str]) -> dict[str, str]:
    """The last word on each test of ``tests`` that was begun; `started` where it hung."""
    output = WORK / f"{name}.json"
    output.unlink(missing_ok=True)
    with (WORK / f"{name}.log").open("a") as log:
        command = [str(python), str(HERE / "one_file.py"), str(sdist), str(output), *tests]
        subprocess.run(command, env={**os.environ, **SETTINGS}, stdout=log, stderr=log, check=False)
    lines = output.read_text().splitlines() if output.exists() else []
    return dict(json.loads(line) for line in lines)


def main() -> int:
    python, sdist = prepare()
    patch()
    fewer = []
    print(f"Zuul {ZUUL} on Python {sys.version.split()[0]}")
    print(f"{'file':<18}{'passed':>8}{'failed':>8}{'skipped':>8}{'known':>8}")
    known = KNOWN | OWN
    for name in sys.argv[1:] or known:
        (WORK / f"{name}.log").unlink(missing_ok=True)
        verdicts = run(python, sdist, name)
        count = Counter(verdicts.values())
        print(f"{name:<18}{count['passed']:>8}{count['failed']:>8}{count['skipped']:>8}{known[name]:>8}", flush=True)
        failed = [test for test, verdict in verdicts.items() if verdict == "failed"]
        print("".join(f"  failed: {test}\n" for test in failed), end="")
        if count["passed"] < known[name]:
            fewer.append(name)
    if fewer:
        print(f"\nfewer pass than are known to: {', '.join(fewer)}; their output is in {WORK}/*.log")
    return 1 if fewer else 0


if __name__ == "__main__":
    sys.exit(main())
