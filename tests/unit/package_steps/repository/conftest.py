"""A publisher in a folder, and builds for it, with stand-ins for the tools."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, cast

import pytest
from pkgci_steps.inputs import Inputs
from pkgci_steps.log import Log
from pkgci_steps.programs import Programs, Stop
from pkgci_steps.repository import base
from pkgci_steps.repository.engine import Generation, Repository
from pkgci_steps.repository.fetching import Source
from pkgci_steps.repository.known import Known
from pkgci_steps.repository.manifest import Entry, File
from pkgci_steps.repository.places import key_of
from pkgci_steps.repository.promote import promote
from pkgci_steps.repository.publish_review import Publication
from pkgci_steps.repository.publisher import Publisher
from pkgci_steps.repository.signing import Signer
from pkgci_steps.repository.vouching import Zuul
from pkgci_steps.settings import BuildHost, Target, parse
from pkgci_steps.step import Step

from pkgci.model.load import load_site
from pkgci.model.packages import step_settings

from . import debs, rpms
from .tools import Tools, sha256

ROOT = Path(__file__).parents[4]
PROJECT = "packaging/greet"
URL = "https://pub01.pkg.lab.test/packages/"
NOTES = "https://zuul01.pkg.lab.test/zuul/vouched/"
TREE = "a" * 40
# The version of change 5, patch set 2, as check builds it.
GOOD = "1.0-1~c5.2"


class World:
    """The publisher, its clock and keys, and a build host to fetch from."""

    def __init__(self, folder: Path, tools: Tools | None = None) -> None:
        self.folder = folder
        self.now = datetime(2026, 3, 1, tzinfo=timezone.utc)  # noqa: UP017 (as on hosts)
        self.tools = tools or Tools()
        # What Zuul has noted: path → note.
        self.notes: dict[str, dict[str, Any]] = {}
        self.tools.build_host = folder / "builds"
        site = load_site(ROOT / "examples/lab/site.yaml")
        self.settings = parse(json.loads(json.dumps(step_settings(site, site.host("pub01"), lambda name: []))))
        self.programs = cast(Programs, self.tools)
        self.publisher = Publisher(
            public=folder / "public",
            locks=folder / "locks",
            settings=self.settings,
            programs=self.programs,
            stop=Stop(),
            signer=lambda name: Signer(self.keys, key_of(name), self.programs),
            pages=lambda name, manifest: {"index.html": f"{len(manifest.entries)} packages of {name}"},
            now=self.tick,
            sleep=lambda seconds: None,
            distribution=self.base,
            zuul=Zuul(NOTES, self._note),
        )
        self.released = Repository("release", self.publisher)

    @property
    def keys(self) -> tuple[str, ...]:
        """What signs. The signer picks them, and the publisher knows them."""
        return self.tools.keys

    @keys.setter
    def keys(self, keys: tuple[str, ...]) -> None:
        self.tools.keys = keys

    def base(self, target: Target, names: Collection[str]) -> Known:
        """What is known of a distribution that cannot be asked."""
        return base.of_rpm(names) if target.kind == "rpm" else base.of_host(names, self.programs)

    def tick(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def have_project(self, name: str, *overrides: str) -> None:
        """The site has a project ``name``, like the others."""
        project = replace(self.settings.projects[PROJECT], name=name, overrides=overrides)
        self.settings = replace(self.settings, projects={**self.settings.projects, name: project})

    # Packages that are there, without a build.

    def entry(self, source: str, version: str, target: str = "trixie", text: str = "") -> tuple[Entry, Path]:
        """A package of one file, and the folder that it is in."""
        folder = self.folder / "made" / f"{target}-{source}-{version}-{text}"
        folder.mkdir(parents=True, exist_ok=True)
        if target == "rpm":
            file = self._rpm(folder, source, version, text)
        else:
            name = f"{source}_{version}_all.deb"
            control = f"Package: {source}\nVersion: {version}\nArchitecture: all\nDescription: a package\n"
            (folder / name).write_bytes(debs.deb(control, [("./usr/share/text", text)]))
            file = self._described(folder / name, source, version, "all")
        kind = "rpm" if target == "rpm" else "deb"
        where = {"project": f"packaging/{source}", "change": "1", "patchset": "1", "build_id": "Z1"}
        return Entry(target, kind, source, version, published="", folder="", files=(file,), **where), folder

    def publish(self, *packages: tuple[Entry, Path], name: str = "release") -> Generation:
        with Repository(name, self.publisher).update() as update:
            for entry, folder in packages:
                update.put(entry, folder, replace=True)
            return update.commit("published")

    def _rpm(self, folder: Path, source: str, version: str, text: str) -> File:
        number, release = version.split("-")
        words = {"NAME": source, "EPOCHNUM": "0", "VERSION": number, "RELEASE": release, "ARCH": "noarch"}
        path = folder / f"{source}-{version}.noarch.rpm"
        path.write_bytes(
            rpms.rpm({**words, "SOURCERPM": f"{source}-{version}.src.rpm"}, text=text, files=["/usr/bin/greet"])
        )
        content = self.tools.output(["rpm", "--queryformat", "%{SHA256HEADER}", path])[1].decode()
        return self._described(path, source, version, "noarch", content)

    def _described(self, path: Path, package: str, version: str, architecture: str, content: str = "") -> File:
        checksum = sha256(path.read_bytes())
        return File(path.name, path.stat().st_size, checksum, package, version, architecture, content or checksum)

    # Builds to fetch.

    def inputs(self, **other: Any) -> Inputs:
        words = {"project": PROJECT, "target": "trixie", "change": "5", "patchset": "2", "pipeline": "check"}
        return Inputs(self.folder / "results", **{"ref": "refs/zuul/main/Z5", "tree": TREE, **words, **other})

    def build(self, inputs: Inputs, version: str, *, text: str = "", source: str = "greet") -> Path:
        """What a good build leaves on the build host: one source package, one package."""
        folder = self.folder / "builds" / inputs.build_id / inputs.target
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        if inputs.target == "rpm":
            self._rpm(folder, source, version, text)
            number, release = version.split("-")
            words = {"NAME": source, "EPOCHNUM": "0", "VERSION": number, "RELEASE": release, "ARCH": "x86_64"}
            package = rpms.rpm({**words, "SOURCEPACKAGE": "1"}, text=text, files=[f"{source}.spec"])
            (folder / f"{source}-{version}.src.rpm").write_bytes(package)
        else:
            self.deb(folder, source, version, text=text)
            self.sources(folder, source, version)
        self.say(folder, inputs)
        return folder

    def deb(
        self,
        folder: Path,
        source: str,
        version: str,
        *,
        control: str = "",
        text: str = "",
        architecture: str = "all",
        suffix: str = ".deb",
        **other: Any,
    ) -> Path:
        """A package, named as its source unless ``package`` is given. ``control`` are further lines of its data."""
        package = other.pop("package", source)
        words = {"Package": package, "Version": version, "Architecture": architecture}
        if package != source:
            words["Source"] = source
        fields = "".join(f"{name}: {value}\n" for name, value in words.items()) + f"{control}Description: a package\n"
        path = folder / f"{package}_{version}_{architecture}{suffix}"
        path.write_bytes(debs.deb(fields, [("./usr/share/doc/text", text)], **other))
        return path

    def sources(self, folder: Path, source: str, version: str, parts: Mapping[str, str] | None = None) -> None:
        """A source package of ``parts``: file name → content."""
        sha256s, md5s = "", ""
        for name, text in (parts or {f"{source}_{version}.tar.xz": "the source"}).items():
            (folder / name).write_text(text)
            sha256s += f" {sha256(text.encode())} {len(text)} {name}\n"
            md5s += f" {'0' * 32} {len(text)} {name}\n"
        files = f"Checksums-Sha256:\n{sha256s}Files:\n{md5s}"
        (folder / f"{source}_{version}.dsc").write_text(f"Source: {source}\nVersion: {version}\n{files}")

    def say(self, folder: Path, inputs: Inputs, **other: Any) -> None:
        """result.json of what is in ``folder``, with ``other`` words in place of its own."""
        paths = sorted(path for path in folder.iterdir() if path.name != "result.json")
        files = [
            {"name": path.name, "size": path.stat().st_size, "sha256": sha256(path.read_bytes())} for path in paths
        ]
        words = {name: getattr(inputs, name) for name in ("project", "target", "change", "patchset", "pipeline")}
        document = {"step": "build", "status": "passed", **words, "build_id": inputs.build_id, "files": files, **other}
        (folder / "result.json").write_text(json.dumps(document))

    # The two steps.

    def step(self, inputs: Inputs) -> Step:
        log = Log((self.folder / "log").open("ab"), "try")
        return Step("try", inputs, self.settings, log, Stop(), self.programs, self.folder)

    def review(self, inputs: Inputs) -> str:
        """Publishes the build that ``inputs`` are of. Of the gate, Zuul began it, and all its jobs passed."""
        if not inputs.is_release:
            return self.publish_only(inputs)
        self.begin(inputs)
        done = self.publish_only(inputs)
        self.end(inputs)
        return done

    def begin(self, inputs: Inputs) -> None:
        """Zuul starts the run of the gate that ``inputs`` are of."""
        commit = inputs.upstream_commit if inputs.change_project else inputs.commit
        words = {name: getattr(inputs, name) for name in ("pipeline", "change", "patchset", "tree")}
        note = {**words, "project": inputs.change_project or inputs.project, "commit": commit, "jobs": {}}
        self.notes[f"tested/{inputs.build_id}.json"] = note

    def end(self, inputs: Inputs, **results: str) -> None:
        """It has ended: all jobs of the project passed, but for ``results`` (step → result)."""
        jobs = {}
        for name in (name for names in self.settings.project(inputs.project).jobs.values() for name in names):
            result = next((result for word, result in results.items() if f"-{word}-" in name), "SUCCESS")
            jobs[name] = {"result": result, "voting": True}
        self.notes[f"tested/{inputs.build_id}.json"]["jobs"] = jobs

    def merge(self, inputs: Inputs) -> None:
        """The review merges the change of ``inputs``, with their tree, and tells Zuul so."""
        words = {name: getattr(inputs, name) for name in ("change", "patchset", "tree")}
        self.notes[f"merged/{inputs.change}.json"] = {**words, "project": inputs.change_project or inputs.project}

    def _note(self, url: str) -> bytes | None:
        note = self.notes.get(url.removeprefix(NOTES))
        return json.dumps(note).encode() if note else None

    def publish_only(self, inputs: Inputs) -> str:
        """Publishes it, whatever Zuul says."""
        scratch = self.folder / "scratch"
        scratch.mkdir(exist_ok=True)
        for folder in scratch.iterdir():
            if folder.is_dir():
                for file in folder.iterdir():
                    file.unlink()
        hosts = [BuildHost("build01", "198.18.1.21", 22, ("ssh-ed25519 AAAA",))]
        source = Source(hosts, f"{inputs.build_id}/{inputs.target}", scratch, self.programs, Path("/key"))
        publication = Publication(self.step(inputs), self.publisher, self.settings.target(inputs.target))
        return publication.publish(source)

    def promote(self, inputs: Inputs, *targets: str) -> str:
        """The change of ``inputs`` is merged and promoted."""
        self.merge(inputs)
        return self.promote_only(inputs, *targets)

    def promote_only(self, inputs: Inputs, *targets: str) -> str:
        """Somebody starts its promotion, whatever Zuul says."""
        return promote(self.step(inputs), self.publisher, targets or ("trixie",))


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr("pkgci_steps.repository.folders._sync", lambda path: None)  # no machine stops here
    return World(tmp_path)


def repository(world: World, name: str = "5") -> Repository:
    """A review repository, by default that of change 5."""
    return Repository(f"review/{name}", world.publisher)


def versions(repository: Repository) -> list[str]:
    """What readers see: target, source and version of each package."""
    return [f"{one.target} {one.source} {one.version}" for one in repository.manifest().entries]
