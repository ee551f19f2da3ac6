"""The site's certificate authority and the certificates that it issues (X.509, RFC 5280)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pkgci.secrets.making import Made

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

_CA_LIFE = timedelta(days=3650)
# A certificate is renewed in the last third of its life, at most 30 days before its end.
_RENEW_BEFORE = timedelta(days=30)
# Hosts whose clock is a little behind accept a new certificate at once.
_CLOCK_SKEW = timedelta(hours=1)


def make_ca(site: str, domains: Iterable[str], now: datetime) -> Made:
    """A certificate authority for the site named ``site`` that can certify names in ``domains`` and no others."""
    # Two generations of the authority must not share a name: clients look an issuer up by it.
    generation = f"{x509.random_serial_number():x}"[:8]
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{site[:50]} CA {generation}")])
    return _self_signed(ec.generate_private_key(ec.SECP256R1()), name, domains, now)


def renew_ca(ca: Made, domains: Iterable[str], now: datetime) -> Made:
    """The authority ``ca`` with a new certificate and its old key and name: what it issued stays valid."""
    return _self_signed(_private_key(ca.secret), load_certificate(ca.public or "").subject, domains, now)


def _self_signed(key: PrivateKey, name: x509.Name, domains: Iterable[str], now: datetime) -> Made:
    certificate = (
        _builder(name, name, key, now, _CA_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints([x509.DNSName(d) for d in sorted(set(domains))], None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Made(_key_pem(key), _pem(certificate))


def issue(ca: Made, names: tuple[str, ...], days: int, now: datetime) -> Made:
    """A server certificate for the DNS ``names``, valid for ``days`` days, and its key, from the authority ``ca``."""
    authority, ca_key = load_certificate(ca.public or ""), _private_key(ca.secret)
    key = ec.generate_private_key(ec.SECP256R1())
    # A common name holds 64 characters; clients read the alternative names, so a longer one loses nothing.
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])] if len(names[0]) <= 64 else [])
    certificate = (
        _builder(subject, authority.subject, key, now, timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=not subject.rdns)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    return Made(_key_pem(key), _pem(certificate))


def load_certificate(pem: str) -> x509.Certificate:
    """The first certificate in ``pem``. Raises ``ValueError`` where there is none."""
    return x509.load_pem_x509_certificate(pem.encode())


def renewal_reason(pem: str, ca_pem: str, names: tuple[str, ...], now: datetime) -> str | None:
    """Why the certificate ``pem`` must be issued again (as words that follow its name), or None where it need not."""
    certificate = load_certificate(pem)
    try:
        certificate.verify_directly_issued_by(load_certificate(ca_pem))
    except (ValueError, TypeError, InvalidSignature):
        return "was not issued by the site's present CA"
    if set(_names(certificate)) != set(names):
        return f"is for {', '.join(_names(certificate))}; the host's names are now {', '.join(names)}"
    return _expiry_reason(certificate, now)


def ca_renewal_reason(pem: str, domains: Iterable[str], now: datetime) -> str | None:
    """Why the authority's certificate must be made again, with the same key, or None where it need not."""
    certificate = load_certificate(pem)
    beyond = [domain for domain in sorted(set(domains)) if not _within(domain, _permitted(certificate) or [domain])]
    if beyond:
        return f"does not reach as far as {', '.join(beyond)}"
    return _expiry_reason(certificate, now)


def expiry(pem: str) -> datetime:
    """The end of the certificate's validity."""
    return load_certificate(pem).not_valid_after_utc


def outermost(names: Iterable[str]) -> tuple[str, ...]:
    """``names`` without those that lie in the domain of another one."""
    unique = sorted(set(names))
    return tuple(name for name in unique if not _within(name, set(unique) - {name}))


def _within(name: str, domains: Iterable[str]) -> bool:
    return any(name == domain or name.endswith(f".{domain}") for domain in domains)


def _expiry_reason(certificate: x509.Certificate, now: datetime) -> str | None:
    left = certificate.not_valid_after_utc - now
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    if left > min(_RENEW_BEFORE, life / 3):
        return None
    day = certificate.not_valid_after_utc.date().isoformat()
    return f"expires on {day}" if left > timedelta(0) else f"expired on {day}"


def _permitted(certificate: x509.Certificate) -> list[str]:
    """The domains that the authority is constrained to; none where it may certify every name."""
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return []
    return [str(name.value) for name in constraints.permitted_subtrees or ()]


def _names(certificate: x509.Certificate) -> list[str]:
    value = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return value.get_values_for_type(x509.DNSName)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: PrivateKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now - _CLOCK_SKEW + life)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _private_key(pem: str) -> PrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), None)
    if not isinstance(key, PrivateKey):
        raise ValueError("the authority's key is neither EC nor RSA")
    return key


def _key_pem(key: PrivateKey) -> str:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
