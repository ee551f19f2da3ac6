"""A package's whole way, as the demo walks it: pushed, built for three targets, tested, merged, installed by users."""

import os
import re
import subprocess
import sys

from pkgci.model.steps import Pipeline, jobs_of
from tests.lab.conftest import CHECKOUT, Lab

PROJECT = "packaging/greet"
LIMIT = 2400  # seconds: twice what a small machine takes


def test_a_change_to_a_package_reaches_users_of_apt_and_dnf(deployed: Lab) -> None:
    pkgci = deployed.directory / ".pkgci-program"
    pkgci.write_text(f'#!/bin/sh\nexec {sys.executable} -m pkgci "$@"\n')
    pkgci.chmod(0o755)
    way = subprocess.run(
        [CHECKOUT / "examples/lab/first-package"],
        cwd=deployed.directory,
        env={
            **os.environ,
            "COLUMNS": "80",
            "PKGCI_SITE": "site.yaml",
            "PYTHONPATH": str(CHECKOUT),
            "PKGCI": str(pkgci),
        },
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert way.returncode == 0, way.stdout + way.stderr
    check, gate = way.stdout.split("== bob reviews")
    for pipeline, said in ((Pipeline.CHECK, check), (Pipeline.GATE, gate)):
        passed = set(re.findall(r"(\S+) +SUCCESS", said))
        assert passed >= {job.name for job in jobs_of(deployed.site, PROJECT) if pipeline in job.step.pipelines}
    assert way.stdout.count("Welcome, world!") == 2, "once with apt, once with dnf"
