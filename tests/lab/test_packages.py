"""A package's whole way, as the demo walks it: pushed, built for three targets, tested, merged, installed by users."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pkgci.model.steps import Pipeline, jobs_of
from tests.lab.conftest import CHECKOUT, Lab
from tests.lab.reviewing import Change, Clone, wait_until

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


@pytest.mark.long
def test_every_example_package_is_released_three_times_in_a_row_on_every_target(deployed: Lab, tmp_path: Path) -> None:
    """The packages of a round go side by side."""
    examples = {path.name for path in (CHECKOUT / "examples/packages").iterdir()}
    names = sorted(name for name in examples if f"packaging/{name}" in deployed.site.projects)
    clones = [Clone(deployed, tmp_path / name, project=f"packaging/{name}") for name in names]
    for number in range(1, 4):
        changes = [_release(clone, f"7.{number}.0") for clone in clones]
        for change in changes:
            change.wait_for_vote(1, seconds=LIMIT)
            change.approve()
        for change in changes:
            change.wait_for_merge(LIMIT)
        for change in changes:
            wait_until(lambda change=change: _is_promoted(change), LIMIT, change.so_far)  # type: ignore[misc]
    released = json.loads(deployed.pkgci("publish", "list", "--json").stdout)["released"]
    found = {(one["target"], one["source"], one["version"].partition("-")[0]) for one in released}
    assert found >= {
        (target, name, f"7.{number}.0")
        for name in names
        for target in deployed.site.projects[f"packaging/{name}"].targets
        for number in range(1, 4)
    }


def _release(clone: Clone, version: str) -> Change:
    """A change with the next version for every kind of target, and nothing else."""
    clone.start()
    name = clone.directory.name
    log = clone.directory / "debian/changelog"
    signed = "Alice <alice@pkg.lab.test>  Mon, 23 Nov 2026 09:00:00 +0000"
    entry = f"{name} ({version}) unstable; urgency=medium\n\n  * Release {version}.\n\n -- {signed}\n\n"
    files = {"debian/changelog": entry + log.read_text()}
    spec = clone.directory / f"{name}.spec"
    said = f"%changelog\n* Mon Nov 23 2026 Alice <alice@pkg.lab.test> - {version}-1\n- Release {version}.\n\n"
    text = re.sub(r"^(Version: +).*$", rf"\g<1>{version}", spec.read_text(), flags=re.MULTILINE)
    files[spec.name] = text.replace("%changelog\n", said)
    return clone.propose(f"Release {version}", files)


def _is_promoted(change: Change) -> bool:
    return any(f"-{Pipeline.PROMOTE} " in message and "SUCCESS" in message for message in change.messages())
