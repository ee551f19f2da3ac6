"""With which key we log in."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pkgci.model.site import Host, Site
from pkgci.remote.errors import AuthenticationError
from pkgci.remote.keys import login


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
    tried = login(with_key(key))
    assert tried.tried == (str(key),)
    assert (tried.arguments["allow_agent"], tried.arguments["look_for_keys"]) == (False, False)


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
        login(with_key(path))


def test_a_locked_key_that_the_agent_does_not_hold_asks_for_ssh_add(
    with_key: Callable[[Path], Host], tmp_path: Path
) -> None:
    path = write_key(tmp_path / "key", b"secret")
    with pytest.raises(AuthenticationError, match="locked with a passphrase") as error:
        login(with_key(path))
    assert error.value.hint == f"`ssh-add {path}`"


def test_no_key_anywhere_says_where_to_name_one(site: Site) -> None:
    with pytest.raises(AuthenticationError, match="no SSH key to log in with as root") as error:
        login(site.host("zuul01"))
    assert "ssh: {key: PATH}" in str(error.value.hint)
