"""With which key we log in."""

import errno
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pkgci.model.site import Host, Site
from pkgci.remote.errors import AuthenticationError
from pkgci.remote.keys import keys_for


@pytest.fixture(autouse=True)
def lonely(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No agent and an empty home."""
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


@pytest.fixture
def with_key(site: Site) -> Callable[[Path], Host]:
    host = site.host("zuul01")
    return lambda path: replace(host, ssh=replace(host.ssh, key=path))


def write_key(path: Path, passphrase: bytes | None = None) -> Path:
    encryption = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    openssh = (serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH)
    path.write_bytes(Ed25519PrivateKey.generate().private_bytes(*openssh, encryption))
    return path


def test_a_declared_key_is_the_only_one_that_is_tried(with_key: Callable[[Path], Host], tmp_path: Path) -> None:
    key = write_key(tmp_path / "key")
    default_key(tmp_path, "id_ed25519")
    assert [candidate.name for candidate in keys_for(with_key(key)).offered] == [str(key)]


@pytest.mark.parametrize(
    ("content", "said"), [(None, "is missing"), ("not a key", "is no SSH private key"), ("", "is no SSH private key")]
)
def test_a_key_that_is_none_is_named_with_host_and_user(
    with_key: Callable[[Path], Host], tmp_path: Path, content: str | None, said: str
) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_text(content)
    with pytest.raises(AuthenticationError, match=f"zuul01: cannot log in as root: the key {path} {said}"):
        keys_for(with_key(path))


def test_a_locked_key_that_the_agent_does_not_hold_asks_for_ssh_add(
    with_key: Callable[[Path], Host], tmp_path: Path
) -> None:
    path = write_key(tmp_path / "key", b"secret")
    with pytest.raises(AuthenticationError, match="locked with a passphrase") as error:
        keys_for(with_key(path))
    assert f"ssh-add {path}" in str(error.value.hint)


def test_no_key_anywhere_says_where_to_name_one(site: Site) -> None:
    with pytest.raises(AuthenticationError, match="no SSH key to log in with as root") as error:
        keys_for(site.host("zuul01"))
    assert "ssh: {key: PATH}" in str(error.value.hint)


def default_key(tmp_path: Path, name: str, passphrase: bytes | None = None) -> Path:
    (tmp_path / "home/.ssh").mkdir(parents=True, exist_ok=True)
    return write_key(tmp_path / "home/.ssh" / name, passphrase)


def test_a_locked_default_key_is_named_with_what_unlocks_it(site: Site, tmp_path: Path) -> None:
    path = default_key(tmp_path, "id_ed25519", b"secret")
    with pytest.raises(AuthenticationError, match=f"the key {path} is locked with a passphrase") as error:
        keys_for(site.host("zuul01"))
    assert f"ssh-add {path}" in str(error.value.hint)
    assert "ssh-agent" in str(error.value.hint)


def test_a_locked_default_key_leaves_the_others(site: Site, tmp_path: Path) -> None:
    locked = default_key(tmp_path, "id_ed25519", b"secret")
    good = default_key(tmp_path, "id_rsa")
    (tmp_path / "home/.ssh/id_ecdsa").write_text("no key")
    keys = keys_for(site.host("zuul01"))
    assert [candidate.name for candidate in keys.offered] == [str(good)]
    assert keys.locked == (locked,)


class AgentKey:
    """A key that the agent holds."""

    def __init__(self, comment: str, text: str) -> None:
        self.comment, self.text = comment, text

    def get_base64(self) -> str:
        return self.text


def test_the_agents_copy_of_a_default_key_comes_first_and_takes_the_place_of_the_file(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = default_key(tmp_path, "id_ed25519", b"secret")
    path.with_name("id_ed25519.pub").write_text("ssh-ed25519 MINE me\n")
    held = (AgentKey("work", "OTHER"), AgentKey("me", "MINE"))
    monkeypatch.setattr("pkgci.remote.keys._agent_keys", lambda: held)
    keys = keys_for(site.host("zuul01"))
    assert [candidate.name for candidate in keys.offered] == ["me (agent)", "work (agent)"]
    assert keys.locked == ()


def test_a_user_without_a_home_has_no_default_keys(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(AuthenticationError, match="no SSH key to log in with"):
        keys_for(site.host("zuul01"))


def test_a_home_that_may_not_be_read_has_no_default_keys(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    found = os.stat

    def refusing(path: Any, **options: Any) -> os.stat_result:
        if ".ssh" in Path(path).parts:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return found(path, **options)

    monkeypatch.setattr(os, "stat", refusing)
    with pytest.raises(AuthenticationError, match="no SSH key to log in with"):
        keys_for(site.host("zuul01"))


@pytest.fixture
def silent_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An agent that accepts connections and answers nothing, as one that is stopped."""
    path = str(tmp_path / "agent")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(path)
        listening.listen()
        monkeypatch.setenv("SSH_AUTH_SOCK", path)
        monkeypatch.setattr("pkgci.remote.keys._LISTING", 0.1)
        yield path


def test_an_agent_that_does_not_answer_is_named(site: Site, silent_agent: str) -> None:
    with pytest.raises(AuthenticationError, match=silent_agent):
        keys_for(site.host("zuul01"))


def test_an_agent_that_does_not_answer_leaves_the_key_files(site: Site, silent_agent: str, tmp_path: Path) -> None:
    path = default_key(tmp_path, "id_ed25519")
    assert [candidate.name for candidate in keys_for(site.host("zuul01")).offered] == [str(path)]
