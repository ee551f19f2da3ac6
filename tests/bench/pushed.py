"""A change pushed to the lab's review, until its repository is there: all that a maintainer waits for.

    python -m tests.bench.pushed CLONE ADDRESS NAME     pushes what CLONE has, and waits for the publisher's answer

ADDRESS and NAME are the publisher's, which this machine need not resolve.
"""

from __future__ import annotations

import http.client
import json
import re
import shutil
import ssl
import subprocess
import sys
import time
from functools import cached_property

from pkgci.model.roles import Role
from pkgci.model.site import Site
from tests.bench.local import PKGCI
from tests.bench.race import BenchError, Contender, run
from tests.bench.sites import CHECKOUT, TARGET

PROJECT = "packaging/greet"
# Zuul holds every event back this long (reference: zuul, "What Zuul asks of Gerrit").
ZUULS_DELAY = 10.0
_LIMIT = 1200.0  # seconds


class Pushes:
    """A clone of the project, and its changes. The jobs and pipelines of ``site`` are deployed."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._clone = site.directory / "greet"
        shutil.rmtree(self._clone, ignore_errors=True)
        for words in (("deploy-jobs",), ("deploy-pipelines",), ("lab", "clone", PROJECT, str(self._clone))):
            run(Contender("preparation", (PKGCI, *words), site.directory))

    @cached_property
    def contender(self) -> Contender:
        """What is measured, each time with a change of its own."""
        publisher = self._site.with_role(Role.PUBLISHER)[0]
        words = (str(self._clone), publisher.address, publisher.fqdn)
        command = (sys.executable, "-m", "tests.bench.pushed", *words)
        return Contender("pushed", command, CHECKOUT, prepare=self._prepare)

    def wait(self) -> None:
        """Waits until every change has been tested, so that nothing runs beside the next turn."""
        end = time.monotonic() + _LIMIT
        while any(votes != 1 for votes in self._votes()):
            if time.monotonic() > end:
                raise BenchError("a pushed change was not tested, or failed: see `pkgci status`")
            time.sleep(2)

    def _votes(self) -> list[int]:
        """Zuul's vote on each change, 0 where there is none yet."""
        command = (PKGCI, "lab", "gerrit", "query", "--format", "json", "--current-patch-set", "--all-approvals")
        query = (*command, "status:open", f"project:{PROJECT}")
        said = subprocess.run(query, cwd=self._site.directory, capture_output=True, text=True, check=True).stdout
        changes = [found for line in said.splitlines() if "number" in (found := json.loads(line))]
        return [_verified(change["currentPatchSet"].get("approvals", [])) for change in changes]

    def _prepare(self) -> None:
        self.wait()
        for words in (("checkout", "-q", "--detach", "origin/main"), ("commit", "-q", "--allow-empty", "-m", "Bench")):
            subprocess.run(("git", "-C", str(self._clone), *words), check=True, capture_output=True)


def _verified(approvals: list[dict[str, str]]) -> int:
    return next((int(one["value"]) for one in approvals if one["type"] == "Verified"), 0)


def main(clone: str, address: str, name: str) -> None:
    """Pushes, and returns once the change's repository can be read."""
    push = ("git", "-C", clone, "push", "origin", "HEAD:refs/for/main")
    said = subprocess.run(push, capture_output=True, text=True, check=True).stderr
    number = re.search(r"/\+/([0-9]+)", said)
    if number is None:
        sys.exit(f"the push made no change:\n{said}")
    path = f"/packages/review/{number[1]}/deb/dists/{TARGET}/InRelease"
    end = time.monotonic() + _LIMIT
    while not _is_there(address, name, path):
        if time.monotonic() > end:
            sys.exit(f"there is no {path} after {_LIMIT:g} s")
        time.sleep(0.2)


def _is_there(address: str, name: str, path: str) -> bool:
    # What is measured is when it is there. Who signed it is for the tests.
    connection = http.client.HTTPSConnection(address, timeout=20, context=ssl._create_unverified_context())
    try:
        connection.request("HEAD", path, headers={"Host": name})
        return connection.getresponse().status == http.HTTPStatus.OK
    finally:
        connection.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
