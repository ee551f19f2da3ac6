"""On the publisher, as its account: a released repository of many packages, and how one more is published in it.

    python3 large_repository.py FOLDER KIND make NUMBER   NUMBER packages in FOLDER/packages, and a repository of them
    python3 large_repository.py FOLDER KIND next          one more in FOLDER/next, which the gate has tested
    python3 large_repository.py FOLDER KIND publish       publishes it, as pkgci-promote does
    python3 large_repository.py FOLDER KIND count         how many packages are published

KIND is deb or rpm; PYTHONPATH leads to pkgci_steps. The signer, and all that is true of the site, are this host's; the
targets are not, and neither is Zuul, who would say that the gate has passed.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import package_files
from pkgci_steps import settings, step
from pkgci_steps.repository import places, pool, promote, publisher, records
from pkgci_steps.repository.engine import Repository
from pkgci_steps.repository.manifest import Entry, File
from pkgci_steps.repository.publisher import Publisher
from pkgci_steps.repository.records import Record
from pkgci_steps.repository.vouching import Zuul
from pkgci_steps.step import Step

_PROJECT, _CHANGE, _PATCHSET = "packaging/bench", "1", "1"
_RUN, _TREE = "bench", "a" * 40
_INPUTS = {"PROJECT": _PROJECT, "CHANGE": _CHANGE, "PATCHSET": _PATCHSET}
_TARGETS = {"deb": {"kind": "deb", "suite": "trixie"}, "rpm": {"kind": "rpm", "suite": "trixie"}}


def _noted(_url: str) -> bytes:
    """What Zuul would say: the change is merged, and all jobs passed."""
    words = {"pipeline": "gate", "project": _PROJECT, "change": _CHANGE, "patchset": _PATCHSET, "tree": _TREE}
    return json.dumps({**words, "jobs": {"bench": {"result": "SUCCESS", "voting": True}}}).encode()


class Bench:
    """The repository of ``kind`` in ``folder``. What it is called is its only target's name, too."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder = folder
        self.kind = kind

    def make(self, number: int) -> str:
        """Makes the packages and the repository."""
        for name in ("packages", "ours/public", "ours/locks", "next"):
            (self.folder / name).mkdir(parents=True)
        document = json.loads(settings.FILE.read_text())
        document["targets"] = {self.kind: _TARGETS[self.kind]}
        document["projects"] = {_PROJECT: {"targets": [self.kind], "jobs": {self.kind: ["bench"]}}}
        (self.folder / "settings.json").write_text(json.dumps(document))
        if self.kind == "rpm":
            (self.folder / "template.rpm").write_bytes(package_files.rpm_template(self.folder / "rpmbuild"))
        self._run(lambda step: self._fill(self._publisher(step), number))
        return f"{number} packages"

    def next(self) -> str:
        """Makes the next package, and puts it where the gate's go."""
        number = self._made()
        shutil.rmtree(self.folder / "next")
        (self.folder / "next").mkdir()
        entry = self._write(number, self.folder / "next")
        self._run(lambda step: self._gate(self._publisher(step), entry))
        (self.folder / "made").write_text(str(number + 1))
        return entry.files[0].name

    def publish(self) -> str:
        """What is measured: all of pkgci-promote, in another folder."""
        self._run(lambda step: promote.promote(step, self._publisher(step), (self.kind,)))
        return "published"

    def count(self) -> str:
        """How many packages the list that readers see has."""
        top = self.folder / "ours/public/release/current"
        if self.kind == "deb":
            lists = top.glob("deb/dists/deb/main/binary-*/Packages")
            return str(sum(len(re.findall("^Package:", file.read_text(), re.MULTILINE)) for file in lists))
        names = re.findall(r"repodata/\S+primary\.xml\.gz", (top / "rpm/rpm/repodata/repomd.xml").read_text())
        return str(gzip.decompress((top / "rpm/rpm" / names[0]).read_bytes()).count(b"<package "))

    def _run(self, perform: Callable[[Step], str]) -> None:
        environment = {**_INPUTS, "RESULTS": str(self.folder / "results")}
        words = {"needed": (), "usage": "", "arguments": (), "environment": environment}
        status = step.run("promote", perform, settings=self.folder / "settings.json", scratch=self.folder, **words)
        if status != 0:
            sys.exit((self.folder / "results/log.txt").read_text())

    def _publisher(self, step: Step) -> Publisher:
        ours = self.folder / "ours"
        own = publisher.this_host(step, places.RELEASE)
        return replace(own, public=ours / "public", locks=ours / "locks", zuul=Zuul("bench:", _noted))

    def _fill(self, publisher: Publisher, number: int) -> str:
        """The engine would sign package by package, for an hour: they are put where it puts them."""
        released = Repository("release", publisher)
        with released.update() as update:
            for one in range(number):
                entry = self._write(one, self.folder / "packages")
                place = released.folder / pool.SHARED / entry.folder
                place.mkdir(parents=True)
                os.link(self.folder / "packages" / entry.files[0].name, place / entry.files[0].name)
                update.entries.append(entry)
            update.commit("many packages")
        (self.folder / "made").write_text(str(number))
        return "filled"

    def _gate(self, publisher: Publisher, entry: Entry) -> str:
        """The account of the gate would have it signed: here it lies where promote looks, as it was made."""
        gate = publisher.public / places.gate(_CHANGE, _RUN)
        shutil.rmtree(gate, ignore_errors=True)
        shutil.copytree(self.folder / "next", gate / pool.SHARED / entry.folder)
        records.write(gate, Record("gate", "", publisher.now().isoformat(), entry))
        return "tested"

    def _made(self) -> int:
        return int((self.folder / "made").read_text())

    def _write(self, number: int, folder: Path) -> Entry:
        """Writes a package; returns what there is to say of it."""
        name = package_files.name_of(number)
        if self.kind == "deb":
            package = package_files.deb(number)
            content = hashlib.sha256(package).hexdigest()
        else:
            package = package_files.rpm((self.folder / "template.rpm").read_bytes(), number)
            content = package_files.header_digest(package)
        path = folder / package_files.file_of(self.kind, number)
        path.write_bytes(package)
        architecture = "all" if self.kind == "deb" else "noarch"
        checksum = hashlib.sha256(package).hexdigest()
        file = File(path.name, len(package), checksum, name, "1-1", architecture, content)
        words = {"project": _PROJECT, "change": _CHANGE, "patchset": _PATCHSET, "build_id": _RUN}
        entry = Entry(self.kind, self.kind, name, "1-1", published="2026-01-01", folder="", files=(file,), **words)
        return replace(entry, folder=pool.folder_of(entry, entry.files))


if __name__ == "__main__":
    place, kind, verb, *rest = sys.argv[1:]
    print(getattr(Bench(Path(place), kind), verb)(*(int(word) for word in rest)))
