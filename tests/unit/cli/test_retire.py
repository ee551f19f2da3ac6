"""``pkgci retire`` on the command line: what needs no host."""

from __future__ import annotations

from pathlib import Path

import pytest

from pkgci.cli.main import run
from pkgci.leavers import memory
from pkgci.leavers.memory import recall, remembered
from pkgci.model.site import Site
from pkgci.secrets.needs import RELEASE_KEY, signing_name


@pytest.fixture
def left(site: Site) -> Path:
    """A site file that a second publisher, pub02, has left."""
    host = remembered(site.host("pub01"), [signing_name(RELEASE_KEY)])
    memory.done(site, host.model_copy(update={"name": "pub02"}))
    (site.directory / "known_hosts").write_text("pub02 ssh-ed25519 AAAA\nzuul01 ssh-ed25519 AAAA\n")
    return site.path


def test_a_host_that_is_gone_is_forgotten_and_what_it_knew_is_named(
    left: Path, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["retire", "--site", str(left), "pub02", "--lost"]) == 0
    said = capsys.readouterr().err
    assert f"pkgci bootstrap --site {left}" in said
    assert f"pkgci secrets rotate --site {left} release-key" in said
    assert recall(site) == {}
    assert (site.directory / "known_hosts").read_text() == "zuul01 ssh-ed25519 AAAA\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["zuul01"], "zuul01 is a host of"),
        (["pub03"], "no host 'pub03' is known to have been bootstrapped"),
        (["pub02", "--lost", "--purge"], "--lost cannot be combined with"),
        (["pub02", "--purge"], "nobody can be asked: there is no terminal"),
    ],
)
def test_what_cannot_be_retired_is_told(
    left: Path, site: Site, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["retire", "--site", str(left), *arguments]) == 2
    assert said in capsys.readouterr().err
    assert set(recall(site)) == {"pub02"}


def test_validate_names_the_host_that_left(left: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", "--site", str(left)]) == 0
    captured = capsys.readouterr()
    assert "pub02 was bootstrapped as publisher, and is no longer in site.yaml: `pkgci retire --site " in captured.err
    assert "site.yaml pub02` takes that away" in captured.err
    assert "pub02" not in captured.out


def test_a_purge_is_asked_about(left: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bootstrap", "--site", str(left), "--host", "pub01", "--purge"]) == 2
    assert capsys.readouterr().err.rstrip().endswith("--host pub01 --purge --yes")
