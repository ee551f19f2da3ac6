"""Whoever installs knows the repositories' keys, the publisher has what signs, and nobody has what certifies."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from pkgci_steps.repository import places
from pkgci_steps.signer.wire import SOCKET

from pkgci.model.records import read_records
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
    renderer = Renderer(site, records=read_records(site))
    asked = {host.name: renderer.render(host, MadeUp()).secrets for host in site.hosts}
    holders = {
        secret: [host for host, secrets in asked.items() if secret in secrets]
        for secret in ("repository/release", "repository/review", "repository/release_signing")
    }
    assert holders == {"repository/release": [], "repository/review": [], "repository/release_signing": ["pub01"]}


ACCOUNTS = tuple(places.ACCOUNTS.values())


def test_repositories_are_signed_anew_only_where_the_site_has_changed(lab: dict[str, Catalog]) -> None:
    for account in ACCOUNTS:
        refresh = lab["pub01"].get("Exec", f"pkgci-repository refresh as {account}")
        assert (refresh["unless"], refresh["user"]) == ("pkgci-repository check", account)


def test_the_clean_up_runs_as_each_account_and_writes_nowhere_else(lab: dict[str, Catalog]) -> None:
    for suffix, account in zip(("", "-review", "-gate"), ACCOUNTS, strict=True):
        unit = str(lab["pub01"].get("File", f"/etc/systemd/system/pkgci-prune{suffix}.service")["content"])
        assert {f"User={account}", "ReadWritePaths=/srv/publisher", "ProtectSystem=strict"} <= set(unit.splitlines())
        assert lab["pub01"].get("Service", f"pkgci-prune{suffix}.timer")["enable"] is True


def test_the_signer_alone_has_the_keys_and_only_who_publishes_reaches_it(lab: dict[str, Catalog]) -> None:
    publisher = lab["pub01"]
    for name in ("release_signing.asc", "review_signing.asc"):
        file = publisher.get("File", f"/etc/pkgci/keys/{name}")
        assert (file["owner"], file["group"], file["mode"]) == ("pkgci-signer", "pkgci-signer", "0600")
    assert publisher.get("File", "/var/lib/pkgci-signer")["mode"] == "0700"
    former = publisher.get("Exec", "remove the keys in /srv/publisher/gnupg")
    assert former["command"] == "rm -rf /srv/publisher/gnupg /srv/publisher/gnupg-*"
    socket = str(publisher.get("File", "/etc/systemd/system/pkgci-signer.socket")["content"]).splitlines()
    assert {"SocketMode=0660", "SocketGroup=pkgci-publishing", f"ListenStream={SOCKET}"} <= set(socket)
    members = {
        title for title, user in publisher.all("User").items() if "pkgci-publishing" in str(user.get("groups", ""))
    }
    assert members == set(ACCOUNTS)
    unit = str(publisher.get("File", "/etc/systemd/system/pkgci-signer.service")["content"]).splitlines()
    cage = {"User=pkgci-signer", "PrivateNetwork=yes", "CapabilityBoundingSet=", "NoNewPrivileges=yes", "LimitCORE=0"}
    assert cage <= set(unit)


def test_each_kind_of_repository_is_another_accounts(lab: dict[str, Catalog]) -> None:
    publisher = lab["pub01"]
    for desk in ("review", "gate"):
        folder = publisher.get("File", f"/srv/publisher/public/{desk}")
        assert (folder["owner"], folder["mode"]) == (places.ACCOUNTS[desk], "0755")
        assert publisher.get("File", f"/etc/pkgci/keys/fetch_{desk}")["owner"] == places.ACCOUNTS[desk]
    assert publisher.get("File", "/srv/publisher/public")["owner"] == places.ACCOUNTS["release"]
    rules = str(publisher.get("File", "/etc/sudoers.d/pkgci-publisher")["content"])
    lines = [line for line in rules.splitlines() if "NOPASSWD" in line]
    assert lines == [
        "jenkins ALL=(pkgci-review, pkgci-gate) NOPASSWD: PKGCI_LOOK",
        "jenkins ALL=(publisher) NOPASSWD: PKGCI_PROMOTE",
    ]


def test_what_was_one_accounts_before_is_given_to_those_that_work_on_it_now(
    lab: dict[str, Catalog], tmp_path: Path
) -> None:
    """A lock that is another account's can be opened by nobody: no repository of a change could be signed anew."""
    for desk in ("review", "gate"):
        for folder in (f"/srv/publisher/public/{desk}", f"/srv/publisher/locks/{desk}"):
            given = lab["pub01"].get("Exec", f"give {folder} to {places.ACCOUNTS[desk]}")
            assert str(given["command"]).startswith(f"find {folder} ")
            (tmp_path / "5.lock").touch()
            for owner, is_due in ((os.geteuid(), False), (os.geteuid() + 1, True)):
                asked = given["onlyif"].replace(folder, str(tmp_path)).replace(places.ACCOUNTS[desk], str(owner))
                assert (subprocess.run(["sh", "-c", asked], check=False).returncode == 0) is is_due


def test_a_released_package_is_not_given_to_the_account_that_looks_at_what_strangers_built(
    lab: dict[str, Catalog], tmp_path: Path
) -> None:
    """An older pkgci gave a package that it released a second name: whoever owns it under one could write to both."""
    given = str(lab["pub01"].get("Exec", "give /srv/publisher/public/review to pkgci-review")["command"])
    pool = tmp_path / "review/5/shared/deb/pool/trixie"
    pool.mkdir(parents=True)
    for name in ("released.deb", "only-in-review.deb"):
        (pool / name).touch()
    (tmp_path / "released.deb").hardlink_to(pool / "released.deb")
    search, _, change = given.replace("/srv/publisher/public/review", str(tmp_path / "review")).partition(" -execdir ")
    assert change == "chown --no-dereference pkgci-review:pkgci-review {} +"
    found = subprocess.run(["sh", "-c", search], capture_output=True, text=True, check=True).stdout.split()
    assert {Path(path).name for path in found} == {*pool.relative_to(tmp_path).parts, "only-in-review.deb"}


def test_the_lists_of_an_older_pkgci_go_and_those_of_today_stay(lab: dict[str, Catalog], tmp_path: Path) -> None:
    remove = lab["pub01"].get("Exec", "remove the lists of an older pkgci in /srv/publisher/lists")
    for name in ("trixie", *places.DESKS):
        (tmp_path / name).mkdir()
    due = [remove[word].replace("/srv/publisher/lists", str(tmp_path)) for word in ("onlyif", "command", "onlyif")]
    assert [subprocess.run(["sh", "-c", words], check=False).returncode for words in due] == [0, 0, 1]
    assert {path.name for path in tmp_path.iterdir()} == set(places.DESKS)


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
