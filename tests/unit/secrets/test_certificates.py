"""The authority and its certificates, judged by OpenSSL's own verifier."""

import ssl
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from pkgci.secrets.certificates import (
    ca_renewal_reason,
    issue,
    load_certificate,
    make_ca,
    outermost,
    renew_ca,
    renewal_reason,
)
from pkgci.secrets.making import Made
from tests.unit.secrets.conftest import NOW

NAMES = ("pub01.example.org", "packages.example.org")
DOMAINS = ("example.org",)


@pytest.fixture(scope="module")
def authority() -> Made:
    return make_ca("test", DOMAINS, NOW)


def verify(leaf: Made, authority: Made, name: str) -> None:
    """Raises ``VerificationError`` where a client would not accept ``leaf`` as the server ``name``."""
    store = Store([load_certificate(authority.public or "")])
    builder = PolicyBuilder().store(store).time(NOW.replace(tzinfo=None) + timedelta(days=1))
    builder.build_server_verifier(x509.DNSName(name)).verify(load_certificate(leaf.public or ""), [])


def test_clients_accept_a_host_under_each_of_its_names(authority: Made) -> None:
    leaf = issue(authority, NAMES, 397, NOW)
    for name in NAMES:
        verify(leaf, authority, name)
    with pytest.raises(VerificationError):
        verify(leaf, authority, "elsewhere.example.org")


def test_openssl_loads_certificate_chain_and_key(authority: Made, tmp_path: Path) -> None:
    leaf = issue(authority, NAMES, 397, NOW)
    (tmp_path / "chain.pem").write_text((leaf.public or "") + (authority.public or ""))
    (tmp_path / "key.pem").write_text(leaf.secret)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tmp_path / "chain.pem", tmp_path / "key.pem")


def test_the_authority_cannot_certify_names_outside_the_site(authority: Made) -> None:
    stray = issue(authority, ("bank.example.com",), 397, NOW)
    with pytest.raises(VerificationError):
        verify(stray, authority, "bank.example.com")


def test_a_certificate_is_for_servers_only_and_for_as_long_as_the_site_says(authority: Made) -> None:
    certificate = load_certificate(issue(authority, NAMES, 90, NOW).public or "")
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc == timedelta(days=90)


def test_a_name_longer_than_a_common_name_can_be_is_certified(authority: Made) -> None:
    name = f"{'a' * 60}.{'b' * 60}.example.org"
    verify(issue(authority, (name,), 397, NOW), authority, name)


def test_a_good_certificate_is_left_alone(authority: Made) -> None:
    leaf = issue(authority, NAMES, 397, NOW)
    assert renewal_reason(leaf.public or "", authority.public or "", tuple(reversed(NAMES)), NOW) is None


@pytest.mark.parametrize(
    ("days", "later", "reason"),
    [
        (397, 366, None),
        (397, 368, "expires on 2027-04-02"),
        (397, 400, "expired on 2027-04-02"),
        (9, 5, None),
        (9, 7, "expires on"),
    ],
)
def test_a_certificate_is_renewed_before_its_end(authority: Made, days: int, later: int, reason: str | None) -> None:
    leaf = issue(authority, NAMES, days, NOW)
    found = renewal_reason(leaf.public or "", authority.public or "", NAMES, NOW + timedelta(days=later))
    assert (found or "").startswith(reason or "")
    assert (found is None) == (reason is None)


def test_a_certificate_is_renewed_when_the_hosts_names_change(authority: Made) -> None:
    leaf = issue(authority, NAMES, 397, NOW)
    reason = renewal_reason(leaf.public or "", authority.public or "", (*NAMES, "apt.example.org"), NOW)
    assert reason is not None
    assert "apt.example.org" in reason


def test_a_certificate_of_another_authority_is_renewed(authority: Made) -> None:
    leaf = issue(make_ca("test", DOMAINS, NOW), NAMES, 397, NOW)
    assert renewal_reason(leaf.public or "", authority.public or "", NAMES, NOW) is not None


def test_an_authority_that_is_made_to_reach_further_keeps_what_it_issued(authority: Made) -> None:
    domains = (*DOMAINS, "example.net")
    reason = ca_renewal_reason(authority.public or "", domains, NOW)
    assert reason == "does not reach as far as example.net"
    renewed = renew_ca(authority, domains, NOW)
    verify(issue(authority, NAMES, 397, NOW), renewed, NAMES[0])
    verify(issue(renewed, ("apt.example.net",), 397, NOW), renewed, "apt.example.net")
    assert ca_renewal_reason(renewed.public or "", domains, NOW) is None


def test_names_within_another_ones_domain_need_no_mention() -> None:
    assert outermost(["a.example.org", "example.org", "anexample.org"]) == ("anexample.org", "example.org")
