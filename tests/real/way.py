"""One release of one package: each step's own program, on its host, as a job calls it."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.lab import notes
from tests.lab.conftest import Lab
from tests.lab.prepared import note
from tests.real.sources import Source

BUILD, PUBLISH, PROMOTE = "build", "publish", "promote"
TESTS = ("install", "repotest", "systest")
_HOSTS = {BUILD: "build01", PUBLISH: "pub01", PROMOTE: "pub01", "install": "install01", "repotest": "install01"}
_PROGRAMS = {PUBLISH: "publish-review", "install": "install-test"}
_AGENT = "jenkins"
_FOLDER = "/srv/jenkins/real"
_RESULTS = "/srv/pkgci/results"


@dataclass(frozen=True)
class Verdict:
    """How one step ended, and how long it took in seconds."""

    step: str
    status: str
    reason: str
    seconds: float

    @property
    def is_good(self) -> bool:
        return self.status in ("passed", "skipped")


@dataclass(frozen=True)
class Release:
    """One release: its ``source`` here is the change's, ``change`` its number."""

    project: str
    target: str
    change: int
    source: Source

    def walk(self, lab: Lab, pipeline: str) -> Iterator[Verdict]:
        """Each step of ``pipeline``, until one fails; check ends with the tests, the gate with the promotion."""
        commit, git_tree = _commit(self.source.tree)
        told = {
            "PROJECT": self.project,
            "TARGET": self.target,
            "CHANGE": str(self.change),
            "PATCHSET": "1",
            "CHANGES": f"{self.change},1",
            "PIPELINE": pipeline,
            "BRANCH": "main",
            "REF": f"refs/zuul/main/Zreal{pipeline}{self.change}",
            "COMMIT": commit,
            "TREE": git_tree,
        }
        run = _Run(self.project, str(self.change), "1", pipeline, f"Zreal{pipeline}{self.change}", commit, git_tree)
        for step in (BUILD, PUBLISH, *TESTS, *([PROMOTE] if pipeline == "gate" else [])):
            host = _HOSTS.get(step, "systest01")
            needed = {"SOURCE": self.source.tree} if step in (BUILD, "systest") else {}
            if step == BUILD and self.source.upstream:
                needed["UPSTREAM"] = self.source.upstream
            words = told | {name: _send(lab, host, tree, name.lower()) for name, tree in needed.items()}
            if step == PUBLISH and pipeline == "gate":
                note(lab, {notes.tested(run): notes.begun(run)})
            if step == PROMOTE:
                note(lab, {notes.tested(run): notes.ended(lab.site, run), notes.merged(run): notes.begun(run)})
                words |= {"PIPELINE": "promote", "REF": "refs/heads/main"}
                del words["TARGET"]
            verdict = _call(lab, host, step, words)
            yield verdict
            if not verdict.is_good:
                return


@dataclass(frozen=True)
class _Run:
    """A run of a pipeline, as Zuul would note it."""

    project: str
    change: str
    patchset: str
    pipeline: str
    build_id: str
    commit: str
    tree: str


def _commit(tree: Path) -> tuple[str, str]:
    """Commits all of ``tree``; the commit and its git tree."""
    who = ("-c", "user.name=Real", "-c", "user.email=real@example.org")
    if not (tree / ".git").exists():
        subprocess.run(["git", "init", "-q", "--initial-branch=main", str(tree)], check=True)
    subprocess.run(["git", "-C", str(tree), "add", "--all", "--force"], check=True)
    subprocess.run(["git", "-C", str(tree), *who, "commit", "-q", "--allow-empty", "-m", "A release"], check=True)
    shown = ["git", "-C", str(tree), "show", "-s", "--format=%H %T"]
    commit, git_tree = subprocess.run(shown, capture_output=True, text=True, check=True).stdout.split()
    return commit, git_tree


def _send(lab: Lab, host: str, tree: Path, name: str) -> str:
    """Puts a clone of ``tree`` on ``host``, for the agent's account; where it is there."""
    container = f"pkgci-{lab.site.name}-{host}"
    folder = f"{_FOLDER}/{name}"
    lab.exec(host, "sh", "-c", f"rm -rf {folder}; install -d -o {_AGENT} {_FOLDER} {folder}")
    with tempfile.NamedTemporaryFile(suffix=".bundle") as bundle:
        subprocess.run(["git", "-C", str(tree), "bundle", "create", "-q", bundle.name, "--all", "HEAD"], check=True)
        subprocess.run(["docker", "cp", "-q", bundle.name, f"{container}:{folder}/bundle"], check=True)
    clone = f"chmod a+r {folder}/bundle && runuser -u {_AGENT} -- git clone -q -b main {folder}/bundle {folder}/tree"
    lab.exec(host, "sh", "-c", clone)
    return f"{folder}/tree"


def _call(lab: Lab, host: str, step: str, told: dict[str, str]) -> Verdict:
    program = f"/usr/local/bin/pkgci-{_PROGRAMS.get(step, step)}"
    # The publisher's account writes to a folder of the agent's: Puppet makes a place for that.
    place = _RESULTS if step in (PUBLISH, PROMOTE) else "/tmp"
    make = f"folder=$(mktemp -d -p {place}) && chown {_AGENT} $folder && chmod 777 $folder && echo $folder"
    results = lab.exec(host, "sh", "-c", make).stdout.strip()
    words = [f"{name}={value}" for name, value in (told | {"RESULTS": results}).items()]
    publishes = step in (PUBLISH, PROMOTE)
    looking = "pkgci-gate" if told["PIPELINE"] == "gate" else "pkgci-review"
    as_publisher = ["sudo", "-n", "-u", "publisher" if step == PROMOTE else looking, *words, program]
    command = as_publisher if publishes else ["env", "--chdir=/", *words, program]
    begun = time.monotonic()
    done = lab.exec(host, "runuser", "-u", _AGENT, "--", *command, check=False)
    seconds = time.monotonic() - begun
    document = lab.exec(host, "cat", f"{results}/result.json", check=False).stdout
    lab.exec(host, "rm", "-rf", results)
    if not document:
        said = (done.stdout + done.stderr).strip().rpartition("\n")[2]
        return Verdict(step, "no result", f"exit status {done.returncode}: {said}", seconds)
    result = json.loads(document)
    return Verdict(step, str(result["status"]), str(result["reason"]), seconds)
