"""Host keys, keys and ways in, against real SSH servers."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pkgci.model.load import load_site
from pkgci.model.site import Site
from pkgci.remote.errors import AuthenticationError, ChangedHostKeyError, LostConnectionError, UnknownHostKeyError
from pkgci.remote.session import open_session
from pkgci.remote.trust import Trust, accept
from tests.lab.conftest import Lab


@pytest.fixture
def stranger(lab: Lab, tmp_path: Path) -> Iterator[Site]:
    """The lab's site as a colleague has it who never reached its hosts: without known_hosts."""
    for name in ("site.yaml", "keys", ".lab"):
        source = lab.directory / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    yield load_site(tmp_path / "site.yaml")


def test_every_host_is_reached_as_root_by_the_way_that_the_site_declares(lab: Lab) -> None:
    for host in lab.site.hosts:
        with open_session(lab.site, host, Trust.of(lab.site)) as session:
            assert session.run("id -un; hostname", timeout=20).stdout.split() == ["root", host.name]


def test_a_host_behind_a_jump_host_sees_the_jump_host(lab: Lab) -> None:
    build, jenkins = lab.site.host("build01"), lab.site.host("jenkins01")
    assert build.ssh.jump == jenkins.name
    with open_session(lab.site, build, Trust.of(lab.site)) as session:
        assert session.client_address == jenkins.address


def test_an_unknown_host_key_ends_in_a_question_or_a_refusal_never_in_a_login(stranger: Site) -> None:
    with pytest.raises(UnknownHostKeyError):
        open_session(stranger, stranger.host("zuul01"), Trust.of(stranger))
    assert not (stranger.directory / "known_hosts").exists()


def test_a_jump_hosts_key_is_checked_as_well(stranger: Site) -> None:
    with pytest.raises(UnknownHostKeyError, match="its jump host jenkins01"):
        open_session(stranger, stranger.host("build01"), Trust.of(stranger))


def test_keys_recorded_at_the_first_contact_are_those_of_the_hosts(lab: Lab, stranger: Site) -> None:
    with open_session(stranger, stranger.host("build01"), Trust.of(stranger, accept)) as session:
        assert session.run("true", timeout=20).status == 0
    for name in ("jenkins01", "build01"):
        own = lab.exec(name, "cat", "/etc/ssh/ssh_host_ed25519_key.pub").stdout.split()[1]
        assert [key.text for key in Trust.of(stranger).known(stranger.host(name))] == [own]


def test_a_changed_host_key_stops_that_host_and_no_other(lab: Lab, stranger: Site) -> None:
    other = lab.exec("pub01", "cat", "/etc/ssh/ssh_host_ed25519_key.pub").stdout.split()
    (stranger.directory / "known_hosts").write_text(f"zuul01 {other[0]} {other[1]}\n")
    trust = Trust.of(stranger, accept)
    with pytest.raises(ChangedHostKeyError):
        open_session(stranger, stranger.host("zuul01"), trust)
    with open_session(stranger, stranger.host("jenkins01"), trust) as session:
        assert session.run("true", timeout=20).status == 0


def test_a_wrong_key_names_host_user_and_key(stranger: Site) -> None:
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = stranger.directory / ".lab/id_ed25519"
    key.write_bytes(
        Ed25519PrivateKey.generate().private_bytes(s.Encoding.PEM, s.PrivateFormat.OpenSSH, s.NoEncryption())
    )
    with pytest.raises(AuthenticationError, match=f"zuul01: .* does not let root in; tried the key {key}"):
        open_session(stranger, stranger.host("zuul01"), Trust.of(stranger, accept))


def test_a_lost_connection_is_told_as_such(lab: Lab) -> None:
    # The command ends its own connection: its parent's parent is this session's sshd.
    kill = "kill -9 $(ps -o ppid= -p $PPID) $PPID; sleep 20"
    with (
        open_session(lab.site, lab.site.host("zuul01"), Trust.of(lab.site)) as session,
        pytest.raises(LostConnectionError, match="zuul01: the connection was lost"),
    ):
        session.run(kill, timeout=15)


def test_what_is_said_on_standard_input_and_output_arrives_whole(lab: Lab) -> None:
    text = ("x" * 99 + "\n") * 50_000
    with open_session(lab.site, lab.site.host("build01"), Trust.of(lab.site)) as session:
        assert session.run("cat", stdin=text.encode(), timeout=60).stdout == text
