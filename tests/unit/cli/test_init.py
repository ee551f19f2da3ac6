"""``pkgci init``: a site that is valid at once, and nothing overwritten."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from pkgci.cli.main import run
from pkgci.model.load import load_site
from pkgci.model.schema import Lab, SiteFile
from pkgci.model.services import Builds, Jenkins, Logs, Repository, Systests, Zuul
from pkgci.starter import files
from tests.unit.conftest import ALICE


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An operator called bob, with an empty home."""
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    for name in ("LOGNAME", "USER"):
        monkeypatch.setenv(name, "bob")
    monkeypatch.setenv("HOME", str(home))
    return home


def test_the_starter_is_valid_at_once(tmp_path: Path) -> None:
    assert run(["init", str(tmp_path / "My Site")]) == 0
    site = load_site(tmp_path / "My Site/site.yaml")
    assert site.name == "my-site"
    assert site.access.administrators == {}


def test_the_operators_public_key_becomes_an_administrators(home: Path, tmp_path: Path) -> None:
    (home / ".ssh/id_ed25519.pub").write_text(ALICE)
    assert run(["init", str(tmp_path / "mysite")]) == 0
    assert load_site(tmp_path / "mysite/site.yaml").administrator_keys == {"bob": (ALICE.strip(),)}


def test_a_private_key_is_never_copied(home: Path, tmp_path: Path) -> None:
    private = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"
    for name in ("id_ed25519", "id_ed25519.pub", "id_rsa.pub"):
        (home / ".ssh" / name).write_text(private)
    assert run(["init", str(tmp_path / "mysite")]) == 0
    assert not (tmp_path / "mysite/keys").exists()


def test_without_a_key_it_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["init", str(tmp_path / "mysite")])
    assert "ssh-keygen" in capsys.readouterr().err


def test_the_starter_shows_every_key_of_a_site_file() -> None:
    text = files.starter("mysite", "bob", None)["site.yaml"]
    models = (SiteFile, Jenkins, Zuul, Builds, Systests, Repository, Logs, Lab)
    assert [key for model in models for key in model.model_fields if f"{key}:" not in text] == []


def test_the_starter_fits_on_a_page_and_a_screen() -> None:
    lines = files.starter("mysite", "bob", ALICE.strip())["site.yaml"].splitlines()
    assert len(lines) < 80
    assert max(map(len, lines)) <= 120


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "site.yaml").write_text("mine")
    assert run(["init", str(tmp_path)]) == 2
    assert "site.yaml exists" in capsys.readouterr().err
    assert (tmp_path / "site.yaml").read_text() == "mine"
    assert not (tmp_path / ".gitignore").exists()


def test_what_git_ignored_before_stays_ignored(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("/build/")
    run(["init", str(tmp_path)])
    assert (tmp_path / ".gitignore").read_text().splitlines() == ["/build/", *files.IGNORED]


def test_git_sees_the_known_hosts_and_no_private_key(tmp_path: Path) -> None:
    run(["init", str(tmp_path / "mysite")])
    for name in ("known_hosts", ".lab/id_ed25519", ".pkgci/run", "secrets/keys/private_key.pkcs7.pem"):
        path = tmp_path / "mysite" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    git = ["git", "-C", str(tmp_path / "mysite")]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    listed = subprocess.run([*git, "ls-files"], capture_output=True, text=True, check=True).stdout.split()
    assert listed == [".gitignore", "known_hosts", "site.yaml"]


@pytest.mark.parametrize("which", files.examples())
def test_every_example_can_be_begun_with(which: str, tmp_path: Path) -> None:
    assert run(["init", "--example", which, str(tmp_path / "mine")]) == 0
    load_site(tmp_path / "mine/site.yaml")


def test_an_unknown_example_gets_the_nearest_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "--example", "openstak", str(tmp_path / "mine")]) == 2
    assert "did you mean 'openstack'?" in capsys.readouterr().err
    assert not (tmp_path / "mine").exists()


def test_a_second_lab_has_a_name_and_a_network_of_its_own() -> None:
    first = files.example("lab", "one", ())["site.yaml"]
    used = files.networks_in(_routes(yaml.safe_load(first)["hosts"]["zuul01"]["address"]))
    second = files.example("lab", "one", used)["site.yaml"]
    addresses = {yaml.safe_load(text)["hosts"]["zuul01"]["address"] for text in (first, second)}
    assert len(addresses) == 2
    assert not any(address.startswith("198.18.1.") for address in addresses)
    assert "198.18.1." not in first
    assert "# The lab's own site" in first
    assert yaml.safe_load(first)["site"] == "one"


def test_an_example_that_was_tried_out_leaves_its_keys_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("site.yaml", "known_hosts", ".lab/id_ed25519", "secrets/keys/private_key.pkcs7.pem", "keys/a.pub"):
        path = tmp_path / "examples/tried" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    monkeypatch.setattr(files, "asset", lambda name: tmp_path / name)
    assert set(files.example("tried", "mine", ())) == {"site.yaml", "keys/a.pub"}


def _routes(address: str) -> str:
    """The kernel's routing table with a default route and a route to the /24 of ``address``."""
    third = int(address.split(".")[2])
    head = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
    default = "eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
    return head + default + f"br-1\t00{third:02X}12C6\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o000])
def test_the_programs_of_an_example_stay_executable(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        assert run(["init", "--example", "lab", str(tmp_path / "mylab")]) == 0
    finally:
        os.umask(before)
    programs = {path.name for path in (tmp_path / "mylab").rglob("*") if path.is_file() and os.access(path, os.X_OK)}
    assert "first-package" in programs
    assert "site.yaml" not in programs
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "mylab").rglob("*") if path.is_file()}
    assert modes == {0o755 & ~umask, 0o644 & ~umask}
