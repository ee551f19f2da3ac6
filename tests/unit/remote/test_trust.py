"""Which host keys are believed."""

import base64
import multiprocessing
import os
import shutil
import subprocess
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from pkgci.model.known_hosts import HostKey, keys_of, known_name
from pkgci.model.site import Host, Site
from pkgci.remembering import NotRememberedWarning
from pkgci.remote import trust as trust_module
from pkgci.remote.errors import ChangedHostKeyError, UnknownHostKeyError
from pkgci.remote.trust import NewKey, Trust, accept, refuse

FIRST = HostKey("ssh-ed25519", "AAAAC3NzaC1lZDI1NTE5AAAAIOON7qoNM8XAcXoCkYr3/PQirgIHOiQRZe4sBPer69JB")
OTHER = HostKey("ssh-ed25519", "AAAAC3NzaC1lZDI1NTE5AAAAIOgMz/XHHrgNK17+pRsJVOREJD4ufYa+6Jp/Uu87jF5R")


@pytest.fixture
def host(site: Site) -> Host:
    return site.host("zuul01")


def test_a_fingerprint_reads_as_ssh_keygen_writes_it() -> None:
    assert OTHER.fingerprint == "SHA256:ddR38twXE8OHJGSxXDbVFrAtytZicFFcRRNANSv1jQU"


def test_a_host_key_is_recorded_by_site_name_and_believed_from_then_on(site: Site, host: Host) -> None:
    trust = Trust.of(site, accept)
    trust.decide(host, FIRST)
    assert (site.directory / "known_hosts").read_text() == f"zuul01 ssh-ed25519 {FIRST.text}\n"
    assert Trust.of(site, refuse).check(host, FIRST)


def test_a_port_other_than_22_is_part_of_the_name(site: Site) -> None:
    assert known_name(site.host("build01")) == "[build01]:2222"


def test_an_unconfirmed_key_is_neither_believed_nor_recorded(site: Site, host: Host) -> None:
    with pytest.raises(UnknownHostKeyError, match=r"zuul01: .*SHA256:") as error:
        Trust.of(site, refuse).decide(host, FIRST)
    assert "--accept-new-host-keys" in str(error.value.hint)
    assert not (site.directory / "known_hosts").exists()


def test_a_changed_host_key_names_both_fingerprints_and_what_to_type(site: Site, host: Host) -> None:
    trust = Trust.of(site, accept)
    trust.decide(host, FIRST)
    with pytest.raises(ChangedHostKeyError) as error:
        trust.check(host, OTHER)
    assert FIRST.fingerprint in error.value.message
    assert OTHER.fingerprint in error.value.message
    assert f"ssh-keygen -R zuul01 -f {trust.known_hosts}" in str(error.value.hint)


def test_accepting_new_keys_does_not_accept_changed_ones(site: Site, host: Host) -> None:
    trust = Trust.of(site, accept)
    trust.decide(host, FIRST)
    with pytest.raises(ChangedHostKeyError):
        trust.decide(host, OTHER)
    assert trust.known(host) == (FIRST,)


def test_what_others_wrote_into_known_hosts_stays(site: Site, host: Host) -> None:
    path = site.directory / "known_hosts"
    path.write_text("# ours\nelsewhere ssh-ed25519 AAAA\nbroken")
    Trust.of(site, accept).decide(host, FIRST)
    assert path.read_text() == f"# ours\nelsewhere ssh-ed25519 AAAA\nbroken\nzuul01 ssh-ed25519 {FIRST.text}\n"


