"""``pkgci secrets`` on the command line."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pkgci.cli.main import run
from tests.unit.secrets.test_needs import LDAP


@pytest.fixture
def site_file(write_site: Callable[..., Path]) -> Path:
    return write_site()


def pkgci(site_file: Path, *arguments: str) -> int:
    return run(["secrets", *arguments[:1], "--site", str(site_file), *arguments[1:]])


def test_the_life_of_a_secret(site_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "jenkins_master/admin_password"
    assert pkgci(site_file, "init") == 0
    shown = capsys.readouterr()
    assert "18 made, 0 kept" in shown.out
    assert "Keep a copy of" in shown.err
    assert pkgci(site_file, "show", name) == 0
    password = capsys.readouterr().out.strip()
    assert len(password) == 32
    assert password not in shown.out + shown.err

    assert pkgci(site_file, "list") == 0
    listed = capsys.readouterr().out
    assert f"{name}  password" in listed
    assert password not in listed

    assert pkgci(site_file, "rotate", name) == 0
    rotated = capsys.readouterr()
    assert f"pkgci bootstrap --site {site_file} --host jenkins01" in rotated.err
    assert pkgci(site_file, "show", name) == 0
    assert capsys.readouterr().out.strip() not in (password, "")


def test_a_given_secret_is_read_from_standard_input_and_never_shown(
    site_file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    site_file.write_text(site_file.read_text() + LDAP)
    name = "jenkins_master/ldap_password"
    assert pkgci(site_file, "init") == 0
    command = f"  pkgci secrets set --site {site_file} {name}"
    assert f"still to be given: the password of cn=pkgci\n{command}" in capsys.readouterr().err
    assert pkgci(site_file, "list") == 1
    assert command in capsys.readouterr().err

    monkeypatch.setattr("sys.stdin", io.StringIO("hunter22\n"))
    assert pkgci(site_file, "set", name) == 0
    shown = capsys.readouterr()
    assert f"pkgci bootstrap --site {site_file} --host jenkins01" in shown.err
    assert "hunter22" not in shown.out + shown.err
    assert pkgci(site_file, "show", name) == 0
    assert capsys.readouterr().out == "hunter22\n"


def test_an_unknown_name_is_wrong_use(site_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pkgci(site_file, "init")
    for verb in ("show", "rotate"):
        assert pkgci(site_file, verb, "zuul/gerit_ssh_key") == 2
        assert "did you mean 'zuul/gerrit_ssh_key'?" in capsys.readouterr().err


def test_a_site_without_secrets_says_what_to_type(site_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert pkgci(site_file, "list") == 2
    assert f"pkgci secrets init --site {site_file}" in capsys.readouterr().err


def test_a_host_without_its_certificate_is_missing_in_the_list(
    site_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pkgci(site_file, "init")
    site_file.write_text(site_file.read_text().replace("pub01:", "pub02:"))
    capsys.readouterr()
    assert pkgci(site_file, "list", "--json") == 1
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["tls/pub02"]["missing"]
    assert rows["tls/pub01"]["kind"] == "not needed"
    assert rows["tls/zuul01"]["hosts"] == ["zuul01"]


def test_a_repositorys_key_is_rotated_as_planned_once_somebody_said_yes(
    site_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pkgci(site_file, "init") == 0
    capsys.readouterr()
    assert pkgci(site_file, "rotate", "release-key") == 2
    refused = capsys.readouterr()
    assert "a new signing subkey, under the same primary key" in refused.out
    assert "--yes release-key" in refused.err

    assert pkgci(site_file, "rotate", "release-key", "--yes") == 0
    shown = capsys.readouterr()
    assert "remade  repository/release " in shown.out
    assert f"pkgci secrets rotate --site {site_file} --finish release-key" in shown.err
    assert f"pkgci bootstrap --site {site_file} --host pub01" in shown.err
    assert pkgci(site_file, "rotate", "repository/release", "--yes") == 2
    assert "is being rotated already" in capsys.readouterr().err

    assert pkgci(site_file, "rotate", "release-key", "--finish", "--yes", "--json") == 0
    outcome = json.loads(capsys.readouterr().out)
    assert [change["name"] for change in outcome["made"]] == ["repository/release_signing"]
    assert pkgci(site_file, "list", "--json") == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["repository/release"]["hosts"] == []
    assert rows["repository/release_signing"]["hosts"] == ["pub01"]
    assert rows["repository/release_signing"]["expires"] > "2027"


def test_only_a_repositorys_key_has_an_overlap_to_end(site_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert pkgci(site_file, "init") == 0
    assert pkgci(site_file, "rotate", "ssh/publisher", "--finish") == 2
    assert "is rotated in one step" in capsys.readouterr().err
