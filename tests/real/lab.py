"""The lab that real packages are taken through: the example's hosts, and one project for each package."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.lab.conftest import CHECKOUT, LABS, Lab
from tests.real import distgit, examples
from tests.real.catalogue import RPM, Origin, Package

NAME = "real-packages"
# Where the pinned tarballs are fetched from: a web server on the build slave.
WEB = "127.0.0.1:8099"
# Zuul's host vouches for what is released.
ROLES = ("zuul", "publisher", "slave_build", "slave_install", "slave_systest")


def bring_up(packages: Iterable[Package], target: str) -> Lab:
    """A new lab with what publishes, builds and tests, each on its host."""
    directory = LABS / NAME
    if directory.exists():
        Lab(directory).pkgci("lab", "down", check=False)
        shutil.rmtree(directory)
    init = [sys.executable, "-m", "pkgci", "init", "--example", "lab", str(directory)]
    subprocess.run(init, check=True, cwd=CHECKOUT, stdout=subprocess.DEVNULL)
    site = directory / "site.yaml"
    projects = "".join(_project(package, target) for package in packages)
    targets = f"targets:\n  {target}: {{deb: {target}}}\n  {RPM}: {{rpm: trixie, backend: chroot}}\n"
    targets += f"sources: {{lookaside: 'http://{WEB}/{{file}}?{{hash}}'}}\n"
    text = re.sub(r"^targets:\n(?:  .*\n)+", targets, site.read_text(), flags=re.M)
    text = re.sub(r"^projects:\n(?:  .*\n)+", f"projects:\n{projects}", text, flags=re.M)
    site.write_text(text)
    lab = Lab(directory)
    lab.pkgci("lab", "up")
    lab.pkgci("secrets", "init")
    lab.pkgci("bootstrap", *(word for role in ROLES for word in ("--role", role)), timeout=3600)
    return lab


def serve(lab: Lab, folder: Path) -> None:
    """Gives the files of ``folder`` to whoever asks at ``WEB`` on the build slave, from now on."""
    host, place = "build01", "/srv/web"
    lab.exec(host, "mkdir", "-p", place)
    container = f"pkgci-{lab.site.name}-{host}"
    subprocess.run(["docker", "cp", "-q", f"{folder}/.", f"{container}:{place}"], check=True)
    address, _, port = WEB.partition(":")
    unit = ["systemd-run", "--quiet", "--collect", "--unit=tests-web"]
    server = ["python3", "-m", "http.server", "--bind", address, "-d", place, port]
    if lab.exec(host, "systemctl", "is-active", "tests-web", check=False).returncode != 0:
        lab.exec(host, *unit, *server)


def _project(package: Package, target: str) -> str:
    name = f"real/{package.name}"
    entry = f"targets: [{package.target(target)}]"
    if package.origin is Origin.EXAMPLE:
        entry += f", source: {examples.PACKAGES[package.name].source}"
    elif package.origin is Origin.DIST_GIT and distgit.PACKAGES[package.name].has_project:
        entry += f", source: {{project: {name}-upstream}}"
    return f"  {name}: {{{entry}}}\n"
