"""The operator's key, the hosts' keys, and the ssh client's command line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pkgci.errors import UsageError
from pkgci.lab.keys import ensure_key, forget_hosts, key_file, login_keys, record_keys, ssh_command
from pkgci.leavers.memory import begin, recall, remembered
from pkgci.model.site import Site
from tests.unit.lab.conftest import SITE


def known_hosts(site: Site) -> Path:
    return site.directory / "known_hosts"


def test_the_operators_key_is_made_once_and_is_readable_by_him_only(site: Site) -> None:
    public = ensure_key(site)
    assert public.startswith("ssh-ed25519 ")
    assert ensure_key(site) == public
    assert key_file(site).stat().st_mode & 0o777 == 0o600
    assert key_file(site).parent.stat().st_mode & 0o777 == 0o700


def test_a_file_that_is_no_key_is_not_overwritten(site: Site) -> None:
    key_file(site).parent.mkdir()
    key_file(site).write_text("precious\n")
    with pytest.raises(UsageError, match="is not the lab's"):
        ensure_key(site)
    assert key_file(site).read_text() == "precious\n"


def test_only_the_labs_own_lines_of_known_hosts_are_replaced(site: Site) -> None:
    known_hosts(site).write_text("# mine\nother ssh-ed25519 O\nmain ssh-ed25519 OLD\n[work]:22022 ssh-ed25519 OLD\n")
    record_keys(site, ["main", "work"], {"main": ["ssh-ed25519 M"], "[work]:2222": ["ssh-ed25519 W", "ssh-rsa W"]})
    assert known_hosts(site).read_text().splitlines() == [
        "# mine",
        "other ssh-ed25519 O",
        "main ssh-ed25519 M",
        "[work]:2222 ssh-ed25519 W",
        "[work]:2222 ssh-rsa W",
    ]
    record_keys(site, ["main", "work"], {})
    assert known_hosts(site).read_text() == "# mine\nother ssh-ed25519 O\n"


def test_a_known_hosts_file_with_nothing_but_the_labs_lines_goes_with_it(site: Site) -> None:
    record_keys(site, ["main", "work"], {"main": ["ssh-ed25519 M"]})
    record_keys(site, ["main", "work"], {})
    assert not known_hosts(site).exists()


def test_a_host_without_a_key_could_not_be_logged_in_to(load: Callable[[str], Site]) -> None:
    site = load(SITE.replace("ssh: {key: .lab/id_ed25519}\nhosts", "hosts"))
    with pytest.raises(UsageError, match="'main' names no SSH key"):
        login_keys(site, site.host("main"), "ssh-ed25519 LAB")


def test_a_key_of_the_users_own_logs_in_beside_the_labs(load: Callable[[str], Site]) -> None:
    site = load(SITE.replace("port: 2222, key: .lab/id_ed25519", "port: 2222, key: keys/alice"))
    assert login_keys(site, site.host("main"), "ssh-ed25519 LAB") == ("ssh-ed25519 LAB",)
    assert [key[:20] for key in login_keys(site, site.host("work"), "ssh-ed25519 LAB")] == [
        "ssh-ed25519 LAB",
        "ssh-ed25519 AAAAC3Nz",
    ]
    (site.directory / "keys/alice.pub").unlink()
    with pytest.raises(UsageError, match=r"alice\.pub"):
        login_keys(site, site.host("work"), "ssh-ed25519 LAB")


def test_ssh_checks_host_keys_against_the_sites_own_file(site: Site) -> None:
    command = ssh_command(site, site.host("main"), ("uptime",))
    assert command[-3:] == ["root@198.18.7.10", "--", "uptime"]
    assert f"UserKnownHostsFile={known_hosts(site)}" in command
    assert "StrictHostKeyChecking=yes" in command
    assert "HostKeyAlias=main" in command


def test_ssh_goes_through_the_declared_jump_host(site: Site) -> None:
    command = ssh_command(site, site.host("work"), ())
    assert "HostKeyAlias=[work]:2222" in command
    (proxy,) = [word for word in command if word.startswith("ProxyCommand=")]
    assert proxy.endswith("-W 198.18.7.11:2222 root@198.18.7.10")
    assert "HostKeyAlias=main" in proxy


def test_of_a_host_that_the_lab_removed_nothing_is_remembered(site: Site) -> None:
    host = site.host("main")
    begin(site, [remembered(host, []), remembered(site.host("work"), [])])
    record_keys(site, ["main"], {"main": ["ssh-ed25519 M"]})
    forget_hosts(site, ["main"])
    assert set(recall(site)) == {"work"}
    assert not (site.directory / "known_hosts").exists()
