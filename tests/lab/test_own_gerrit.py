"""The site's own Gerrit on a real host: applied again, restarted, looked after, and seen by everything else."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.lab.conftest import Lab
from tests.lab.reviewing import gerrit

HOST = "review"

pytestmark = pytest.mark.real("review")


def started(lab: Lab) -> str:
    return lab.exec(HOST, "systemctl", "show", "--property=ActiveEnterTimestamp", "gerrit").stdout


def test_a_second_run_changes_nothing_and_restarts_nothing(bootstrapped: Lab) -> None:
    before = started(bootstrapped)
    told = bootstrapped.pkgci("bootstrap", "--host", HOST, "--json").stdout
    assert json.loads(told)[HOST]["report"]["changed"] == 0
    assert started(bootstrapped) == before


def test_what_somebody_changed_is_put_right_with_one_restart(bootstrapped: Lab) -> None:
    config = "/srv/gerrit/etc/gerrit.config"
    kept = bootstrapped.exec(HOST, "cat", config).stdout
    bootstrapped.exec(HOST, "sh", "-c", f"echo '[user]' >>{config}")
    bootstrapped.pkgci("bootstrap", "--host", HOST)
    assert bootstrapped.exec(HOST, "cat", config).stdout == kept


def test_settings_that_it_does_not_start_with_leave_it_as_it_was(bootstrapped: Lab) -> None:
    site_file = bootstrapped.directory / "site.yaml"
    before = site_file.read_text()
    wrong = "roles: {review: {'profile::review::settings': {sshd: {listenAddress: 'no.such.host.test:29418'}}}}"
    try:
        site_file.write_text(f"{before}\n{wrong}\n")
        failed = bootstrapped.pkgci("bootstrap", "--host", HOST, check=False, timeout=1200)
        assert failed.returncode == 1
        assert "what was there before is back, and runs" in failed.stdout
        assert gerrit(bootstrapped, "version").startswith("gerrit version ")
        again = started(bootstrapped)
        assert bootstrapped.pkgci("bootstrap", "--host", HOST, check=False).returncode == 1
        assert started(bootstrapped) == again, "what was rejected once does not stop it again"
    finally:
        site_file.write_text(before)
        bootstrapped.pkgci("bootstrap", "--host", HOST)


def test_it_comes_back_by_itself_when_it_is_killed(bootstrapped: Lab) -> None:
    bootstrapped.exec(HOST, "systemctl", "kill", "--signal=KILL", "gerrit")
    deadline = time.monotonic() + 180
    while bootstrapped.pkgci("lab", "gerrit", "version", check=False).returncode and time.monotonic() < deadline:
        time.sleep(2)
    assert gerrit(bootstrapped, "version").startswith("gerrit version ")


@pytest.mark.parametrize("work", ["gc", "index"])
def test_it_is_looked_after_while_it_runs(bootstrapped: Lab, work: str) -> None:
    bootstrapped.exec(HOST, "systemctl", "start", f"gerrit-{work}.service")


def test_its_secrets_are_its_own(bootstrapped: Lab) -> None:
    for file in ("secure.config", "ssh_host_ed25519_key"):
        assert bootstrapped.exec(HOST, "stat", "-c", "%a %U", f"/srv/gerrit/etc/{file}").stdout == "600 gerrit\n"


def test_any_project_can_be_cloned_by_anybody_of_the_lab(bootstrapped: Lab, tmp_path: Path) -> None:
    for project in bootstrapped.site.projects:
        bootstrapped.pkgci("lab", "clone", project, str(tmp_path / project.rpartition("/")[2]), "--as", "carol")


def test_status_names_its_version_and_that_it_is_open_to_all(bootstrapped: Lab) -> None:
    told = json.loads(bootstrapped.pkgci("status", "--json", check=False).stdout)
    assert told["review"]["version"] and told["review"]["auth"] == "development"
    assert "Gerrit" not in told["stand_ins"]
