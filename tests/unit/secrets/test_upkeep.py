"""``secrets init`` makes what is missing and nothing else; ``rotate`` makes one anew."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from pkgci.errors import PkgciError, UsageError
from pkgci.model.load import load_site
from pkgci.model.site import Site
from pkgci.secrets.store import SecretStore
from pkgci.secrets.upkeep import Outcome, complete, give, rotate
from tests.unit.conftest import SITE
from tests.unit.secrets.conftest import NOW
from tests.unit.secrets.test_needs import LDAP

Opened = Callable[[], SecretStore]


def made(outcome: Outcome) -> list[str]:
    return [change.need.name for change in outcome.changes]


def values(store: SecretStore) -> dict[str, str]:
    return {name: store.secret(name) for name in store.names()}


def test_everything_is_made_once(site: Site, folder: Path) -> None:
    with SecretStore.change(folder, "test") as store:
        first = complete(site, store, NOW)
        text = store.file.read_text()
        second = complete(site, store, NOW)
    assert len(first.changes) == 18
    assert (second.changes, second.kept) == ((), 18)
    assert (folder / "secrets.eyaml").read_text() == text


def test_a_new_host_gets_its_certificate_and_all_else_stays(filled: Opened, write_site: Callable[[str], Path]) -> None:
    before = values(filled())
    site = load_site(write_site(SITE.replace("log01: {roles: [log_server,", "log02: {roles: [log_server,")))
    file = filled().file
    file.write_text(file.read_text() + f"own: {filled().entry('ssh/publisher').encrypted}\n")
    outcome = complete(site, filled(), NOW)
    assert made(outcome) == ["tls/log02"]
    assert outcome.hosts == ("log02",)
    assert outcome.not_needed == ("tls/log01",)
    assert values(filled()).items() >= before.items()


def test_certificates_about_to_expire_are_issued_again(site: Site, filled: Opened) -> None:
    outcome = complete(site, filled(), NOW + timedelta(days=380))
    assert made(outcome) == ["tls/zuul01", "tls/jenkins01", "tls/pub01", "tls/log01"]
    assert all((change.reason or "").startswith("expires on") for change in outcome.changes)


def test_a_name_outside_the_domain_widens_the_authority(filled: Opened, write_site: Callable[[str], Path]) -> None:
    text = SITE.replace("203.0.113.12}", "203.0.113.12, aliases: [apt.example.net]}")
    outcome = complete(load_site(write_site(text)), filled(), NOW)
    assert made(outcome) == ["tls/ca", "tls/pub01"]


def test_one_secret_is_rotated_and_its_hosts_are_named(site: Site, filled: Opened) -> None:
    before = values(filled())
    outcome = rotate(site, filled(), "ssh/slave_build", NOW)
    assert outcome.hosts == ("jenkins01", "build01")
    after = values(filled())
    assert {name for name in before if after[name] != before[name]} == {"ssh/slave_build"}


def test_a_new_authority_issues_every_certificate_again(site: Site, filled: Opened) -> None:
    outcome = rotate(site, filled(), "tls/ca", NOW)
    assert made(outcome) == ["tls/ca", "tls/zuul01", "tls/jenkins01", "tls/pub01", "tls/log01"]
    assert set(outcome.hosts) == {host.name for host in site.hosts}
    assert complete(site, filled(), NOW).changes == ()


def test_a_secret_that_pkgci_did_not_make_is_not_rotated(site: Site, filled: Opened) -> None:
    with pytest.raises(UsageError, match="'own' is no secret that pkgci makes"):
        rotate(site, filled(), "own", NOW)


def test_what_only_people_can_give_is_asked_for_until_they_gave_it(
    filled: Opened, write_site: Callable[[str], Path]
) -> None:
    site = load_site(write_site(SITE + LDAP))
    outcome = complete(site, filled(), NOW)
    # The password that was made for Jenkins' own account is not the one that the directory knows.
    assert [need.name for need in outcome.to_give] == ["jenkins_master/admin_password", "jenkins_master/ldap_password"]
    assert (outcome.changes, outcome.kept) == ((), 17)
    with pytest.raises(PkgciError) as missing:
        filled().secret("jenkins_master/ldap_password")
    assert missing.value.hint == "pkgci secrets set jenkins_master/ldap_password"

    assert give(site, filled(), "jenkins_master/ldap_password", "of ours").hosts == ("jenkins01",)
    give(site, filled(), "jenkins_master/admin_password", "a token")
    assert complete(site, filled(), NOW).to_give == ()
    assert filled().secret("jenkins_master/ldap_password") == "of ours"
    with pytest.raises(UsageError, match="does not make 'jenkins_master/ldap_password'"):
        rotate(site, filled(), "jenkins_master/ldap_password", NOW)


def test_a_password_may_be_chosen_and_a_key_may_not(site: Site, filled: Opened) -> None:
    give(site, filled(), "jenkins_master/admin_password", "chosen")
    assert complete(site, filled(), NOW).changes == ()
    assert filled().secret("jenkins_master/admin_password") == "chosen"
    with pytest.raises(UsageError, match="pkgci makes it"):
        give(site, filled(), "zuul/gerrit_ssh_key", "chosen")
    with pytest.raises(UsageError, match="at least 4 characters"):
        give(site, filled(), "jenkins_master/admin_password", "abc")
