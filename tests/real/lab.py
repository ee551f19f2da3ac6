"""The lab that real packages are taken through: the example's hosts, and one project for each package."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable

from tests.lab.conftest import CHECKOUT, LABS, Lab
from tests.real.catalogue import Package

NAME = "real-packages"
ROLES = ("publisher", "slave_build", "slave_install", "slave_systest")


def bring_up(packages: Iterable[Package], target: str) -> Lab:
    """A new lab with what publishes, builds and tests, each on its host."""
    directory = LABS / NAME
    if directory.exists():
        Lab(directory).pkgci("lab", "down", check=False)
        shutil.rmtree(directory)
    init = [sys.executable, "-m", "pkgci", "init", "--example", "lab", str(directory)]
    subprocess.run(init, check=True, cwd=CHECKOUT, stdout=subprocess.DEVNULL)
    site = directory / "site.yaml"
    projects = "".join(f"  real/{package.name}: {{targets: [{target}]}}\n" for package in packages)
    text = re.sub(r"^targets:\n(?:  .*\n)+", f"targets:\n  {target}: {{deb: {target}}}\n", site.read_text(), flags=re.M)
    text = re.sub(r"^projects:\n(?:  .*\n)+", f"projects:\n{projects}", text, flags=re.M)
    site.write_text(text)
    lab = Lab(directory)
    lab.pkgci("lab", "up")
    lab.pkgci("secrets", "init")
    lab.pkgci("bootstrap", *(word for role in ROLES for word in ("--role", role)), timeout=3600)
    return lab
