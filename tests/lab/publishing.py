"""Packages for the released repository that nobody had to build: put there by the publisher's own engine."""

from __future__ import annotations

from tests.lab.conftest import Lab

# Run as the account publisher: NAME VERSION become a package for each of the lab's targets.
_PUT = """
import subprocess, sys, tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, "/usr/local/lib/pkgci")
from pkgci_steps import settings
from pkgci_steps.log import Log
from pkgci_steps.programs import Programs, Stop
from pkgci_steps.report import sha256
from pkgci_steps.repository import rpm
from pkgci_steps.repository.engine import Repository
from pkgci_steps.repository.manifest import Entry, File
from pkgci_steps.repository.publisher import host

name, version = sys.argv[1:]
SPEC = f'''
Name: {name}
Version: {version}
Release: 1
Summary: A package of the lab's tests
License: none
BuildArch: noarch
AutoReqProv: no
%description
It does nothing.
%files
'''
CONTROL = f'''Package: {name}
Version: {version}
Architecture: all
Maintainer: Lab <lab@pkg.lab.test>
Description: A package of the lab's tests
'''


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=
                   {"PATH": "/usr/bin:/bin", "HOME": str(work)})


with tempfile.TemporaryDirectory(dir="/srv/publisher/work") as folder:
    work = Path(folder)
    (work / "tree/DEBIAN").mkdir(parents=True, mode=0o755)
    (work / "tree/DEBIAN").chmod(0o755)
    (work / "tree/DEBIAN/control").write_text(CONTROL)
    deb = work / f"{name}_{version}_all.deb"
    run("dpkg-deb", "--root-owner-group", "--build", work / "tree", deb)
    (work / "a.spec").write_text(SPEC)
    run("rpmbuild", "-bb", "--define", f"_topdir {work}", work / "a.spec")
    built = next(work.glob("RPMS/noarch/*.rpm"))
    package = built.rename(work / built.name)
    programs = Programs(Log((work / "log").open("wb"), "put"), Stop(), work)
    publisher = host(settings.read(), programs, Stop())
    with Repository("release", publisher).update() as update:
        for target in publisher.settings.targets.values():
            path, text = (deb, version) if target.kind == "deb" else (package, f"{version}-1")
            content = sha256(path) if target.kind == "deb" else rpm.content(path, programs)
            architecture = "all" if target.kind == "deb" else "noarch"
            file = File(path.name, path.stat().st_size, sha256(path), name, text, architecture, content)
            now = publisher.now().isoformat(timespec="seconds")
            words = (target.name, target.kind, name, text, f"packaging/{name}", "1", "1", "lab", now, "")
            update.put(Entry(*words, (file,)), work)
        update.commit(f"{name} {version}")
"""


def put(lab: Lab, name: str, version: str) -> None:
    """Publishes the package ``name`` for every target of the lab, as released."""
    lab.exec("pub01", "runuser", "-u", "publisher", "--", "python3", "-I", "-c", _PUT, name, version)
