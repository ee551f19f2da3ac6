"""Which secrets a site needs, and who gets them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pkgci.model.document import DocumentError
from pkgci.model.load import load_site
from pkgci.model.site import Site
from pkgci.secrets.needs import Kind, needs
from tests.unit.conftest import SITE


def test_the_private_half_of_a_slaves_key_stays_on_the_jenkins_master(site: Site) -> None:
    need = needs(site)["ssh/slave_build"]
    assert need.holders == ("jenkins01",)
    assert need.readers == ("build01",)


def test_no_host_gets_the_authoritys_key_and_all_get_its_certificate(site: Site) -> None:
    authority = needs(site)["tls/ca"]
    assert authority.holders == ()
    assert set(authority.readers) == {host.name for host in site.hosts}


def test_every_public_host_and_no_other_has_a_certificate_of_its_own(site: Site) -> None:
    certificates = {name: need.holders for name, need in needs(site).items() if need.kind is Kind.CERTIFICATE}
    assert certificates == {
        "tls/zuul01": ("zuul01",),
        "tls/jenkins01": ("jenkins01",),
        "tls/pub01": ("pub01",),
        "tls/log01": ("log01",),
    }


def test_build_hosts_hold_no_key_that_opens_the_publisher(site: Site) -> None:
    held = {name for name, need in needs(site).items() if "build01" in need.holders}
    assert held == {"log_server/upload_ssh_key"}


def test_no_host_that_runs_jobs_holds_the_key_that_the_tokens_of_logs_are_made_with(site: Site) -> None:
    assert needs(site)["log_server/token_key"].hosts == ("zuul01", "log01")


def test_a_public_host_cannot_be_called_like_the_authority(write_site: Callable[[str], Path]) -> None:
    with pytest.raises(DocumentError, match=r"8:3: host 'ca'.*certificate authority"):
        load_site(write_site(SITE.replace("zuul01:", "ca:")))


LDAP = 'jenkins: {ldap: {server: "ldaps://ldap.example.org", root_dn: dc=example, manager_dn: cn=pkgci}}\n'
OIDC = 'jenkins: {administrators: [ann], oidc: {well_known: "https://id.example.org/c", client_id: jenkins}}\n'


@pytest.mark.parametrize(
    ("jenkins", "given"),
    [
        ("", {}),
        (LDAP, {"jenkins_master/admin_password": (), "jenkins_master/ldap_password": ("jenkins01",)}),
        (LDAP.replace(", manager_dn: cn=pkgci", ""), {"jenkins_master/admin_password": ()}),
        (OIDC, {"jenkins_master/admin_password": (), "jenkins_master/oidc_secret": ("jenkins01",)}),
    ],
)
def test_what_others_know_of_jenkins_users_is_given_and_not_made(
    jenkins: str, given: dict[str, tuple[str, ...]], write_site: Callable[[str], Path]
) -> None:
    found = needs(load_site(write_site(SITE + jenkins)))
    assert {name: need.holders for name, need in found.items() if need.kind is Kind.GIVEN} == given
    assert (found["jenkins_master/admin_password"].kind is Kind.PASSWORD) == (not given)
    assert all(found[name].remark for name in given)
