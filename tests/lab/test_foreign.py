"""Somebody's existing manifests, of 2015, applied to hosts with Puppet 7 and 8."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab.conftest import CHECKOUT, LABS, Lab, remove_lab

IDENTITY = ("-c", "user.name=t", "-c", "user.email=t@example.org")


@pytest.fixture(scope="module")
def old_lab() -> Iterator[Lab]:
    """A lab of three hosts that pkgci's own manifests never saw, and its first bootstrap."""
    directory = LABS / "foreign"
    if not (directory / "site.yaml").exists():
        command = [sys.executable, "-m", "pkgci", "init", "--example", "existing-manifests", str(directory)]
        subprocess.run(command, check=True, cwd=CHECKOUT)
    made = Lab(directory)
    made.pkgci("lab", "up")
    made.pkgci("secrets", "init")
    made.pkgci("bootstrap")
    yield made
    remove_lab(made)


def read(lab: Lab, host: str, path: str) -> str:
    return lab.exec(host, "cat", path).stdout


def changes(lab: Lab, *arguments: str) -> dict[str, Any]:
    """Host → how many resources a run changed."""
    hosts = json.loads(lab.pkgci("bootstrap", "--json", *arguments).stdout)
    return {name: host["report"]["changed"] for name, host in hosts.items()}


def test_the_tree_is_applied_on_puppet_7_and_8(old_lab: Lab) -> None:
    versions = {host: old_lab.exec(host, "puppet", "--version").stdout.split(".")[0] for host in ("master01", "log01")}
    assert versions == {"master01": "8", "log01": "7"}
    for host, role in (("master01", "ci_master"), ("slave01", "ci_slave"), ("log01", "log_server")):
        address = old_lab.site.host(host).address
        motd = f"This is {host}.old.lab.test ({address}, Debian), role {role} of the packaging CI."
        assert read(old_lab, host, "/etc/motd").splitlines()[0] == motd
        old_lab.exec(host, "id", "ci")
        old_lab.exec(host, "systemctl", "is-active", "cron")


def test_the_trees_own_data_and_the_sites_templates_are_looked_up(old_lab: Lab) -> None:
    assert read(old_lab, "slave01", "/var/lib/ci/executors") == "4\n"
    assert "ci-admins@example.org" in read(old_lab, "master01", "/etc/motd")
    assert "root@localhost" in read(old_lab, "log01", "/etc/motd")
    assert f"{old_lab.site.host('slave01').address}\tslave01.old.lab.test" in read(old_lab, "master01", "/etc/hosts")


def test_a_secret_of_the_site_reaches_the_host_that_needs_it_and_no_other(old_lab: Lab) -> None:
    password = old_lab.pkgci("secrets", "show", "jenkins_master/admin_password").stdout.strip()
    assert read(old_lab, "master01", "/etc/ci/password") == f"{password}\n"
    for host in ("slave01", "log01"):
        assert old_lab.exec(host, "grep", "-rqF", password, "/var/lib/pkgci", "/etc", check=False).returncode == 1


def test_a_second_run_changes_nothing(old_lab: Lab) -> None:
    assert changes(old_lab) == {"master01": 0, "slave01": 0, "log01": 0}


def test_the_same_tree_from_git_is_applied_at_the_commit_that_the_ref_names(old_lab: Lab) -> None:
    repository, site = old_lab.directory / "upstream", old_lab.directory / "from-git.yaml"
    if not repository.exists():
        subprocess.run(["cp", "-r", old_lab.directory / "puppet-manifests", repository], check=True)
        for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"], ["tag", "v1"]):
            subprocess.run(["git", *IDENTITY, *words], cwd=repository, check=True)
        (repository / "hieradata/roles/ci_slave.yaml").write_text("classes: [ci::slave]\nci::slave::executors: 5\n")
        subprocess.run(["git", *IDENTITY, "commit", "-qam", "y"], cwd=repository, check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=repository, check=True, capture_output=True, text=True)
    text = (old_lab.directory / "site.yaml").read_text()
    for ref, executors, changed in (("v1", "4\n", 0), (head.stdout.strip(), "5\n", 1), ("v1", "4\n", 1)):
        site.write_text(text.replace("path: puppet-manifests", f"git: 'file://{repository}'\n  ref: {ref}"))
        result = old_lab.pkgci("bootstrap", "--site", str(site), "--host", "slave01", "--json")
        assert json.loads(result.stdout)["slave01"]["report"]["changed"] == changed
        assert f"manifests: file://{repository} at " in result.stderr
        assert read(old_lab, "slave01", "/var/lib/ci/executors") == executors


def test_without_the_old_trees_settings_puppet_8_says_what_is_missing(old_lab: Lab) -> None:
    site = old_lab.directory / "strict.yaml"
    text = (old_lab.directory / "site.yaml").read_text()
    site.write_text(text.replace("{include_legacy_facts: true, strict: warning}", "{include_legacy_facts: false}"))
    result = old_lab.pkgci("bootstrap", "--site", str(site), "--host", "slave01", check=False)
    assert result.returncode == 1
    assert "Unknown variable: '::fqdn'" in result.stdout
