"""The smallest site: every role on one machine, which had not even Puppet before."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from tests.lab.conftest import CHECKOUT, LABS, Lab, remove_lab
from tests.lab.reviewing import Clone, wait_until

NETWORK = "198.19.77"
HOST = "ci01"
LAB_KEYS = f"""
ssh: {{key: .lab/id_ed25519}}
outside: {{address: {NETWORK}.200, ssh: {{key: .lab/id_ed25519}}}}
lab: {{}}
"""
# A host that was set up before there was a Jenkins: the agents' account has the name of Jenkins' own.
BEFORE = """
apt-get -q purge -y --auto-remove puppet-agent 'puppet-module-*'
groupadd --system pkgci-keys
useradd --system --user-group --home-dir /srv/jenkins --create-home --shell /bin/bash --groups pkgci-keys jenkins
mkdir -p /etc/pkgci/jenkins/agent_keys /etc/ssh/authorized_keys.d
echo ssh-ed25519 AAAA | tee /etc/pkgci/jenkins/agent_keys/slave_build /etc/ssh/authorized_keys.d/jenkins
"""
# Of the files that not everybody may read, those that the agents' user can, but for its own work.
READABLE = """
find / -xdev -type f ! -perm -004 ! -path '/srv/jenkins/*' ! -path '/proc/*' -print0 |
  runuser -u jenkins-agent -- xargs -0 sh -c 'for file; do test ! -r "$file" || echo "$file"; done' sh
"""


@pytest.fixture(scope="module")
def one() -> Iterator[Lab]:
    """The example's host in a lab's network: nothing is deployed."""
    directory = LABS / "all-in-one"
    file = directory / "site.yaml"
    if not file.exists():
        command = [sys.executable, "-m", "pkgci", "init", "--example", "all-in-one", str(directory)]
        subprocess.run(command, check=True, cwd=CHECKOUT)
        text = file.read_text().replace("192.0.2.0/24", f"{NETWORK}.1/32").replace("203.0.113.10", f"{NETWORK}.10")
        text = text.replace("{targets: [trixie]}", "{targets: [trixie], own_steps: true}")
        text = re.sub(r"^gerrit: .*$", "gerrit: {host: review.pkg.example.org}", text, flags=re.MULTILINE)
        file.write_text(f"{text}{LAB_KEYS}zuul: {{trust: {{accounts: [alice]}}}}\n")
    made = Lab(directory)
    made.pkgci("lab", "up")
    made.exec(HOST, "sh", "-e", "-c", BEFORE)
    yield made
    remove_lab(made)


def deploy(lab: Lab) -> str:
    """Deploys, and returns what was said. The machine below the lab is smaller than the one that the example orders."""
    result = lab.pkgci("deploy", "--yes", "--from", "bootstrap", timeout=1800)
    return result.stdout + result.stderr


def test_one_deploy_makes_a_whole_ci_of_a_bare_host_and_the_second_changes_nothing(one: Lab) -> None:
    assert "connections and 2 names from 3 places" in deploy(one)
    second = deploy(one)
    assert "all as declared" in second
    assert "0 changes on 1 host, 0 jobs, pipelines as they were" in second


def test_jobs_read_no_secret_but_the_key_that_hands_in_logs(one: Lab) -> None:
    assert one.exec(HOST, "sh", "-c", READABLE).stdout.split() == ["/etc/pkgci/keys/log_upload"]
    one.exec(HOST, "sh", "-c", "test ! -e /etc/pkgci/jenkins && test ! -e /etc/ssh/authorized_keys.d/jenkins")
    assert ":/var/lib/jenkins:" in one.exec(HOST, "getent", "passwd", "jenkins").stdout


@pytest.mark.parametrize("address", ["127.0.0.1", f"{NETWORK}.10"])
def test_jobs_reach_zuul_and_jenkins_no_further_than_from_other_hosts(one: Lab, address: str) -> None:
    def reached(user: str, port: int) -> bool:
        command = ("runuser", "-u", user, "--", "bash", "-c", f"</dev/tcp/{address}/{port}")
        return one.exec(HOST, *command, check=False).returncode == 0

    assert reached("jenkins-agent", 443) and reached("root", 4730)
    assert not any(reached("jenkins-agent", port) for port in (4730, 8001, 8080))


def test_everything_comes_back_after_a_reboot_and_a_change_gets_its_vote(one: Lab, tmp_path: Path) -> None:
    docker.from_env().containers.get(f"pkgci-{one.site.name}-{HOST}").restart()
    wait_until(
        lambda: one.pkgci("status", check=False).returncode == 0,
        120,
        lambda: one.pkgci("status", check=False).stdout,
    )
    change = Clone(one, tmp_path / "hello").propose("Grow", {"README.md": "More.\n"})
    change.wait_for_vote(1)
    assert "https://ci01.pkg.example.org/logs/" in change.report()
