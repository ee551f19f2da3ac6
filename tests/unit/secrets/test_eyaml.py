"""hiera-eyaml's format, in both directions, and what a wrong key says."""

import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from pkgci.errors import PkgciError
from pkgci.secrets.eyaml import load_key_pair, load_public_key, make_key_pair

TEXT = "first line\nsecond line: ünïcode\n"
needs_eyaml = pytest.mark.skipif(shutil.which("eyaml") is None, reason="hiera-eyaml is not installed")


def eyaml(keys: Path, *arguments: str, text: str = "") -> str:
    options = [f"--pkcs7-{half}-key={keys}/{half}_key.pkcs7.pem" for half in ("private", "public")]
    run = subprocess.run(["eyaml", *arguments, "-q", *options], input=text, capture_output=True, text=True, check=True)
    return run.stdout


def test_what_is_encrypted_can_be_decrypted(key_pair: Path) -> None:
    assert load_key_pair(key_pair).decrypt(load_public_key(key_pair).encrypt(TEXT)) == TEXT


@needs_eyaml
def test_debians_eyaml_decrypts_what_pkgci_encrypts(key_pair: Path) -> None:
    assert eyaml(key_pair, "decrypt", "--stdin", text=load_public_key(key_pair).encrypt(TEXT)) == TEXT


@needs_eyaml
@pytest.mark.parametrize("form", ["string", "block"])
def test_pkgci_decrypts_what_eyaml_encrypts(key_pair: Path, form: str) -> None:
    assert load_key_pair(key_pair).decrypt(eyaml(key_pair, "encrypt", "--stdin", "-o", form, text=TEXT)) == TEXT


@needs_eyaml
def test_keys_made_by_eyaml_are_accepted(tmp_path: Path) -> None:
    eyaml(tmp_path, "createkeys")
    encrypted = load_public_key(tmp_path).encrypt(TEXT)
    assert eyaml(tmp_path, "decrypt", "--stdin", text=encrypted) == TEXT
    assert load_key_pair(tmp_path).decrypt(eyaml(tmp_path, "encrypt", "--stdin", "-o", "string", text=TEXT)) == TEXT


def test_the_private_key_is_readable_by_its_owner_only(key_pair: Path) -> None:
    assert stat.S_IMODE((key_pair / "private_key.pkcs7.pem").stat().st_mode) == 0o600


def test_a_damaged_value_is_told_from_no_value_at_all(key_pair: Path) -> None:
    keys = load_key_pair(key_pair)
    with pytest.raises(ValueError, match="is no ENC"):
        keys.decrypt("hunter2")
    with pytest.raises(ValueError, match="damaged"):
        keys.decrypt("ENC[PKCS7,AAAA]")


def test_a_private_key_that_others_can_read_is_refused(key_pair: Path, tmp_path: Path) -> None:
    keys = Path(shutil.copytree(key_pair, tmp_path / "keys"))
    (keys / "private_key.pkcs7.pem").chmod(0o640)
    with pytest.raises(PkgciError, match="can be read by others") as raised:
        load_key_pair(keys)
    assert raised.value.hint is not None
    assert raised.value.hint.startswith("chmod 600")


def test_a_missing_private_key_says_where_it_comes_from(key_pair: Path, tmp_path: Path) -> None:
    keys = Path(shutil.copytree(key_pair, tmp_path / "keys"))
    (keys / "private_key.pkcs7.pem").unlink()
    with pytest.raises(PkgciError, match="is missing") as raised:
        load_key_pair(keys)
    assert "never in version control" in str(raised.value.hint)


def test_anothers_private_key_is_recognised(key_pair: Path, tmp_path: Path) -> None:
    make_key_pair(tmp_path, "other")
    shutil.copy(key_pair / "public_key.pkcs7.pem", tmp_path)
    with pytest.raises(PkgciError, match="is not the key that the secrets were encrypted for"):
        load_key_pair(tmp_path)


@pytest.mark.parametrize("content", ["", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n"])
def test_a_file_that_is_no_key_is_named(key_pair: Path, tmp_path: Path, content: str) -> None:
    keys = Path(shutil.copytree(key_pair, tmp_path / "keys"))
    (keys / "private_key.pkcs7.pem").write_text(content)
    with pytest.raises(PkgciError, match=r"private_key\.pkcs7\.pem holds no private key"):
        load_key_pair(keys)
