"""The lab itself: hosts as declared, repeatable, apart from other labs and machines, and gone when it goes."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from textwrap import dedent

import docker
import pytest

from tests.lab.conftest import LABS, Lab

SECOND = dedent("""\
    version: 1
    site: tests-second
    domain: second.lab.test
    access:
      management: [198.19.254.1/32]
    ssh: {key: .lab/id_ed25519}
    hosts:
      main: {roles: [zuul, jenkins_master, publisher, log_server], address: 198.19.254.10}
      work:
        roles: [slave_build, slave_install, slave_systest]
        address: 198.19.254.11
        ssh: {jump: main, user: deploy, port: 2222, key: .lab/id_ed25519}
    gerrit: {host: review.second.lab.test}
    lab: {}
    targets: {trixie: {deb: trixie}}
    projects: {hello: {targets: [trixie]}}
    """)


@pytest.fixture
def second() -> Iterator[Lab]:
    """The folder of another lab, of two hosts, not up yet."""
    directory = LABS / "second lab"  # a space, as users' folders have them
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "site.yaml").write_text(SECOND)
    other = Lab(directory)
    yield other
    other.pkgci("lab", "down")
    shutil.rmtree(directory)


def containers(lab: Lab) -> dict[str, str]:
    """The lab's containers: name → identity and when it was started."""
    found = docker.from_env().containers.list(all=True, filters={"label": f"pkgci.lab={lab.site.name}"})
    return {str(item.name): f"{item.id} {item.attrs['State']['StartedAt']}" for item in found}


def reaches(lab: Lab, host: str, address: str, port: int) -> bool:
    """Whether an SSH server answers at that address when ``host`` asks."""
    program = f"exec 3<>/dev/tcp/{address}/{port} && head -c 4 <&3"
    return lab.exec(host, "timeout", "3", "bash", "-c", program, check=False).stdout == "SSH-"


def test_every_host_is_reached_over_ssh_as_the_site_file_says(lab: Lab) -> None:
    site = lab.site
    assert site.outside
    for host in (*site.hosts, site.outside):
        result = lab.pkgci("lab", "ssh", host.name, "sudo -n true && id -un && hostname -f")
        assert result.stdout.split() == [host.ssh.user, host.fqdn]


def test_hosts_run_the_operating_system_that_was_declared(lab: Lab) -> None:
    for host in lab.site.hosts:
        release = lab.exec(host.name, "cat", "/etc/os-release").stdout
        assert f'VERSION_ID="{host.os.split("-")[1]}"' in release


def test_up_again_changes_nothing(lab: Lab) -> None:
    before = containers(lab)
    known = (lab.directory / "known_hosts").read_text()
    result = lab.pkgci("lab", "up")
    assert result.stdout == ""
    assert result.stderr.count("was running") == len(before)
    assert containers(lab) == before
    assert (lab.directory / "known_hosts").read_text() == known


def test_names_lead_to_addresses_and_addresses_back_to_names(lab: Lab) -> None:
    asking, asked = lab.site.hosts[0].name, lab.site.hosts[1]
    for name in (asked.fqdn, asked.name):
        assert lab.exec(asking, "getent", "ahostsv4", name).stdout.split()[0] == asked.address
    assert asked.fqdn in lab.exec(asking, "getent", "hosts", asked.address).stdout.split()


def test_no_host_is_privileged(lab: Lab) -> None:
    for name in containers(lab):
        settings = docker.from_env().containers.get(name).attrs["HostConfig"]
        assert settings["Privileged"] is False
        assert settings["PortBindings"] in (None, {})
        assert set(settings["CapDrop"]) == {"ALL"}


def test_hosts_drop_what_does_not_come_from_their_own_network(lab: Lab) -> None:
    for host in lab.site.hosts:
        rules = lab.exec(host.name, "nft", "list", "chain", "inet", "pkgci_lab", "input").stdout
        assert "policy drop" in rules


def test_a_host_is_reached_from_the_labs_network_and_from_no_other_address_of_this_machine(lab: Lab) -> None:
    """This machine's own address stands for other machines': the engine would let its packets through."""
    host = lab.site.hosts[0]
    gateway = host.address.rsplit(".", 1)[0] + ".1"
    routes = json.loads(subprocess.run(["ip", "-json", "-4", "address"], capture_output=True, check=True).stdout)
    others = [
        item["addr_info"][0]["local"]
        for item in routes
        if item["addr_info"] and not item["ifname"].startswith(("lo", "docker", "br-", "veth"))
    ]
    if not others:
        pytest.skip("this machine has no address but loopback and Docker's")
    answers = {}
    for source in (gateway, others[0]):
        with socket.socket() as connection:
            connection.settimeout(3)
            connection.bind((source, 0))
            try:
                connection.connect((host.address, host.ssh.port))
                answers[source] = connection.recv(4)
            except TimeoutError:
                answers[source] = b""
    assert answers == {gateway: b"SSH-", others[0]: b""}


