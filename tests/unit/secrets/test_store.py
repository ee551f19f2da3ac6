"""The file of secrets: kept, found, edited, and what is said where something is wrong."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pkgci.errors import PkgciError, UsageError
from pkgci.secrets.eyaml import KeyPair, load_public_key, make_key_pair
from pkgci.secrets.making import Made
from pkgci.secrets.store import SecretStore
from tests.unit.secrets.test_eyaml import eyaml, needs_eyaml

Opened = Callable[[], SecretStore]


def test_a_site_without_secrets_says_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(PkgciError, match="no secrets yet") as raised:
        SecretStore.open(tmp_path / "secrets")
    assert raised.value.hint == "pkgci secrets init"


def test_secrets_are_kept_encrypted_and_public_halves_readable(filled: Opened) -> None:
    store = filled()
    text = store.file.read_text()
    # A certificate's key repeats its public half, sometimes in the same base64: only the other kinds are looked for.
    values = [store.secret(name) for name in store.names() if not name.startswith(("tls/", "repository/"))]
    lines = {line for value in values for line in value.splitlines() if len(line) > 20 and line[0] != "-"}
    assert len(lines) > len(values)
    assert not any(line in text for line in lines)
    assert "PRIVATE KEY" not in text
    assert store.public("ssh/slave_build") in text
    assert store.public("ssh/slave_build").split()[2] == "ssh/slave_build@test"


def test_the_public_half_of_a_certificate_is_its_chain(filled: Opened) -> None:
    store = filled()
    chain = store.public("tls/pub01")
    assert chain.count("BEGIN CERTIFICATE") == 2
    assert chain.endswith(store.public("tls/ca"))
    assert store.public("tls/ca").count("BEGIN CERTIFICATE") == 1


def test_an_unknown_secret_gets_the_nearest_name(filled: Opened) -> None:
    with pytest.raises(PkgciError, match="did you mean 'zuul/gerrit_ssh_key'"):
        filled().secret("zuul/gerrit_key")


def test_a_password_has_no_public_half(filled: Opened) -> None:
    with pytest.raises(PkgciError, match="has no public half"):
        filled().public("jenkins_master/admin_password")


def test_public_halves_need_no_private_key(filled: Opened) -> None:
    filled().private_key_file.unlink()
    assert filled().public("tls/pub01")
    with pytest.raises(PkgciError, match="is missing"):
        filled().secret("tls/pub01")


def test_each_secret_is_decrypted_once_and_only_when_asked_for(filled: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    decrypted = []
    decrypt = KeyPair.decrypt

    def counting(self: KeyPair, text: str) -> str:
        decrypted.append(text)
        return decrypt(self, text)

    monkeypatch.setattr(KeyPair, "decrypt", counting)
    store = filled()
    assert store.secret("ssh/publisher") == store.secret("ssh/publisher")
    assert decrypted == [store.entry("ssh/publisher").encrypted]


def test_the_site_folder_keeps_the_private_key_out_of_git(filled: Opened) -> None:
    folder = filled().directory
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    subprocess.run(["git", "add", "."], cwd=folder, check=True)
    listed = subprocess.run(["git", "ls-files"], cwd=folder, capture_output=True, text=True, check=True).stdout.split()
    assert listed == [".gitignore", "keys/public_key.pkcs7.pem", "secrets.eyaml"]


@needs_eyaml
def test_debians_eyaml_decrypts_the_whole_file(filled: Opened) -> None:
    store = filled()
    text = eyaml(store.directory / "keys", "decrypt", "-f", str(store.file))
    assert store.secret("jenkins_master/admin_password") in text
    assert all(line in text for line in store.secret("tls/ca").splitlines())


@needs_eyaml
def test_secrets_that_eyaml_wrote_into_the_file_are_found(filled: Opened) -> None:
    store = filled()
    for form in ("string", "block"):
        line = eyaml(store.directory / "keys", "encrypt", "--stdin", "-o", form, "-l", f"own/{form}", text="a\nb")
        block = line if form == "string" else line.replace(": ENC", ": >\n  ENC")
        store.file.write_text(store.file.read_text() + block.rstrip() + "\n")
    assert filled().secret("own/string") == filled().secret("own/block") == "a\nb"


def test_comments_and_other_secrets_survive_a_change(filled: Opened) -> None:
    file = filled().file
    before = file.read_text().replace("ssh/publisher:", "# mine\n'ssh/publisher':")
    file.write_text(before + "\n# the end\n")
    with SecretStore.change(file.parent, "test") as store:
        store.put({"ssh/publisher": Made("new", "ssh-ed25519 new"), "own": Made("x")}, "2026-03-02")
    after = file.read_text()
    assert "# mine\nssh/publisher:\n  made: 2026-03-02\n  public: ssh-ed25519 new\n  secret: ENC[" in after
    assert "# the end\nown:\n" in after
    assert filled().secret("ssh/publisher") == "new"
    kept = [line for line in before.splitlines() if line.startswith("  secret") and line not in after]
    assert len(kept) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: {secret: hunter2}\n", "'a' is not encrypted"),
        ("a: hunter2\n", "'a' is not encrypted"),
        ("a: [hunter2]\n", "'a' is not encrypted"),
        ("- hunter2\n", "is no mapping"),
        ("a: b: hunter2\n", "secrets.eyaml:1:5: is no YAML"),
    ],
)
def test_a_wrong_file_is_refused_without_telling_what_it_holds(folder: Path, text: str, message: str) -> None:
    (folder / "secrets.eyaml").write_text(text)
    with pytest.raises(UsageError, match=message) as raised:
        SecretStore.open(folder)
    assert "hunter2" not in f"{raised.value.message}{raised.value.hint}"


def test_a_secret_encrypted_for_another_key_is_named(filled: Opened, tmp_path: Path) -> None:
    store = filled()
    make_key_pair(tmp_path / "other", "test")
    token = load_public_key(tmp_path / "other").encrypt("hunter2")
    store.file.write_text(store.file.read_text() + f"own: {token}\n")
    with pytest.raises(PkgciError, match="'own' is damaged, or was encrypted for another key") as raised:
        filled().secret("own")
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


def test_secrets_are_not_made_for_a_lost_key(filled: Opened) -> None:
    folder = filled().directory
    shutil.rmtree(folder / "keys")
    with pytest.raises(PkgciError, match=r"public_key\.pkcs7\.pem"), SecretStore.change(folder, "test"):
        pass
    assert not (folder / "keys").exists()
