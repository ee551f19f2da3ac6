"""A fake Gerrit, and a site that names it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pkgci.cli.main import run
from pkgci.model.load import load_site
from pkgci.model.site import Site
from pkgci.review import connection
from pkgci.review.opening import opened
from pkgci.review.plan import Plan, make_plan
from pkgci.review.server import GerritServer
from pkgci.review.wanted import site_wanted
from tests.unit.conftest import ALICE, SITE
from tests.unit.review.fake_gerrit import FakeGerrit
from tests.unit.review.fake_gerrit_rest import serving

PROJECT = "packaging/hello"
# The settings of the site's Gerrit, beside its address.
SETTINGS = "manage: {projects: true, branches: [main]}"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGerrit]:
    """A Gerrit as init makes it, which lets everybody become anybody."""
    monkeypatch.setattr(connection, "SERVER_PAUSES", (0.01,))
    monkeypatch.setattr(connection, "_STARTING_PAUSE", 0.01)
    monkeypatch.delenv("PKGCI_GERRIT_PASSWORD", raising=False)
    with serving(FakeGerrit()) as served:
        yield served


@pytest.fixture(scope="session")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The secrets of a site, made once."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "keys").mkdir()
    (folder / "keys/alice.pub").write_text(ALICE)
    (folder / "site.yaml").write_text(SITE)
    assert run(["secrets", "init", "--site", str(folder / "site.yaml")]) == 0
    return folder / "secrets"


@pytest.fixture
def write_review_site(write_site: Callable[[str], Path], fake: FakeGerrit, secrets: Path) -> Callable[..., Path]:
    """Writes a site with this Gerrit, with its secrets; ``settings`` are those of `gerrit:`."""

    def write(settings: str = SETTINGS, more: str = "") -> Path:
        gerrit = f"gerrit: {{host: localhost, url: '{fake.url}'{f', {settings}' if settings else ''}}}"
        path = write_site(SITE.replace("gerrit: {host: review.example.org}", gerrit) + more)
        if not (path.parent / "secrets").exists():
            shutil.copytree(secrets, path.parent / "secrets")
        return path

    return write


@pytest.fixture
def review_site(write_review_site: Callable[..., Path]) -> Site:
    """The site."""
    return load_site(write_review_site())


@pytest.fixture
def plan(review_site: Site, write_review_site: Callable[..., Path]) -> Callable[..., Plan]:
    """Plans the site, with other ``settings`` where they are given, against the fake."""

    def make(settings: str | None = None, more: str = "") -> Plan:
        site = review_site if settings is None else load_site(write_review_site(settings, more))
        wanted = site_wanted(site)
        with opened(site, None, None) as gerrit:
            return make_plan(wanted, GerritServer(gerrit.connection).look(wanted.user, wanted.group, wanted.projects))

    return make


@pytest.fixture
def deployed(review_site: Site, fake: FakeGerrit, capsys: pytest.CaptureFixture[str]) -> FakeGerrit:
    """The fake, made ready for the site."""
    assert run(["deploy-review", "--site", str(review_site.path), "--yes"]) == 0
    capsys.readouterr()
    fake.requests.clear()
    return fake
