"""The smallest site: every role on one machine, which had not even Puppet before."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.lab.conftest import CHECKOUT, LABS, Lab, remove_lab

NETWORK = "198.19.77"
HOST = "ci01"
LAB_KEYS = f"""
ssh: {{key: .lab/id_ed25519}}
outside: {{address: {NETWORK}.200, ssh: {{key: .lab/id_ed25519}}}}
lab: {{}}
"""


@pytest.fixture(scope="module")
def one() -> Iterator[Lab]:
    """The example's host, bare, in a lab's network."""
    directory = LABS / "all-in-one"
    file = directory / "site.yaml"
    if not file.exists():
        command = [sys.executable, "-m", "pkgci", "init", "--example", "all-in-one", str(directory)]
        subprocess.run(command, check=True, cwd=CHECKOUT)
        text = file.read_text().replace("192.0.2.0/24", f"{NETWORK}.1/32").replace("203.0.113.10", f"{NETWORK}.10")
        file.write_text(text + LAB_KEYS)
    made = Lab(directory)
    made.pkgci("lab", "up")
    made.pkgci("secrets", "init")
    made.exec(HOST, "sh", "-c", "apt-get -q purge -y --auto-remove puppet-agent 'puppet-module-*'")
    yield made
    remove_lab(made)


def test_a_bare_host_gets_every_role_in_one_run_and_nothing_in_the_second(one: Lab) -> None:
    first = json.loads(one.pkgci("bootstrap", "--json").stdout)[HOST]
    assert "puppet-agent" in first["installed"]
    assert first["report"]["failed"] == first["report"]["skipped"] == 0
    assert json.loads(one.pkgci("bootstrap", "--json").stdout)[HOST]["report"]["changed"] == 0


def test_a_host_with_every_role_is_as_open_and_as_closed_as_declared(one: Lab) -> None:
    assert "all as declared" in one.pkgci("verify-connectivity").stdout
