"""A host leaves the site: whoever gets the machine finds nothing in it that signs, votes, serves or opens a door."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import pytest

from pkgci.leavers.memory import recall
from tests.lab.conftest import Lab

HOST = "pub01"
# Where the secret part of the release key could be: what pkgci writes, what gpg makes of it, and older copies.
FIND_KEYS = (
    "grep -rlas -e 'PRIVATE KEY' /etc/pkgci /etc/ssh/authorized_keys.d /srv /var/lib/pkgci /var/lib/pkgci-signer "
    "/var/cache/puppet /root; find / -xdev -name private-keys-v1.d -not -path '/root/*'; true"
)
SERVICES = ("apache2", "pkgci-prune.timer", "clean-workspaces.timer")
PACKAGES = "find /srv/publisher/public -type f -exec sha256sum {} + | sort"


def words(lab: Lab, command: str) -> list[str]:
    return lab.exec(HOST, "sh", "-c", command, check=False).stdout.split()


@pytest.fixture(scope="module")
def without(deployed: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The site as a colleague has it, with another machine for its publisher. Afterwards the lab has its own again."""
    folder = tmp_path_factory.mktemp("leavers")
    for name in ("site.yaml", "known_hosts", "keys", "secrets", ".lab", ".pkgci"):
        source = deployed.directory / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    site = folder / "site.yaml"
    site.write_text(re.sub(rf"^  {HOST}:", "  pub02:", site.read_text(), flags=re.MULTILINE))
    yield Lab(folder)
    deployed.pkgci("bootstrap", "--host", HOST)
    assert deployed.exec(HOST, "systemctl", "is-active", *SERVICES).stdout.split() == ["active"] * len(SERVICES)


def test_a_publisher_that_leaves_the_site_keeps_its_packages_and_nothing_that_signs_serves_or_lets_anybody_in(
    without: Lab,
) -> None:
    """The key signs releases: a machine that has it after it was given away signs whatever its owner likes."""
    packages, keys = words(without, PACKAGES), words(without, FIND_KEYS)
    rules = words(without, "ls /etc/sudoers.d/pkgci-*")
    assert keys and "/etc/sudoers.d/pkgci-publisher" in rules, "what this proves has a positive control"
    assert f"`pkgci retire {HOST}`" in without.pkgci("validate").stderr

    shown = without.pkgci("retire", HOST, "--noop", check=False).stdout
    for what in ("service apache2", "account publisher", "file /etc/sudoers.d/pkgci-publisher"):
        assert f"Leftover[{what}]" in shown
    assert words(without, FIND_KEYS) == keys, "a noop run takes nothing away"
    memory = (without.directory / ".pkgci/hosts.json").read_text()
    known_hosts = (without.directory / "known_hosts").read_text()

    said = without.pkgci("retire", HOST).stderr
    assert "pkgci secrets rotate release-key" in said
    assert HOST not in recall(without.site)
    assert words(without, FIND_KEYS) == []
    assert words(without, PACKAGES) == packages
    states = without.exec(HOST, "systemctl", "is-active", *SERVICES, check=False).stdout.split()
    assert set(states) == {"inactive"}
    assert words(without, "ls /etc/sudoers.d/pkgci-*") == ["/etc/sudoers.d/pkgci-administrators"]
    assert words(without, "ls /etc/ssh/authorized_keys.d") == ["alice"]
    assert not {"jenkins", "publisher"} & set(words(without, "ps -eo user= | sort -u"))
    for account in ("jenkins", "publisher"):
        assert words(without, f"getent shadow {account} | cut -d: -f8") == ["1"], f"{account} has ended"
    assert not words(without, "ls /etc/systemd/system/pkgci-prune.* /etc/apache2/sites-enabled /etc/pkgci/tls")

    (without.directory / ".pkgci/hosts.json").write_text(memory)
    (without.directory / "known_hosts").write_text(known_hosts)
    again = without.pkgci("retire", HOST, "--noop").stdout
    assert " as declared" in again, f"a second run finds nothing to take away\n{again}"
