"""One key pair for all tests of this room: making one takes longer than everything else here."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pkgci.model.site import Site
from pkgci.secrets.eyaml import make_key_pair
from pkgci.secrets.store import SecretStore
from pkgci.secrets.upkeep import complete

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def key_pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a key pair."""
    folder = tmp_path_factory.mktemp("keys")
    make_key_pair(folder, "test")
    return folder


@pytest.fixture
def folder(tmp_path: Path, key_pair: Path) -> Path:
    """A site's ``secrets`` folder that has keys and no secrets yet."""
    shutil.copytree(key_pair, tmp_path / "secrets/keys")
    return tmp_path / "secrets"


@pytest.fixture
def filled(site: Site, folder: Path) -> Callable[[], SecretStore]:
    """Opens the store of a site whose secrets have been made."""
    with SecretStore.change(folder, site.name) as store:
        complete(site, store, NOW)
    return lambda: SecretStore.open(folder)
