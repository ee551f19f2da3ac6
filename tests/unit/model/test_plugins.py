"""Jenkins' plugins: what is used, with all that it needs, each pinned."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest

from pkgci.model.document import DocumentError
from pkgci.model.load import load_site
from pkgci.model.plugins import pinned
from pkgci.model.site import Site
from tests.unit.conftest import SITE

KNOWN = json.loads(resources.files("pkgci.model").joinpath("plugins.json").read_text())
# No public record of the released file was found.
UNKNOWN = {"gearman-plugin", "ldap", "oic-auth", "nimbus-jose-jwt-api"}


def test_the_list_is_whole() -> None:
    assert {name for entry in KNOWN.values() for name in entry.get("needs", ())} <= set(KNOWN)
    for name, entry in KNOWN.items():
        assert re.fullmatch("[0-9a-f]{64}", entry.get("sha256", "")) or name in UNKNOWN, name


def test_only_what_something_uses_is_installed(site: Site) -> None:
    versions = pinned(site).versions
    assert {"configuration-as-code", "credentials", "ssh-slaves", "matrix-auth", "gearman-plugin"} <= set(versions)
    unused = {
        "timestamper",
        "ansicolor",
        "build-timeout",
        "envinject",
        "git",
        "ws-cleanup",
        "ldap",
        "oic-auth",
        "mailer",
    }
    assert not unused & set(versions)
    for name in versions:
        assert set(KNOWN[name].get("needs", ())) <= set(versions), name


def test_every_plugin_has_a_checksum_but_one_of_which_none_is_known(site: Site) -> None:
    found = pinned(site)
    without = {name for name, version in found.versions.items() if f"{name}:{version}" not in found.checksums}
    assert without == {"gearman-plugin"}
    assert found.companions == ()


def test_users_from_a_directory_or_a_provider_bring_their_plugins(write_site: Callable[[str], Path]) -> None:
    oidc = "jenkins: {oidc: {well_known: 'https://id.example.org/x', client_id: j}}\n"
    found = pinned(load_site(write_site(SITE + oidc)))
    assert "oic-auth" in found.versions and found.companions == ("nimbus-jose-jwt-api",)


def test_a_site_pins_its_own(write_site: Callable[[str], Path]) -> None:
    ours = f"{{git: 5.10.1, gearman-plugin: {{version: 0.8.1, sha256: {'a' * 64}}}, structs: '400'}}"
    own = f"jenkins: {{plugins: {ours}}}\n"
    found = pinned(load_site(write_site(SITE + own)))
    assert (found.versions["git"], found.versions["gearman-plugin"], found.versions["structs"]) == (
        "5.10.1",
        "0.8.1",
        "400",
    )
    assert found.checksums["gearman-plugin:0.8.1"] == "a" * 64
    assert not any(name.startswith(("structs:", "git:")) for name in found.checksums), "ours is of another version"


@pytest.mark.parametrize("plugin", ["{version: '1', sha256: abc}", "{sha256: ''}", "'1; rm'", "[]"])
def test_a_pin_that_is_none_is_refused(write_site: Callable[[str], Path], plugin: str) -> None:
    with pytest.raises(DocumentError, match="git"):
        load_site(write_site(SITE + f"jenkins: {{plugins: {{git: {plugin}}}}}\n"))
