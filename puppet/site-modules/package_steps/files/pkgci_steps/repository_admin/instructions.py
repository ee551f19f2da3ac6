"""How a machine comes to use a repository: files to put there, and commands to paste. Pure."""

from __future__ import annotations

from ..review import MIRRORS
from .description import Description


def apt_source(description: Description, target: str) -> str:
    """What goes to /etc/apt/sources.list.d (sources.list(5), deb822)."""
    return (
        f"# Packages of {description.label} for {target}: {description.base}\n"
        "Types: deb deb-src\n"
        f"URIs: {description.base}deb\n"
        f"Suites: {target}\n"
        "Components: main\n"
        f"Signed-By: {description.apt_key}\n"
    )


def dnf_repository(description: Description, target: str) -> str:
    """What goes to /etc/yum.repos.d (dnf.conf(5))."""
    return (
        f"# Packages of {description.label} for {target}: {description.base}\n"
        f"[{description.label}-{target}]\n"
        f"name={description.label}: packages for {target}\n"
        f"mirrorlist={description.base}rpm/{target}/{MIRRORS}\n"
        "enabled=1\n"
        "gpgcheck=1\n"
        "repo_gpgcheck=1\n"
        f"gpgkey={description.url}keys/{description.key}.asc\n"
        f"sslcacert={description.rpm_authority}\n"
    )


def apt_commands(description: Description, target: str, package: str) -> list[str]:
    """How a machine with apt comes to have ``package``. The certificate is checked before it is trusted."""
    crt = f"/usr/local/share/ca-certificates/{description.site}.crt"
    source = f"/etc/apt/sources.list.d/{description.label}-{target}.sources"
    return [
        "apt-get update && apt-get install --yes ca-certificates curl",
        f"curl --insecure --fail --output {description.site}-ca.crt {description.authority_url}",
        f'echo "{description.authority_checksum}  {description.site}-ca.crt" | sha256sum --check &&',
        f"  install -m 644 {description.site}-ca.crt {crt} && update-ca-certificates",
        f"curl --fail --create-dirs --output {description.apt_key} {description.url}keys/{description.key}.asc",
        f"curl --fail --output {source} {description.base}{description.site}-{target}.sources",
        f"apt-get update && apt-get install --yes {package}",
    ]


def dnf_commands(description: Description, target: str, package: str) -> list[str]:
    """How a machine with dnf comes to have ``package``: the certificate counts for this repository only."""
    crt = description.rpm_authority
    return [
        f"curl --insecure --fail --output {description.site}-ca.crt {description.authority_url}",
        f'echo "{description.authority_checksum}  {description.site}-ca.crt" | sha256sum --check &&',
        f"  install -D -m 644 {description.site}-ca.crt {crt}",
        f"curl --fail --cacert {crt} --create-dirs --output /etc/yum.repos.d/{description.label}-{target}.repo \\",
        f"  {description.base}{description.site}-{target}.repo",
        f"dnf install --assumeyes {package}",
    ]


def apt_renewal(description: Description) -> list[str]:
    """How a machine with apt gets the key again."""
    return [f"curl --fail --output {description.apt_key} {description.url}keys/{description.key}.asc"]


def dnf_renewal(description: Description) -> list[str]:
    """How a machine with dnf gets the key again: rpm before 6 takes no new subkey of a key that it knows."""
    primary = description.keys[description.key].fingerprint
    return [f"rpm --erase gpg-pubkey-{primary[-8:].lower()}", "dnf makecache --refresh"]
