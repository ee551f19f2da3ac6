"""The smallest package's whole way: pushed until Zuul has voted, approved until apt sees it; and its steps by hand.

python -m tests.bench.whole SITE-DIRECTORY NUMBER      runs check's steps by hand, as change NUMBER
"""

from __future__ import annotations

import http.client
import json
import re
import shlex
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pkgci.assets import asset
from pkgci.model.roles import Role
from pkgci.model.site import Host, Site
from tests.bench.local import PKGCI
from tests.bench.race import BenchError, Contender, Result, Sample, run
from tests.bench.report import Figure, Outcome
from tests.bench.sites import CHECKOUT, SMALLEST, TARGET
from tests.lab.conftest import Lab
from tests.real.sources import Source
from tests.real.way import Release

_BUDGET = 100.0  # seconds
_LIMIT = 1200.0  # seconds
_NUMBER = 999_000_000  # the first change by hand: no change of a lab has such a number


def whole(site: Site, turns: int) -> Outcome:
    """A maintainer's two waits, each beside what the steps themselves take when they are called by hand."""
    way = _Way(site)
    way.walk()  # makes the roots that all use, and does not count
    voted, published, by_hand = [], [], []
    for turn in range(turns):
        for taken, seconds in zip((voted, published), way.walk(), strict=True):
            taken.append(Sample(seconds, 0, 0))
        by_hand.append(run(_steps(site, turn)))
    results = {
        name: Result(name, tuple(samples))
        for name, samples in (("voted", voted), ("published", published), ("steps by hand", by_hand))
    }
    hand = results["steps by hand"].seconds
    figures = tuple(
        Figure(what, results[name].seconds, "s", _BUDGET, f"the steps of one pipeline by hand: {hand:.0f} s")
        for what, name in (("push → Verified", "voted"), ("approval → apt sees it", "published"))
    )
    return Outcome(figures, {"whole": results})


def _steps(site: Site, turn: int) -> Contender:
    words = (str(site.directory), str(_NUMBER + turn))
    return Contender("steps by hand", (sys.executable, "-m", "tests.bench.whole", *words), CHECKOUT)


class _Way:
    """A clone of the smallest package, and the releases that are made of it."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._clone = site.directory / "smallest"
        self._count = 0
        shutil.rmtree(self._clone, ignore_errors=True)
        run(Contender("preparation", (PKGCI, "lab", "clone", SMALLEST, str(self._clone)), site.directory))

    def walk(self) -> tuple[float, float]:
        """The next release: the seconds until Zuul has voted, and from the approval until apt sees it."""
        self._count += 1
        version = f"9.{self._count}"
        self._commit(version)
        begun = time.monotonic()
        number = self._push()
        _wait(lambda: self._vote(number) == 1, f"change {number} has no vote of +1")
        voted = time.monotonic() - begun
        self._ssh(f"gerrit review --label Code-Review=+2 --label Workflow=+1 {number},1", user="bob")
        begun = time.monotonic()
        _wait(lambda: _is_released(self._site.with_role(Role.PUBLISHER)[0], version), f"{version} is not published")
        return voted, time.monotonic() - begun

    def _commit(self, version: str) -> None:
        self._git("fetch", "-q", "origin")
        self._git("checkout", "-q", "--detach", "origin/main")
        log = self._clone / "debian/changelog"
        signed = "Alice <alice@pkg.bench.test>  Mon, 23 Nov 2026 09:00:00 +0000"
        name = SMALLEST.rpartition("/")[2]
        log.write_text(
            f"{name} ({version}) unstable; urgency=medium\n\n  * Bench.\n\n -- {signed}\n\n{log.read_text()}"
        )
        self._git("commit", "-q", "-a", "-m", f"Release {version}")

    def _push(self) -> str:
        said = self._git("push", "origin", "HEAD:refs/for/main")
        number = re.search(r"/\+/([0-9]+)", said)
        if number is None:
            raise BenchError(f"the push made no change:\n{said}")
        return number[1]

    def _vote(self, number: str) -> int:
        said = self._ssh(f"gerrit query --format json --current-patch-set --all-approvals {number}")
        approvals = json.loads(said.splitlines()[0])["currentPatchSet"].get("approvals", [])
        vote = next((int(one["value"]) for one in approvals if one["type"] == "Verified"), 0)
        if vote < 0:
            raise BenchError(f"change {number} was tested and failed: see `pkgci status`")
        return vote

    def _ssh(self, words: str, user: str = "alice") -> str:
        """Runs a command of Gerrit's, as git reaches it; without the start of a Python."""
        command = shlex.split(self._git("config", "core.sshCommand").strip())
        address = self._git("remote", "get-url", "origin").strip()
        found = re.fullmatch(r"ssh://[^@]+@([^:/]+):([0-9]+)/.*", address)
        if found is None:
            raise BenchError(f"the clone's remote is {address}")
        words_of_ssh = [*command, "-p", found[2], f"{user}@{found[1]}", words]
        return subprocess.run(words_of_ssh, capture_output=True, text=True, check=True).stdout

    def _git(self, *words: str) -> str:
        command = ("git", "-C", str(self._clone), *words)
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BenchError(f"git {words[0]}: {done.stderr.strip()}")
        return done.stdout + done.stderr


def _is_released(publisher: Host, version: str) -> bool:
    # What is measured is when it is there. Who signed it is for the tests.
    connection = http.client.HTTPSConnection(publisher.address, timeout=20, context=ssl._create_unverified_context())
    try:
        path = f"/packages/deb/dists/{TARGET}/main/binary-all/Packages"
        connection.request("GET", path, headers={"Host": publisher.fqdn})
        return f"\nVersion: {version}".encode() in connection.getresponse().read()
    finally:
        connection.close()


def _wait(is_done: Callable[[], bool], otherwise: str) -> None:
    end = time.monotonic() + _LIMIT
    while not is_done():
        if time.monotonic() > end:
            raise BenchError(f"{otherwise} after {_LIMIT:g} s: see `pkgci status`")
        time.sleep(0.5)


def main(directory: str, number: str) -> None:
    """Calls each of check's programs on its host, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(asset("examples") / "packages" / SMALLEST.rpartition("/")[2], tree)
        release = Release(SMALLEST, TARGET, int(number), Source(tree))
        for verdict in release.walk(Lab(Path(directory)), "check"):
            print(f"{verdict.step}: {verdict.status}, {verdict.seconds:.1f} s {verdict.reason}", flush=True)
            if not verdict.is_good:
                sys.exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
