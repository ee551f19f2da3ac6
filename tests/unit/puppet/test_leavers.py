"""What a role brought leaves a host with it: the ledger, applied by this machine's Puppet in a folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.unit.puppet.conftest import MANIFESTS, Catalog

# Programs that change a system: what `systemctl` and `getent` tell stands in files.
_FAKE = """#!/bin/sh
case "${0##*/} $1" in
  "systemctl is-active") [ -e "$TOP/running.$2" ] && echo active || echo inactive ;;
  "systemctl is-enabled") [ -e "$TOP/running.$2" ] && echo enabled || echo disabled ;;
  "systemctl stop") rm -f "$TOP/running.$2" ;;
  "getent passwd") [ -e "$TOP/account.$2" ] && echo "$2:x:$(cat "$TOP/account.$2"):4242::/:/bin/sh" ;;
  "getent shadow") [ -e "$TOP/locked.$2" ] && echo "$2:!:1:0:9:7::1:" || echo "$2:!:1:0:9:7:::" ;;
  "id -u") echo 4242424 ;;
  "usermod --lock") for name; do :; done; touch "$TOP/locked.$name" ;;
  "usermod --expiredate") rm -f "$TOP/locked.$3" ;;
  "userdel "*) rm -f "$TOP/account.$1" ;;
esac
exit 0
"""

_LEDGER = """
class { 'leavers': file => '$TOP/ledger.json' }
"""

_OWN = """
service { 'ssh': ensure => running, provider => base, start => 'true', status => 'true', tag => 'stays' }
"""

_SHARED = """
file { '$TOP/shared.conf': content => 'for both' }
"""

_PUBLISHER = """
file { ['$TOP/srv', '$TOP/etc', '$TOP/tree']: ensure => directory }
File['$TOP/tree'] { recurse => true, purge => true, force => true }
file { '$TOP/etc/sudoers': content => 'publisher' }
file { '$TOP/etc/current': ensure => link, target => '$TOP/srv' }
file { '$TOP/srv/seeded': content => 'first', replace => false }
file_line { 'ids': path => '$TOP/subuid', line => 'publisher:1900000000:65536' }
service { 'pruner.timer': ensure => running, provider => base, start => 'true', status => 'true' }
user { 'publisher': ensure => present, home => '$TOP/srv' }
user { 'fetcher': ensure => present, home => '$TOP/etc' }
user { 'nobody': ensure => present }
file { ['$TOP/srv/empty', '$TOP/empty']: ensure => directory }
file { ['$TOP/above', '$TOP/above/data']: ensure => directory }
leavers::data { ['$TOP/srv', '$TOP/above/data']: }
leavers::trace { '$TOP/srv/gnupg*': }
"""


class Puppet:
    """One process that applies manifests."""

    def __init__(self, folder: Path) -> None:
        script = Path(__file__).parent / "apply.rb"
        self._process = subprocess.Popen(
            ["ruby", str(script), str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def apply(self, task: dict[str, Any]) -> list[str]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        lines: list[str] = json.loads(self._process.stdout.readline())
        return lines

    def end(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def puppet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Puppet]:
    if shutil.which("puppet") is None:
        pytest.skip("needs puppet-agent")
    process = Puppet(tmp_path_factory.mktemp("puppet"))
    yield process
    process.end()


@dataclass
class Machine:
    """A folder that is taken for a host."""

    puppet: Puppet
    top: Path
    log: list[str] = field(default_factory=list)

    def apply(self, *parts: str, noop: bool = False, purge: bool = False) -> list[str]:
        """Applies a manifest of ``parts``: what leaves, or would."""
        self.log = self.puppet.apply(
            {
                "manifest": "".join((_LEDGER, *parts)).replace("$TOP", str(self.top)),
                "environment": {"PATH": f"{self.top}/bin:{os.environ['PATH']}", "TOP": str(self.top)},
                "noop": noop,
                "facts": {"os": {"family": "Debian", "name": "Debian"}, **({"pkgci_purge": "yes"} if purge else {})},
                "modules": [f"{MANIFESTS}/site-modules", "/usr/share/puppet/modules"],
            }
        )
        return [line.partition("Leftover[")[2].partition("]/")[0] for line in self.log if "/Leftover[" in line]

    @property
    def ledger(self) -> set[tuple[str, str]]:
        entries = json.loads((self.top / "ledger.json").read_text())["entries"]
        return {(kind, name.replace(str(self.top), "")) for kind, name, _ in entries}

    def there(self, *names: str) -> list[str]:
        return [name for name in names if os.path.lexists(self.top / name)]


@pytest.fixture
def machine(tmp_path: Path, puppet: Puppet) -> Machine:
    """A host that is a publisher, whose programs have made a key."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("systemctl", "getent", "id", "usermod", "userdel", "useradd"):
        (programs / name).write_text(_FAKE)
        (programs / name).chmod(0o755)
    (tmp_path / "subuid").write_text("alice:100000:65536\n")
    machine = Machine(puppet, tmp_path)
    machine.apply(_SHARED, _PUBLISHER)
    for name in ("srv/gnupg-1", "srv/packages", "tree/made"):
        (tmp_path / name).write_text("")
    for name, number in {"publisher": 998, "fetcher": 4242, "nobody": 33}.items():
        (tmp_path / f"account.{name}").write_text(str(number))
    for unit in ("pruner.timer", "pruner.service"):
        (tmp_path / f"running.{unit}").write_text("")
    return machine


