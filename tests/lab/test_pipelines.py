"""The Zuul layout on a real Zuul: tested by it, taken by it, and without a loss."""

import json
from pathlib import Path
from typing import Any

import pytest

from pkgci.assets import asset
from pkgci.model.load import load_site
from pkgci.model.steps import all_jobs
from pkgci.pipelines.contents import queued
from pkgci.pipelines.layout import render
from tests.lab.conftest import TRUST, Lab
from tests.lab.reviewing import Clone, script, wait_until

LIVE = "/etc/zuul/layout.yaml"
# The site of somebody's existing manifests has no Gerrit, and so no pipelines.
EXAMPLES = sorted(path.parent.name for path in asset("examples").glob("*/site.yaml") if load_site(path).gerrit)


def status(lab: Lab) -> dict[str, Any]:
    """Zuul's own status.json."""
    ask = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8001/status.json').read().decode())"
    found: dict[str, Any] = json.loads(lab.exec("zuul01", "python3", "-c", ask).stdout)
    return found


def running(lab: Lab) -> dict[str, str]:
    """The builds that run now: job → Zuul's name of the build."""
    jobs = (job for _, item in queued(status(lab)) for job in item["jobs"])
    return {job["name"]: job["uuid"] for job in jobs if job["start_time"] and not job["result"]}


def variant(lab: Lab, name: str, zuul: str) -> str:
    """A site file beside the lab's own, with another setting of Zuul."""
    text = (lab.directory / "site.yaml").read_text()
    own = f"zuul: {{{TRUST}}}\n"
    assert own in text
    (lab.directory / name).write_text(text.replace(own, f"zuul: {{{TRUST}, {zuul.removeprefix('{')}\n"))
    return name


def test_a_second_deployment_has_nothing_to_do(deployed: Lab) -> None:
    result = deployed.pkgci("deploy-pipelines", "--plan", "--json")
    assert json.loads(result.stdout) | {"idle_jobs": []} == {
        "host": "zuul01",
        "deployed": False,
        "changes": False,
        "diff": [],
        "running": True,
        "pending": False,
        "taken_out": [],
        "missing_jobs": [],
        "idle_jobs": [],
        "lacking": {},
    }


def test_a_wrong_layout_is_refused_with_zuuls_words_and_its_line_and_the_live_one_stays(deployed: Lab) -> None:
    before, read = deployed.exec("zuul01", "cat", LIVE).stdout, status(deployed)["last_reconfigured"]
    (deployed.directory / "own.yaml").write_text("jobs:\n  - name: packaging-hello-promote\n    votting: true\n")
    result = deployed.pkgci(
        "deploy-pipelines", "--site", variant(deployed, "wrong.yaml", "{layouts: [own.yaml]}"), check=False
    )
    assert result.returncode == 1
    assert "own.yaml:3:5: Zuul refuses the layout: extra keys not allowed" in result.stderr
    assert deployed.exec("zuul01", "cat", LIVE).stdout == before
    assert status(deployed)["last_reconfigured"] == read
    assert deployed.exec("zuul01", "sh", "-c", "ls -d /etc/zuul/.layout-*", check=False).stdout == ""


@pytest.mark.parametrize("example", EXAMPLES)
def test_zuul_takes_the_layout_of_every_example(deployed: Lab, example: str) -> None:
    site = load_site(asset("examples") / example / "site.yaml")
    folder = f"/tmp/layout-{example}"
    deployed.exec("zuul01", "mkdir", "-p", folder)
    files = {**render(site).files, "jobs": "\n".join(job.name for job in all_jobs(site))}
    for name, text in files.items():
        deployed.put("zuul01", f"{folder}/{name}", text)
    zuul = ("/opt/zuul/bin/zuul-server", "-c", "/etc/zuul/zuul.conf", "-l", f"{folder}/layout.yaml", "-t")
    deployed.exec("zuul01", "runuser", "-u", "zuul", "--", *zuul, f"{folder}/jobs")
    deployed.exec("zuul01", "rm", "-r", folder)


def test_a_new_layout_loses_nothing_that_is_queued_or_running(deployed: Lab, tmp_path: Path) -> None:
    clone = Clone(deployed, tmp_path / "hello")
    change = clone.propose("Build while Zuul reads a layout", {"ci/build": script("sleep 30")})
    wait_until(lambda: bool(running(deployed)), 60, lambda: "no build runs")
    before = running(deployed)
    deployed.pkgci("deploy-pipelines", "--site", variant(deployed, "later.yaml", "{periodic: 0 5 * * *}"))
    change.wait_for_vote(1)
    # The log's folder is named after the build: it is the very one that ran then, and not a second try.
    for job, build in before.items():
        assert f"/{job}/{build[:7]}/" in change.report()
    deployed.pkgci("deploy-pipelines")