def test_a_commands_exit_status_is_passed_on(lab: Lab) -> None:
    host = lab.site.hosts[0].name
    result = lab.pkgci("lab", "exec", host, "--", "sh", "-c", "echo out; echo err >&2; exit 7", check=False)
    assert (result.returncode, result.stdout, result.stderr) == (7, "out\n", "err\n")
    assert lab.pkgci("lab", "ssh", host, "exit 5", check=False).returncode == 5


def test_a_host_that_stopped_is_told_by_status_and_started_by_up_with_its_keys(lab: Lab) -> None:
    known = (lab.directory / "known_hosts").read_text()
    docker.from_env().containers.get(f"pkgci-{lab.site.name}-outside").stop()
    result = lab.pkgci("lab", "status", "--json", check=False)
    assert result.returncode == 1
    states = {item["name"]: item["state"] for item in json.loads(result.stdout)}
    assert states.pop("outside") == "exited"
    assert set(states.values()) == {"running"}
    result = lab.pkgci("lab", "up")
    assert "outside: started" in result.stderr
    assert (lab.directory / "known_hosts").read_text() == known
    assert lab.pkgci("lab", "status").returncode == 0


def test_a_reboot_brings_a_host_back_with_its_keys_and_its_isolation(lab: Lab) -> None:
    key = lab.exec("outside", "cat", "/etc/ssh/ssh_host_ed25519_key.pub").stdout
    before = containers(lab)[f"pkgci-{lab.site.name}-outside"]
    lab.exec("outside", "systemctl", "reboot", check=False)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and containers(lab)[f"pkgci-{lab.site.name}-outside"] == before:
        time.sleep(0.5)
    lab.pkgci("lab", "up")
    assert lab.exec("outside", "cat", "/etc/ssh/ssh_host_ed25519_key.pub").stdout == key
    assert "policy drop" in lab.exec("outside", "nft", "list", "table", "inet", "pkgci_lab").stdout


def test_a_second_lab_comes_and_goes_without_disturbing_the_first(lab: Lab, second: Lab) -> None:
    before = containers(lab)
    second.pkgci("lab", "up")
    assert second.pkgci("lab", "ssh", "work", "hostname").stdout == "work\n"
    assert reaches(second, "main", "198.19.254.11", 2222)
    assert not reaches(lab, "outside", "198.19.254.11", 2222)
    assert not reaches(second, "main", lab.site.hosts[0].address, lab.site.hosts[0].ssh.port)
    second.pkgci("lab", "down")
    assert containers(second) == {}
    # Locks and logs of the site stay in .pkgci.
    assert sorted(path.name for path in second.directory.iterdir()) == [".pkgci", "secrets", "site.yaml"]
    assert containers(lab) == before
    second.pkgci("lab", "down")


def test_a_network_that_another_lab_has_is_refused_and_named(lab: Lab, second: Lab) -> None:
    network = lab.site.hosts[0].address.rsplit(".", 1)[0]
    (second.directory / "site.yaml").write_text(SECOND.replace("198.19.254", network))
    result = second.pkgci("lab", "up", check=False)
    assert result.returncode == 1
    assert f"the lab '{lab.site.name}' has {network}.0/24" in result.stderr


def test_another_folders_lab_of_the_same_name_is_left_alone(lab: Lab, second: Lab) -> None:
    before = containers(lab)
    shutil.copy(lab.directory / "site.yaml", second.directory / "site.yaml")
    shutil.copytree(lab.directory / "keys", second.directory / "keys", dirs_exist_ok=True)
    for command in ("up", "down"):
        result = second.pkgci("lab", command, check=False)
        assert result.returncode == 1
        assert str(lab.directory / "site.yaml") in result.stderr
    assert containers(lab) == before
    (second.directory / "site.yaml").write_text(SECOND)


def test_a_lab_interrupted_at_any_moment_carries_on_at_the_next_up(second: Lab) -> None:
    for moment in (0.8, 1.6, 2.4):
        process = subprocess.Popen(
            [sys.executable, "-m", "pkgci", "lab", "up"], cwd=second.directory, stderr=subprocess.PIPE, text=True
        )
        time.sleep(moment)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        assert process.returncode in (0, 130), said
        assert "Traceback" not in said
    second.pkgci("lab", "up")
    assert second.pkgci("lab", "ssh", "work", "hostname").stdout == "work\n"


def test_a_changed_host_is_made_anew_and_said_so_and_the_others_stay(second: Lab) -> None:
    second.pkgci("lab", "up")
    before = containers(second)
    (second.directory / "site.yaml").write_text(SECOND.replace("port: 2222", "port: 2022"))
    result = second.pkgci("lab", "up")
    assert "work: its address, names, account, port or key has changed: it is made anew" in result.stderr
    after = containers(second)
    assert after["pkgci-tests-second-main"] == before["pkgci-tests-second-main"]
    assert after["pkgci-tests-second-work"] != before["pkgci-tests-second-work"]
    assert Lab(second.directory).pkgci("lab", "ssh", "work", "hostname").stdout == "work\n"


def test_without_an_engine_nothing_is_reached(lab: Lab) -> None:
    result = lab.pkgci("lab", "up", check=False, env={"DOCKER_HOST": "unix:///nonexistent.sock"})
    assert result.returncode == 3
    assert "no Docker Engine answers here" in result.stderr
    assert "Traceback" not in result.stderr