def test_a_role_takes_everything_with_it_but_its_data_and_what_another_shares(machine: Machine) -> None:
    first = machine.apply(_SHARED, noop=True)
    assert machine.there("etc/sudoers", "srv/gnupg-1", "tree/made", "running.pruner.timer", "account.fetcher")
    assert not machine.there("locked.publisher")
    assert machine.apply(_SHARED)[: len(first)] == first, "a noop run shows what is taken away"
    assert not {("file", "/etc/sudoers"), ("service", "pruner.timer")} & machine.ledger, "what is gone is struck out"
    assert first[0] == "service pruner.timer", "what runs is stopped before anything else goes"
    assert machine.there("shared.conf", "etc", "etc/sudoers", "etc/current", "srv/gnupg-1", "tree") == ["shared.conf"]
    data = ("srv", "srv/seeded", "srv/packages", "srv/empty")
    assert machine.there("empty", *data) == [*data]
    assert not machine.there("running.pruner.timer", "running.pruner.service")
    assert (machine.top / "subuid").read_text() == "alice:100000:65536\n"
    accounts = [f"account.{name}" for name in ("fetcher", "nobody", "publisher")]
    assert machine.there(*accounts) == accounts[1:], "an account that owns data stays, and one of the distribution's"
    assert machine.there("locked.publisher", "locked.nobody") == ["locked.publisher"]
    assert machine.apply(_SHARED) == [], "a second run changes nothing"


def test_what_is_the_hosts_own_stays_whatever_manages_it(machine: Machine) -> None:
    (machine.top / "running.ssh").write_text("")
    machine.apply(_OWN, _SHARED, _PUBLISHER)
    assert machine.apply(_SHARED, _PUBLISHER) == []
    assert machine.there("running.ssh") == ["running.ssh"]


def test_data_goes_where_it_is_purged_and_then_the_account_too(machine: Machine) -> None:
    machine.apply(_SHARED)
    assert ("data", "/srv") in machine.ledger
    machine.apply(_SHARED, purge=True)
    assert machine.there("srv", "above", "account.publisher") == []
    assert machine.apply(_SHARED, purge=True) == []
    assert machine.ledger == {("file", "/shared.conf")}


def test_a_role_that_comes_back_has_its_account_and_its_data_again(machine: Machine) -> None:
    machine.apply(_SHARED)
    assert "account publisher" in machine.apply(_SHARED, _PUBLISHER)
    assert machine.there("locked.publisher", "srv/packages", "etc/sudoers") == ["srv/packages", "etc/sudoers"]
    assert machine.apply(_SHARED, _PUBLISHER) == []


def test_what_could_not_be_taken_away_is_tried_again(machine: Machine) -> None:
    real = shutil.which("rm")
    fake = machine.top / "bin/rm"
    fake.write_text(f'#!/bin/sh\ncase "$*" in *gnupg*) exit 1 ;; esac\nexec {real} "$@"\n')
    fake.chmod(0o755)
    machine.apply(_SHARED)
    assert machine.there("srv/gnupg-1", "etc/sudoers") == ["srv/gnupg-1"]
    assert [line for line in machine.log if line.startswith("err:")]
    fake.unlink()
    assert machine.apply(_SHARED) == [f"trace {machine.top}/srv/gnupg*"]
    assert not machine.there("srv/gnupg-1")


def test_a_ledger_that_cannot_be_read_is_named_and_nothing_of_it_is_forgotten(machine: Machine) -> None:
    machine.top.joinpath("ledger.json").write_text('{"entries": [')
    machine.apply(_SHARED)
    assert "ledger.json cannot be read" in "\n".join(machine.log)
    assert (machine.top / "ledger.json").read_text() == '{"entries": ['


def test_what_an_older_pkgci_has_brought_that_kept_no_ledger_leaves_too(machine: Machine) -> None:
    """Its runs' reports tell. A noop run brought nothing, and so does a file that is there all the same."""
    (machine.top / "ledger.json").unlink()
    for run, noop in {"1": "no", "2": "yes"}.items():
        folder = machine.top / "runs" / run
        folder.mkdir(parents=True)
        (folder / "holder").write_text(f"operator alice\nnoop {noop}\n")
    report = (
        "resource_statuses:\n  File[{top}/etc/sudoers]:\n    title: x\n  Service[pruner.timer]:\n  File[{top}/etc]:\n"
    )
    (machine.top / "runs/1/report.yaml").write_text(report.format(top=machine.top))
    (machine.top / "runs/2/report.yaml").write_text(f"  File[{machine.top}/srv/packages]:\n")
    machine.apply(_SHARED, noop=True)
    assert not machine.there("ledger.json")
    assert machine.apply(_SHARED) == ["service pruner.timer", f"file {machine.top}/etc/sudoers"]
    assert machine.there("etc/sudoers", "etc/current", "srv/packages") == ["etc/current", "srv/packages"]
    assert machine.apply(_SHARED) == []


def test_every_host_keeps_a_ledger_and_the_keys_of_every_role_are_in_it(lab: dict[str, Catalog], one: Catalog) -> None:
    for catalog in (*lab.values(), one):
        assert catalog.has("Ledger", "/var/lib/pkgci/ledger.json")
    traces = {title for (kind, title) in one.resources if kind == "Leavers::Trace"}
    assert {"/var/lib/pkgci-signer/gnupg*", "/var/lib/jenkins/secrets", "/var/lib/jenkins/credentials.xml"} <= traces
    data = {title for (kind, title) in one.resources if kind == "Leavers::Data"}
    assert {"/srv/publisher", "/srv/logs", "/var/lib/jenkins", "/var/lib/zuul", "/srv/jenkins"} <= data


def test_what_keeps_a_host_reachable_and_up_to_date_never_leaves(one: Catalog) -> None:
    for service in ("ssh", "systemd-journald", "systemd-timesyncd", "apt-daily.timer", "apt-daily-upgrade.timer"):
        assert one.get("Service", service)["tag"] == "stays"
    assert one.get("User", "alice")["tag"] == "stays"
