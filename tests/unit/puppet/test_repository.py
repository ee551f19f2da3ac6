"""Whoever installs knows the repositories' keys, the publisher has what signs, and nobody has what certifies."""

from __future__ import annotations

from pkgci.model.roles import SLAVES
from pkgci.render.hiera import Renderer
from tests.unit.puppet.conftest import Catalog, MadeUp

FOLDER = "/etc/pkgci/repository"


def test_every_slave_knows_both_keys_and_no_other_host_needs_them(lab: dict[str, Catalog]) -> None:
    for catalog in lab.values():
        files = {name: f"{FOLDER}/{name}.asc" for name in ("release", "review")}
        is_slave = not set(SLAVES).isdisjoint(catalog.host.roles)
        for name, file in files.items():
            assert catalog.has("File", file) is is_slave
            if is_slave:
                assert f"repository/{name}\n" in str(catalog.get("File", file)["content"])


def test_what_certifies_is_on_no_host_and_what_signs_on_the_publisher_only(lab: dict[str, Catalog]) -> None:
    site = lab["pub01"].site
    asked = {host.name: Renderer(site).render(host, MadeUp()).secrets for host in site.hosts}
    holders = {
        secret: [host for host, secrets in asked.items() if secret in secrets]
        for secret in ("repository/release", "repository/review", "repository/release_signing")
    }
    assert holders == {"repository/release": [], "repository/review": [], "repository/release_signing": ["pub01"]}


def test_repositories_are_signed_anew_only_where_the_site_has_changed(lab: dict[str, Catalog]) -> None:
    refresh = lab["pub01"].get("Exec", "pkgci-repository refresh")
    assert (refresh["unless"], refresh["user"]) == ("pkgci-repository check", "publisher")


def test_the_clean_up_runs_as_the_publisher_and_writes_nowhere_else(lab: dict[str, Catalog]) -> None:
    unit = str(lab["pub01"].get("File", "/etc/systemd/system/pkgci-prune.service")["content"])
    assert {"User=publisher", "ReadWritePaths=/srv/publisher", "ProtectSystem=strict"} <= set(unit.splitlines())
    assert lab["pub01"].get("Service", "pkgci-prune.timer")["enable"] is True


def test_what_fetches_for_builds_is_an_account_of_its_own_with_nothing_but_a_store(lab: dict[str, Catalog]) -> None:
    for name, catalog in lab.items():
        assert catalog.has("User", "pkgci-fetch") is (name == "build01"), name
    build = lab["build01"]
    assert "groups" not in build.get("User", "pkgci-fetch")
    assert build.get("File", "/srv/pkgci/sources")["owner"] == "pkgci-fetch"
    rules = build.get("File", "/etc/sudoers.d/pkgci-source-store")["content"]
    lines = [line for line in rules.splitlines() if "NOPASSWD" in line]
    assert lines == ["jenkins ALL=(pkgci-fetch) NOPASSWD: PKGCI_FETCH"]
    assert "Cmnd_Alias PKGCI_FETCH = /usr/local/bin/pkgci-fetch-source /srv/pkgci/work/*" in rules


def test_what_nobody_needs_any_more_leaves_the_store(lab: dict[str, Catalog]) -> None:
    content = lab["build01"].get("File", "/etc/tmpfiles.d/pkgci-sources.conf")["content"]
    assert content.endswith("d /srv/pkgci/sources 0755 pkgci-fetch pkgci-fetch 180d\n")


def test_fetching_reaches_mirrors_and_nothing_of_the_site(one: Catalog) -> None:
    assert 'meta skuid "pkgci-fetch" goto fetcher' in one.firewall
