"""Builds that nobody had to wait for: tiny packages, put where a build slave hands its results to the publisher."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

from tests.lab import notes
from tests.lab.conftest import Lab

# Of one of the lab's projects, which may release packages of other names than its own.
PROJECT = "packaging/tidy-logs"
NAME = "lab-publish"

# Run on the build slave: the builds in the first argument (JSON), each with all that a publisher asks for. `evil` is a
# line of Python that changes what the build left, in `folder`, and `result`, what it says of itself.
_MAKE = r'''
import hashlib, json, shutil, subprocess, sys, tempfile
from pathlib import Path

SPEC = """Name: {name}
Version: {version}
Release: {release}
Summary: A package of the tests
License: none
BuildArch: noarch
%description
{text}
%package debuginfo
Summary: Its debugging symbols
Requires: {name} = {version}-{release}
%description debuginfo
{text}
%files
%files debuginfo
"""


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_package(folder, name, version, text, control):
    with tempfile.TemporaryDirectory() as tree:
        data = Path(tree) / "DEBIAN"
        data.mkdir()
        Path(tree).chmod(0o755)
        data.chmod(0o755)
        fields = f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: A <a@pkg.lab.test>\n{control}"
        (data / "control").write_text(f"{fields}Description: {text}\n")
        run("dpkg-deb", "--nocheck", "--root-owner-group", "--build", tree, folder / f"{name}_{version}_all.deb")


def make_deb(folder, name, version, text, control, source, symbols):
    make_package(folder, name, version, text, control)
    if symbols:
        make_package(folder, f"{name}-dbgsym", version, text, f"Source: {name}\nDepends: {name} (= {version})\n")
    archive = folder / f"{name}_{version}.tar.xz"
    with tempfile.TemporaryDirectory() as tree:
        for path, content in source.items():
            (Path(tree) / name / path).parent.mkdir(parents=True, exist_ok=True)
            (Path(tree) / name / path).write_text(content)
        found = [name] if source else ["--files-from=/dev/null"]
        run("tar", "--create", "--xz", "--file", archive, "--directory", tree, *found)
    size = archive.stat().st_size
    md5 = hashlib.md5(archive.read_bytes()).hexdigest()
    (folder / f"{name}_{version}.dsc").write_text(
        f"Format: 3.0 (native)\nSource: {name}\nBinary: {name}\nArchitecture: all\nVersion: {version}\n"
        f"Maintainer: A <a@pkg.lab.test>\nChecksums-Sha256:\n {sha256(archive)} {size} {archive.name}\n"
        f"Files:\n {md5} {size} {archive.name}\n"
    )


def make_rpm(folder, name, version, text, symbols):
    number, release = version.split("-")
    with tempfile.TemporaryDirectory() as top:
        spec = Path(top) / "a.spec"
        spec.write_text(SPEC.format(name=name, version=number, release=release, text=text))
        run("rpmbuild", "-ba", "--define", f"_topdir {top}", spec)
        for path in Path(top).rglob("*.rpm"):
            if symbols or "-debuginfo-" not in path.name:
                shutil.copy(path, folder)


for build in json.loads(sys.argv[1]):
    folder = Path(sys.argv[2]) / build["build_id"] / build["target"]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if build["target"] == "rpm":
        make_rpm(folder, build["name"], build["version"], build["text"], build["symbols"])
    else:
        words = ("name", "version", "text", "control", "source", "symbols")
        make_deb(folder, *(build[word] for word in words))
    words = ("project", "target", "change", "patchset", "pipeline", "build_id", "commit")
    result = {"step": "build", "status": "passed", **{word: build[word] for word in words}}
    files = sorted(folder.iterdir())
    result["files"] = [{"name": path.name, "size": path.stat().st_size, "sha256": sha256(path)} for path in files]
    exec(build["evil"])
    (folder / "result.json").write_text(json.dumps(result))
'''


# Run where a build is handed over: gives its package files and scripts, and says so in what the build says of itself.
_MORE = """
import os
tree = Path(tempfile.mkdtemp())
package = next(folder.glob("*.deb"))
run("dpkg-deb", "--raw-extract", package, tree)
for name, text in MORE.items():
    (tree / name).parent.mkdir(parents=True, exist_ok=True)
    (tree / name).write_text(text)
    (tree / name).chmod(0o755 if text.startswith("#!") else 0o644)
