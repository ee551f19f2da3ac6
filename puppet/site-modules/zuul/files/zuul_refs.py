#!/usr/bin/python3
"""Removes what Zuul's merger has made for tests that are long over: the references refs/zuul/… of its repositories.

Usage: zuul_refs.py --repositories DIR --seen FILE --days N

Every test of a change leaves one. Zuul removes none, and whoever fetches from such a repository, as each job does, is
told of all of them. One goes ``--days`` after it was first seen here, which FILE keeps. (A commit's date does not say
when it was tested: where nothing had to be merged, it is the change's own.) Runs as Zuul's account, beside the merger:
git locks what either of them changes. Exit status: 0 done, 1 a repository could not be cleared, which it names.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

REFERENCES = "refs/zuul/"
DAY = 24 * 60 * 60

# Repository, relative to the folder of all of them → reference → when it was first seen, in seconds since 1970.
Seen = dict[str, dict[str, float]]


class GitError(Exception):
    """What git said where it failed."""


def repositories(folder: Path) -> Iterator[Path]:
    """The working copies below ``folder``. A project's name may have slashes, and may begin with another's."""
    for place, names, _ in os.walk(folder):
        if ".git" in names:
            names.remove(".git")
            yield Path(place)


def references(repository: Path) -> list[str]:
    """The references that Zuul made in ``repository``. Raises ``GitError``."""
    return _git(repository, "for-each-ref", "--format=%(refname)", REFERENCES).splitlines()


def still_seen(names: Sequence[str], before: Mapping[str, float], now: float) -> dict[str, float]:
    """When each of ``names`` was first seen; ``before`` is what was known of that the last time."""
    return {name: before.get(name, now) for name in names}


def remove(repository: Path, names: Sequence[str]) -> None:
    """Removes the references ``names``: all of them, or none. Raises ``GitError``."""
    _git(repository, "update-ref", "--stdin", text="".join(f"delete {name}\n" for name in names))


def clear(folder: Path, before: Seen, days: float, now: float) -> tuple[Seen, list[str]]:
    """Clears all repositories below ``folder``; returns what has been seen of them now, and the failures in words."""
    after: Seen = {}
    failures = []
    for repository in sorted(repositories(folder)):
        name = str(repository.relative_to(folder))
        known = after[name] = dict(before.get(name, {}))
        try:
            known = after[name] = still_seen(references(repository), known, now)
            old = [reference for reference, since in known.items() if now - since >= days * DAY]
            if old:
                remove(repository, old)
                after[name] = {reference: since for reference, since in known.items() if reference not in old}
                print(f"{name}: references removed: {len(old)}, left: {len(after[name])}")
        except GitError as error:
            failures.append(f"{name}: {error}")
    return after, failures


def read(file: Path) -> Seen:
    """What ``file`` says. Without one, or where it is damaged, nothing has been seen yet: references stay longer."""
    try:
        seen = json.loads(file.read_text())
        return {name: {key: float(since) for key, since in known.items()} for name, known in seen.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError) as error:
        print(f"{file} is not readable, and begun anew: {error}", file=sys.stderr)
        return {}


def write(file: Path, seen: Seen) -> None:
    """Replaces ``file`` as a whole."""
    aside = file.with_name(f"{file.name}.new")
    aside.write_text(json.dumps(seen, indent=1) + "\n")
    aside.replace(file)


def _git(repository: Path, *words: str, text: str = "") -> str:
    done = subprocess.run(["git", "-C", repository, *words], input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise GitError(done.stderr.strip() or f"git {words[0]} ended with status {done.returncode}")
    return done.stdout


def main(words: Sequence[str] | None = None) -> int:
    """The program."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repositories", type=Path, required=True, metavar="DIR")
    parser.add_argument("--seen", type=Path, required=True, metavar="FILE")
    parser.add_argument("--days", type=float, required=True, metavar="N")
    told = parser.parse_args(words)
    seen, failures = clear(told.repositories, read(told.seen), told.days, time.time())
    write(told.seen, seen)
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