def test_people_are_asked_one_question_at_a_time_and_once_for_each_key(site: Site) -> None:
    asked: list[NewKey] = []
    at_once = threading.Lock()

    def confirm(new: NewKey) -> bool:
        assert at_once.acquire(blocking=False)
        asked.append(new)
        threading.Event().wait(0.01)
        at_once.release()
        return True

    trust = Trust.of(site, confirm)
    threads = [threading.Thread(target=trust.decide, args=(host, FIRST)) for host in site.hosts[:3] for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(new.host.name for new in asked) == ["jenkins01", "pub01", "zuul01"]


def test_a_refused_key_is_not_asked_about_again(site: Site, host: Host) -> None:
    asked: list[NewKey] = []

    def confirm(new: NewKey) -> bool:
        asked.append(new)
        return False

    trust = Trust.of(site, confirm)
    for _ in range(2):
        with pytest.raises(UnknownHostKeyError):
            trust.decide(host, FIRST)
    assert len(asked) == 1


def test_lines_that_are_marked_broken_or_of_other_hosts_are_passed_over() -> None:
    text = f"""\
# zuul01 ssh-ed25519 {OTHER.text}
@revoked zuul01 ssh-ed25519 {OTHER.text}
zuul01 ssh-ed25519
zuul01 ssh-ed25519 !!!
zuul02 ssh-ed25519 {OTHER.text}
other,zuul01 ssh-ed25519 {FIRST.text} comment
"""
    assert keys_of("zuul01", text) == (FIRST,)


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs ssh-keygen")
def test_a_file_hashed_by_ssh_keygen_is_understood(tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    path.write_text(f"[build01]:2222 ssh-ed25519 {FIRST.text}\n")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", path], check=True, capture_output=True)
    assert "build01" not in path.read_text()
    assert keys_of("[build01]:2222", path.read_text()) == (FIRST,)
    assert keys_of("build01", path.read_text()) == ()


def test_a_key_that_is_ours_takes_the_place_of_what_was_recorded(tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    file.write_text("[review.example.org]:29418 ssh-ed25519 AAAAold\nother ssh-ed25519 AAAAone\n")
    trust = Trust(file)
    for _ in range(2):
        trust.pin("[review.example.org]:29418", HostKey("ssh-ed25519", "AAAAnew0"))
    assert file.read_text() == "other ssh-ed25519 AAAAone\n[review.example.org]:29418 ssh-ed25519 AAAAnew0\n"


def test_a_host_that_is_retired_is_no_longer_known(site: Site, host: Host) -> None:
    trust = Trust.of(site, accept)
    trust.decide(host, FIRST)
    trust.decide(site.host("build01"), OTHER)
    trust.forget(known_name(host))
    assert trust.known(host) == ()
    assert trust.known(site.host("build01")) == (OTHER,)


def _record(known_hosts: Path, host: Host, number: int) -> None:
    for count in range(15):
        key = HostKey("ssh-ed25519", base64.b64encode(f"{number} {count}".encode()).decode())
        Trust(known_hosts, accept).decide(replace(host, name=f"host{number}-{count}"), key)


def test_commands_that_record_keys_at_once_lose_none(site: Site, host: Host) -> None:
    known_hosts = site.directory / "known_hosts"
    context = multiprocessing.get_context("fork")
    commands = [context.Process(target=_record, args=(known_hosts, host, number)) for number in range(4)]
    for command in commands:
        command.start()
    for command in commands:
        command.join()
    assert len(set(known_hosts.read_text().splitlines())) == 60


def test_a_key_that_another_command_has_recorded_meanwhile_counts(site: Site, host: Host) -> None:
    def meanwhile(_: NewKey) -> bool:
        Trust.of(site, accept).decide(host, OTHER)
        return True

    with pytest.raises(ChangedHostKeyError):
        Trust.of(site, meanwhile).decide(host, FIRST)
    assert Trust.of(site).known(host) == (OTHER,)


def test_where_keys_cannot_be_recorded_they_are_believed_with_a_warning(
    site: Site, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(path: Path, *_: object) -> None:
        raise OSError(30, os.strerror(30), str(path))

    monkeypatch.setattr(trust_module, "rewrite", read_only)
    trust = Trust.of(site, accept)
    with pytest.warns(NotRememberedWarning, match=r"known_hosts: Read-only"):
        trust.decide(host, FIRST)
    assert trust.check(host, FIRST)
    assert keys_of(known_name(host), trust.text()) == (FIRST,)
    with pytest.raises(ChangedHostKeyError):
        trust.check(host, OTHER)
    assert not trust.known_hosts.exists()


def test_a_known_hosts_file_that_is_a_link_stays_one_and_keeps_its_permissions(site: Site, host: Host) -> None:
    shared = site.directory / "shared"
    shared.touch(0o600)
    (site.directory / "known_hosts").symlink_to("shared")
    Trust.of(site, accept).decide(host, FIRST)
    assert (site.directory / "known_hosts").is_symlink()
    assert shared.stat().st_mode & 0o777 == 0o600
    assert FIRST.text in shared.read_text()