run("dpkg-deb", "--root-owner-group", "--build", tree, package)
shutil.rmtree(tree)
result["files"] = [{"name": path.name, "size": path.stat().st_size, "sha256": sha256(path)} for path in files]
"""


@dataclass(frozen=True)
class Build:
    """A build of a change: of NAME, unless it says otherwise. With ``symbols``, a package of them is beside it."""

    change: str
    version: str
    target: str = "trixie"
    patchset: str = "1"
    pipeline: str = "check"
    text: str = "A package of the tests"
    name: str = NAME
    control: str = ""
    symbols: bool = False
    # What is in the source package: path in its tree → text.
    source: Mapping[str, str] = field(default_factory=dict, hash=False)
    evil: str = ""
    project: str = PROJECT
    # What tells this build from others of the same patch set.
    run: str = ""
    # Further words for the publisher, such as its group: variable → value.
    more: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def build_id(self) -> str:
        return f"Zlab{self.pipeline}{self.change}.{self.patchset}{self.run}"

    @property
    def repository(self) -> str:
        """Where it is published, among all repositories."""
        return f"gate/{self.change}-{self.build_id}" if self.pipeline == "gate" else f"review/{self.change}"

    @property
    def commit(self) -> str:
        return hashlib.sha1(self.build_id.encode(), usedforsecurity=False).hexdigest()

    @property
    def tree(self) -> str:
        return hashlib.sha1(self.commit.encode(), usedforsecurity=False).hexdigest()

    def told(self) -> dict[str, str]:
        """What the publisher's programs are told of it."""
        words = {"PROJECT": self.project, "TARGET": self.target, "CHANGE": self.change, "PATCHSET": self.patchset}
        ref = f"refs/zuul/main/{self.build_id}"
        return {**words, "PIPELINE": self.pipeline, "REF": ref, "COMMIT": self.commit, "TREE": self.tree, **self.more}


# Run on the publisher: what the site file would say of PROJECT.
_OVERRIDES = """
import json, sys
from pathlib import Path

path = Path("/etc/pkgci/steps.json")
settings = json.loads(path.read_text())
settings["projects"][sys.argv[1]]["overrides"] = sys.argv[2:]
path.write_text(json.dumps(settings, indent=2))
"""


@contextmanager
def overriding(lab: Lab, *names: str) -> Iterator[None]:
    """Meanwhile, the site lets PROJECT take these names."""
    file, kept = "/etc/pkgci/steps.json", "/root/steps.json"
    lab.exec("pub01", "cp", "--preserve", file, kept)
    try:
        lab.exec("pub01", "python3", "-c", _OVERRIDES, PROJECT, *names)
        yield
    finally:
        lab.exec("pub01", "mv", kept, file)


def having(files: Mapping[str, str]) -> str:
    """For ``Build.evil``: the package has these files and scripts (path in its tree → text)."""
    return f"MORE = {dict(files)!r}\n{_MORE}"


def hand_over(lab: Lab, *builds: Build, zuul_began: bool = True) -> None:
    """Has the build slave say that it built them, and Zuul that it began those of the gate."""
    own = [{**asdict(build), "build_id": build.build_id, "commit": build.commit} for build in builds]
    document = json.dumps(own)
    gated = [build for build in builds if build.pipeline in notes.RELEASING and zuul_began]
    note(lab, {notes.tested(build): notes.begun(build) for build in gated})
    lab.exec(
        "build01", "sh", "-c", "command -v rpmbuild >/dev/null || apt-get -q install -y --no-install-recommends rpm"
    )
    lab.exec("build01", "python3", "-c", _MAKE, document, "/srv/pkgci/builds")


def pass_and_merge(lab: Lab, *builds: Build, failed: str = "", tree: str = "") -> None:
    """Has Zuul say that the gate's runs of ``builds`` passed, and that the review merged their changes.

    But for the step ``failed``, and with ``tree`` in place of what was tested.
    """
    ended = {notes.tested(build): notes.ended(lab.site, build, failed) for build in builds}
    note(lab, ended | {notes.merged(build): {**notes.begun(build), "tree": tree or build.tree} for build in builds})


def note(lab: Lab, said: Mapping[str, object]) -> None:
    """Has Zuul note something, as its scheduler does (zuul_py3/vouching.py): path → note."""
    if not said:
        return
    write = (
        "import json, os, sys\n"
        "for path, note in json.loads(sys.argv[1]).items():\n"
        "    with open('/var/lib/zuul/vouched/' + path, 'w') as file:\n"
        "        json.dump(note, file)\n"
        "        os.fchmod(file.fileno(), 0o644)\n"
    )
    lab.exec("zuul01", "runuser", "-u", "zuul", "--", "python3", "-c", write, json.dumps(said))


def account(build: Build, program: str) -> str:
    """The publisher's account that does it."""
    if program == "promote":
        return "publisher"
    return "pkgci-gate" if build.pipeline in notes.RELEASING else "pkgci-review"


def script(build: Build, program: str = "publish-review") -> str:
    """Shell words that call the publisher's program as a job does, and end with its exit status."""
    told = " ".join(f"{name}='{value}'" for name, value in build.told().items())
    results = "results=$(mktemp -d /srv/pkgci/results/lab-XXXXXX) && chmod 777 $results"
    as_account = f"sudo -n -u {account(build, program)} /usr/local/bin/pkgci-{program}"
    return f"cd / && {results} && {told} RESULTS=$results {as_account}"


def call(lab: Lab, build: Build, program: str = "publish-review") -> tuple[int, str]:
    """Calls it as a job does; returns its exit status and its last line."""
    done = lab.exec("pub01", "runuser", "-u", "jenkins", "--", "sh", "-c", script(build, program), check=False)
    return done.returncode, done.stdout.strip().rpartition("\n")[2]
