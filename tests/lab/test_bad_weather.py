"""Bad weather on a real host: each fault ends in a clear message and the right status, and the next run carries on.

One host gets a manifest of a line or two in place of its roles, so that a run takes seconds.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import docker
import pytest

from tests.lab.conftest import Lab

HOST = "systest01"
STATE = "/var/lib/pkgci"


@dataclass(frozen=True)
class Small:
    """A site of the lab's hosts, with manifests of our own."""

    lab: Lab
    here: Lab

    def manifest(self, text: str) -> None:
        (self.here.directory / "tree/manifests/site.pp").write_text(text)

    def bootstrap(self, *arguments: str, host: str = HOST) -> subprocess.CompletedProcess[str]:
        return self.here.pkgci("bootstrap", "--host", host, *arguments, check=False)

    def bootstrap_from_elsewhere(self) -> subprocess.CompletedProcess[str]:
        """As an operator on a machine of another name."""
        renamed = ["unshare", "--uts", "sh", "-c", 'hostname elsewhere && exec "$@"', "sh"]
        command = [*renamed, sys.executable, "-m", "pkgci", "bootstrap", "--host", HOST]
        environment = {**os.environ, "PKGCI_SITE": "site.yaml"}
        return subprocess.run(
            command, cwd=self.here.directory, env=environment, capture_output=True, text=True, timeout=300, check=False
        )

    def started(self) -> subprocess.Popen[str]:
        """A bootstrap that has just begun to apply."""
        process = subprocess.Popen(
            [sys.executable, "-m", "pkgci", "bootstrap", "--host", HOST],
            cwd=self.here.directory,
            env={**os.environ, "PKGCI_SITE": "site.yaml"},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        for line in process.stderr:
            if "applying" in line:
                return process
        raise AssertionError("it never began to apply")

    def exec(self, *words: str) -> str:
        return self.lab.exec(HOST, *words).stdout


@pytest.fixture(scope="module")
def tree(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    lab.pkgci("secrets", "init")
    folder = tmp_path_factory.mktemp("weather")
    for name in ("keys", ".lab", "secrets", "known_hosts"):
        (folder / name).symlink_to(lab.directory / name)
    for name in ("manifests", "modules"):
        (folder / "tree" / name).mkdir(parents=True)
    (folder / "tree/modules/.gitkeep").touch()
    text = (lab.directory / "site.yaml").read_text()
    (folder / "site.yaml").write_text(f"{text}\nmanifests: {{path: tree}}\n")
    yield Small(lab, Lab(folder))
    lab.pkgci("bootstrap", "--host", HOST)


def test_what_is_interrupted_goes_on_and_is_followed_again_and_a_second_operator_waits(tree: Small) -> None:
    tree.manifest("exec { '/bin/sleep 20': }")
    first = tree.started()
    runs = tree.exec("ls", f"{STATE}/runs")

    other = tree.bootstrap_from_elsewhere()
    assert other.returncode == 5
    assert re.search(rf"{HOST}: \S+@\S+ is applying to it since \d\d:\d\d:\d\d UTC", other.stderr)

    first.send_signal(signal.SIGINT)
    _, said = first.communicate(timeout=30)
    assert first.returncode == 130
    assert "follows them to their end" in said

    second = tree.bootstrap()
    assert second.returncode == 0
    assert "following the run that began at" in second.stderr
    assert tree.exec("ls", f"{STATE}/runs") == runs


def test_a_killed_pkgci_leaves_a_run_that_ends_by_itself(tree: Small) -> None:
    tree.manifest("exec { '/bin/sleep 4': } -> file { '/etc/weather': content => 'fine' }")
    process = tree.started()
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 30
    while tree.lab.exec(HOST, "cat", "/etc/weather", check=False).stdout != "fine":
        assert time.monotonic() < deadline
        time.sleep(0.5)


def test_a_cut_connection_is_made_again(tree: Small) -> None:
    tree.manifest("exec { '/bin/sleep 6': }")
    process = tree.started()
    tree.exec("sh", "-c", "pkill -f '^sshd.*(deploy|root)@notty'")
    out, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "reconnecting" in said
    assert re.search(rf"^{HOST} +1 +0 ", out, re.MULTILINE)


def test_a_failed_resource_is_named_with_its_message_and_rerun_repeats_only_that_host(tree: Small) -> None:
    tree.manifest("exec { '/bin/false': } -> file { '/etc/never': ensure => file }")
    failed = tree.bootstrap()
    assert failed.returncode == 1
    assert f"{HOST}: Exec[/bin/false] failed\n" in failed.stdout
    assert "returned 1 instead of one of [0]" in failed.stdout
    assert re.search(rf"^{HOST} +0 +1 +1 ", failed.stdout, re.MULTILINE)
    assert re.search(rf"pkgci bootstrap (?=.*--host {HOST}).*--rerun failed", failed.stderr)

    tree.manifest("file { '/etc/never': ensure => absent }")
    again = tree.here.pkgci("bootstrap", "--rerun", "failed")
    assert [line.split()[0] for line in again.stdout.splitlines()[1:]] == [HOST]


def test_a_manifest_that_does_not_compile_is_told_with_its_place(tree: Small) -> None:
    tree.manifest("include nosuch\n")
    done = tree.bootstrap()
    assert done.returncode == 1
    assert "Could not find class ::nosuch" in done.stdout
    assert "(file: manifests/site.pp, line: 1" in done.stdout


def test_a_reboot_during_the_run_is_told_as_such_and_the_next_run_carries_on(tree: Small) -> None:
    tree.manifest("exec { '/bin/sleep 60': unless => '/usr/bin/test -e /etc/rebooted' }")
    process = tree.started()
    tree.exec("touch", "/etc/rebooted")
    docker.from_env().containers.get(f"pkgci-{tree.lab.site.name}-{HOST}").restart(timeout=10)
    out, said = process.communicate(timeout=120)
    assert process.returncode == 1, said
    assert f"{HOST}: the host rebooted during the run" in out
    deadline = time.monotonic() + 60
    while tree.bootstrap().returncode != 0:
        assert time.monotonic() < deadline
        time.sleep(1)


def test_a_full_disk_is_found_before_anything_is_pushed(tree: Small) -> None:
    tree.exec("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", STATE)
    try:
        done = tree.bootstrap()
        assert done.returncode == 1
        assert f"{HOST}: the disk is full: 1 MB are free" in done.stderr
        assert tree.exec("ls", STATE) == ""
    finally:
        tree.exec("umount", STATE)


def test_a_package_mirror_that_is_down_is_told(tree: Small) -> None:
    site = tree.here.directory / "site.yaml"
    text = site.read_text()
    site.write_text(text.replace("{path: tree}", "{path: tree, packages: [sl]}"))
    tree.manifest("")
    tree.exec(
        "sh", "-c", "mv /etc/apt /etc/apt.kept && cp -a /etc/apt.kept /etc/apt && rm -f /etc/apt/sources.list.d/*"
    )
    tree.exec("sh", "-c", "echo 'deb http://127.0.0.1:9/debian trixie main' > /etc/apt/sources.list")
    try:
        done = tree.bootstrap()
        assert done.returncode == 1
        assert f"{HOST}: packages could not be installed: Could not connect to 127.0.0.1:9" in done.stdout
    finally:
        tree.exec("sh", "-c", "rm -r /etc/apt && mv /etc/apt.kept /etc/apt && rm -f /var/lib/pkgci/package-lists")
        site.write_text(text)


def test_a_firewall_that_would_lock_us_out_is_refused(tree: Small) -> None:
    site = tree.here.directory / "site.yaml"
    text = site.read_text()
    before = tree.exec("ls", f"{STATE}/runs")
    site.write_text(re.sub(r"management: \[.*\]", "management: [203.0.113.0/24]", text))
    try:
        done = tree.bootstrap()
        assert done.returncode == 1
        assert "its firewall would lock us out: we come from 198.18." in done.stderr
        assert tree.exec("ls", f"{STATE}/runs") == before
    finally:
        site.write_text(text)


def test_one_host_that_is_not_there_stops_no_other(tree: Small) -> None:
    site = tree.here.directory / "site.yaml"
    text = site.read_text()
    tree.manifest("")
    site.write_text(re.sub(r"(zuul01: .*address: 198\.18\.\d+\.)\d+", r"\g<1>99", text))
    try:
        alone = tree.bootstrap("--accept-new-host-keys", host="zuul01")
        assert alone.returncode == 3
        both = tree.bootstrap("--host", "zuul01")
        assert both.returncode == 1
        assert re.search(r"^zuul01 .* not reached$", both.stdout, re.MULTILINE)
        assert re.search(rf"^{HOST} +0 +0 .* as declared$", both.stdout, re.MULTILINE)
    finally:
        site.write_text(text)
