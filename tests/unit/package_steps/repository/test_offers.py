"""What apt itself takes of a change that another one stands on, beside its distribution and what is released."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from pkgci_steps import review
from pkgci_steps.inputs import Inputs
from pkgci_steps.repository.known import Known
from pkgci_steps.repository.known import Package as InArchive

from .real import Package, RealWorld, needs_tools

VERSION = "9.0-1~c5.2"
# Of another project's change, which is built with change 5.
BEHIND = {"project": "packaging/wordcount", "change": "8", "changes": (("5", "2"), ("8", "2"))}


class Machine:
    """apt where a distribution has gperf and cowsay, in a folder of its own."""

    def __init__(self, world: RealWorld) -> None:
        self.world = world
        self.folder = world.folder / "machine"
        pool = self.folder / "distribution"
        for name in ("gperf", "cowsay"):
            tree = self.folder / "tree" / name
            (tree / "DEBIAN").mkdir(parents=True)
            control = (
                f"Package: {name}\nVersion: 3.1-1\nArchitecture: all\nMaintainer: D <d@d.example.org>\nDescription: x\n"
            )
            (tree / "DEBIAN/control").write_text(control)
            (tree / "DEBIAN").chmod(0o755)
            pool.mkdir(exist_ok=True)
            subprocess.run(["dpkg-deb", "--root-owner-group", "--build", tree, pool], check=True, capture_output=True)
        index = pool / "dists/trixie/main/binary-amd64"
        index.mkdir(parents=True)
        said = subprocess.run(["apt-ftparchive", "packages", "."], cwd=pool, check=True, capture_output=True).stdout
        (index / "Packages").write_bytes(said)
        words = (
            "Origin=Debian",
            "Label=Debian",
            "Suite=stable",
            "Codename=trixie",
            "Architectures=amd64",
            "Components=main",
        )
        options = [f"-oAPT::FTPArchive::Release::{word}" for word in words]
        dist = pool / "dists/trixie"
        release = subprocess.run(
            ["apt-ftparchive", *options, "release", "."], cwd=dist, check=True, capture_output=True
        )
        (dist / "Release").write_bytes(release.stdout)

    def candidates(self, inputs: Inputs, names: Sequence[str]) -> dict[str, str]:
        """The version that apt would install of each package, in a build of ``inputs``."""
        top = self.world.settings.repository.url

        def read(url: str) -> bytes | None:
            path = self._served(url.removeprefix(top))
            return path.read_bytes() if path.is_file() else None

        found = review.beside(inputs, self.world.settings, read)
        sources = [f"deb [trusted=yes] copy:{self.folder}/distribution trixie main\n"]
        for item in found:
            place = self._served(item.url.removeprefix(top).rstrip("/"))
            for signature in (*place.rglob("InRelease"), *place.rglob("Release.gpg")):
                signature.rename(signature.with_name(f"{signature.name}.aside"))
            sources.append(f"deb [trusted=yes] copy:{place} trixie main\n")
        (self.folder / "lists/partial").mkdir(parents=True)
        (self.folder / "cache/archives/partial").mkdir(parents=True)
        (self.folder / "status").touch()
        (self.folder / "sources.list").write_text("".join(sources))
        target = self.world.settings.target(inputs.target)
        (self.folder / "preferences").write_text(review.apt_preferences(found, target))
        options = {
            "APT::Architecture": "amd64",
            "APT::Architectures": "amd64",
            "Dir::Etc::SourceList": self.folder / "sources.list",
            "Dir::Etc::SourceParts": "/dev/null",
            "Dir::Etc::Preferences": self.folder / "preferences",
            "Dir::Etc::PreferencesParts": "/dev/null",
            "Dir::State::Lists": self.folder / "lists",
            "Dir::State::Status": self.folder / "status",
            "Dir::Cache": self.folder / "cache",
            "APT::Update::Error-Mode": "any",
            "APT::Sandbox::User": "root",
        }
        words = [f"-o{name}={value}" for name, value in options.items()]
        subprocess.run(["apt-get", "-q", *words, "update"], check=True, capture_output=True)
        said = subprocess.run(
            ["apt-cache", *words, "policy", *names], check=True, capture_output=True, text=True
        ).stdout
        rows = re.findall(r"^(\S+):\n.*\n  Candidate: (\S+)$", said, re.MULTILINE)
        return dict(rows)

    def _served(self, path: str) -> Path:
        found = re.fullmatch(r"((?:review|gate)/[^/]+)/(.*)", path)
        name, rest = (found[1], found[2]) if found else ("release", path)
        return self.world.publisher.public / name / "current" / rest


def publish(world: RealWorld, *names: str) -> None:
    """Change 5 of packaging/greet makes these packages."""
    world.build_of(world.inputs(), "greet", VERSION, [Package(name, "all") for name in names])
    world.review(world.inputs())


@needs_tools
def test_a_package_called_like_one_of_the_distribution_takes_not_its_place_and_a_new_one_is_had(tmp_path: Path) -> None:
    world = RealWorld(tmp_path)
    publish(world, "gperf", "greet", "greet-new")
    had = Machine(world).candidates(world.inputs(**BEHIND), ["gperf", "greet", "greet-new"])
    assert had == {"gperf": "3.1-1", "greet": VERSION, "greet-new": VERSION}


@needs_tools
def test_a_newer_version_of_what_its_project_released_goes_before_the_released_one(tmp_path: Path) -> None:
    world = RealWorld(tmp_path)
    released = world.inputs(pipeline="gate", change="4", ref="refs/zuul/main/Z4", tree="a" * 40)
    world.build_of(released, "greet", "8.0-1", [Package("cowsay", "all")])
    world.review(released)
    world.promote(world.inputs(pipeline="promote", change="4", tree="a" * 40))
    publish(world, "cowsay", "gperf")
    assert Machine(world).candidates(world.inputs(**BEHIND), ["cowsay", "gperf"]) == {
        "cowsay": VERSION,
        "gperf": "3.1-1",
    }


@needs_tools
def test_the_very_source_package_of_the_distribution_may_be_rebuilt_by_its_project(tmp_path: Path) -> None:
    """packaging/cowsay makes cowsay of the source package that the distribution makes it of, and so takes its place."""
    world = RealWorld(tmp_path)
    world.publisher = type(world.publisher)(
        **{
            **vars(world.publisher),
            "distribution": lambda target, names: Known((InArchive("cowsay", "3.1-1", "cowsay"),)),
        }
    )
    world.have_project("packaging/cowsay")
    inputs = world.inputs(project="packaging/cowsay")
    world.build_of(inputs, "cowsay", VERSION, [Package("cowsay", "all")])
    world.review(inputs)
    had = Machine(world).candidates(world.inputs(**BEHIND), ["cowsay"])
    assert had == {"cowsay": VERSION}
