"""The lab's review as a person and as Zuul use it: pushes, votes, submit, pages; and that it forgets nothing."""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from pkgci.lab.stand_ins.host import stand_ins_host
from pkgci.secrets.store import SecretStore
from tests.lab.conftest import Lab

PROJECT = "packaging/hello"

pytestmark = pytest.mark.stand_in("review", "says what the stand-in for Gerrit does")


class Clone:
    """A person's clone of the project."""

    def __init__(self, lab: Lab, directory: Path) -> None:
        self.directory = directory
        lab.pkgci("lab", "clone", PROJECT, str(directory), "--as", "carol")

    def git(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = ["git", "-C", str(self.directory), *words]
        result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert not check or result.returncode == 0, result.stderr
        return result

    def commit(self, name: str) -> str:
        """Commits a new file; returns the Change-Id."""
        (self.directory / name).write_text(f"{name}\n")
        return self.commit_all(f"Add {name}")

    def commit_all(self, subject: str) -> str:
        """Commits all that is new; returns the Change-Id."""
        self.git("add", "-A")
        self.git("commit", "-m", subject)
        return self.git("log", "-1", "--format=%(trailers:key=Change-Id,valueonly,separator=%x2C)").stdout.strip()

    def push(self, ref: str = "refs/for/main", check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.git("push", "origin", f"HEAD:{ref}", check=check)


@pytest.fixture
def clone(lab: Lab, tmp_path: Path) -> Iterator[Clone]:
    """A clone whose changes are abandoned afterwards: other tests' Zuul is to have its own."""
    clone = Clone(lab, tmp_path / "a clone")
    yield clone
    for change in query(lab, "owner:carol status:open"):
        lab.pkgci("lab", "gerrit", "--as", "carol", "review", f"{change['number']},1", "--abandon")


def query(lab: Lab, *words: str) -> list[dict[str, object]]:
    told = lab.pkgci("lab", "gerrit", "query", "--format", "json", "--dependencies", "--submit-records", *words).stdout
    return [json.loads(line) for line in told.splitlines()[:-1]]


def page(lab: Lab, path: str) -> str:
    """A page over HTTPS, under the review's name, with nothing trusted but the site's own authority."""
    host, gerrit = stand_ins_host(lab.site), lab.site.gerrit
    assert host and gerrit
    context = ssl.create_default_context(cadata=SecretStore.open(lab.directory / "secrets").public("tls/ca"))
    connection = http.client.HTTPSConnection(gerrit.host, context=context, timeout=10)
    plain = socket.create_connection((host.address, 443), timeout=10)
    connection.sock = context.wrap_socket(plain, server_hostname=gerrit.host)
    connection.request("GET", path)
    answer = connection.getresponse()
    assert answer.status == 200
    return str(answer.read().decode())


def test_a_change_is_pushed_amended_and_shown_on_a_page(lab: Lab, clone: Clone) -> None:
    identity = clone.commit("shown")
    assert "SUCCESS" in clone.push().stderr
    clone.git("commit", "--amend", "-m", f"Add it, better\n\nChange-Id: {identity}")
    clone.push()
    (change,) = query(lab, "--patch-sets", f"change:{identity}")
    assert [item["number"] for item in change["patchSets"]] == [1, 2]  # type: ignore[attr-defined]
    shown = page(lab, f"/c/{PROJECT}/+/{change['number']}")
    assert "Add it, better" in shown
    assert "pkgci's stand-in for Gerrit, not Gerrit" in shown


def test_two_commits_are_changes_that_depend_on_each_other(lab: Lab, clone: Clone) -> None:
    first, second = clone.commit("first"), clone.commit("second")
    clone.push()
    (below,), (above,) = query(lab, f"change:{first}"), query(lab, f"change:{second}")
    assert above["dependsOn"][0]["number"] == below["number"]  # type: ignore[index]
    assert below["neededBy"][0]["number"] == above["number"]  # type: ignore[index]


def test_people_vote_and_are_refused_what_is_zuuls(lab: Lab, clone: Clone) -> None:
    identity = clone.commit("voted")
    clone.push()
    (change,) = query(lab, f"change:{identity}")
    patch_set = f"{change['number']},1"
    lab.pkgci("lab", "gerrit", "--as", "bob", "review", patch_set, "--code-review", "+2", "-m", "two words; `x`")
    refused = lab.pkgci("lab", "gerrit", "--as", "bob", "review", patch_set, "-l", "Verified=+2", check=False)
    assert (refused.returncode, 'Applying label "Verified": 2 is restricted' in refused.stderr) == (1, True)
    refused = lab.pkgci("lab", "gerrit", "review", patch_set, "--submit", check=False)
    assert (refused.returncode, "submit requirement 'Verified' is unsatisfied" in refused.stderr) == (1, True)
    told = lab.pkgci("lab", "gerrit", "query", "--comments", f"change:{identity}").stdout
    assert "two words; `x`" in told


def test_nobody_pushes_past_the_review_or_without_a_change_id(clone: Clone) -> None:
    clone.commit("past")
    result = clone.push("refs/heads/main", check=False)
    assert result.returncode == 1
    assert "prohibited by Gerrit: not permitted: update" in result.stderr
    clone.git("commit", "--allow-empty", "--no-verify", "-m", "Without")
    assert "missing Change-Id in message footer" in clone.push(check=False).stderr


def test_a_key_that_nobody_knows_opens_nothing_and_the_labs_does_not_open_zuuls(lab: Lab, tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")], check=True)
    host = stand_ins_host(lab.site)
    assert host
    for key, user in ((tmp_path / "key", "carol"), (lab.directory / ".lab/id_ed25519", "zuul")):
        options = ["-F", "none", "-i", str(key), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"]
        options += ["-o", f"UserKnownHostsFile={lab.directory / 'known_hosts'}", "-p", "29418"]
        options += ["-o", f"HostKeyAlias=[{lab.site.gerrit.host}]:29418" if lab.site.gerrit else ""]
        command = ["ssh", *options, f"{user}@{host.address}", "gerrit", "version"]
        result = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
        assert (result.returncode, "Permission denied" in result.stderr) == (255, True)


def test_hosts_read_git_over_https_under_the_reviews_name(lab: Lab) -> None:
    told = page(lab, f"/p/{PROJECT}/info/refs?service=git-upload-pack")
    assert told.startswith("001e# service=git-upload-pack\n")
    assert "refs/heads/main" in told
    gerrit = lab.site.gerrit
    assert gerrit
    host = stand_ins_host(lab.site)
    assert host
    assert lab.exec("zuul01", "getent", "ahostsv4", gerrit.host).stdout.split()[0] == host.address


@pytest.mark.stand_in("jenkins", "a real Jenkins comes from its own apt source, or from a WAR")
def test_the_jenkins_package_is_in_a_signed_apt_source_with_the_recorded_key(lab: Lab) -> None:
    fingerprint = (lab.directory / ".lab/jenkins.fingerprint").read_text().strip()
    packages = page(lab, "/jenkins/binary/Packages")
    assert f"Version: {lab.site.jenkins.version}" in packages
    script = "gpg --batch --with-colons --show-keys /var/lib/pkgci-stand-ins/packages/key.asc"
    assert f":{fingerprint}:" in lab.exec("stand-ins", "sh", "-c", script).stdout
    assert "BEGIN PGP SIGNATURE" in page(lab, "/jenkins/binary/InRelease")


def test_a_change_of_many_megabytes_arrives_whole_in_another_clone(lab: Lab, clone: Clone, tmp_path: Path) -> None:
    content = os.urandom(8 << 20)
    (clone.directory / "large").write_bytes(content)
    identity = clone.commit_all("Add what nothing makes smaller")
    clone.push()
    (change,) = query(lab, "--current-patch-set", f"change:{identity}")
    other = Clone(lab, tmp_path / "another clone")
    other.git("fetch", "-q", "origin", str(change["currentPatchSet"]["ref"]))  # type: ignore[index]
    other.git("checkout", "-q", "FETCH_HEAD")
    assert (other.directory / "large").read_bytes() == content


def test_what_can_be_set_in_the_review_is_listed(lab: Lab) -> None:
    told = lab.pkgci("lab", "gerrit", "stand-in").stdout
    assert told.startswith("pkgci's stand-in for Gerrit, not Gerrit.")
    refused = lab.pkgci("lab", "gerrit", "stand-in", "set", "submit-type", "SQUASH", check=False)
    assert (refused.returncode, "'SQUASH' is not a submit type" in refused.stderr) == (1, True)


def test_a_restart_of_the_machine_loses_nothing(lab: Lab, clone: Clone) -> None:
    identity = clone.commit("kept")
    clone.push()
    before = query(lab, f"change:{identity}")
    docker.from_env().containers.get(f"pkgci-{lab.site.name}-stand-ins").restart()
    deadline = time.monotonic() + 60
    while lab.pkgci("lab", "gerrit", "version", check=False).returncode and time.monotonic() < deadline:
        time.sleep(0.5)
    assert query(lab, f"change:{identity}") == before
    assert "was running" in lab.pkgci("lab", "up").stderr
