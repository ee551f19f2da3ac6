"""Where the secrets are after a bootstrap: on the hosts that they are for, and out of sight."""

import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from pkgci.secrets.needs import needs
from pkgci.secrets.store import SecretStore
from tests.lab.conftest import Lab

PLACES = ("/etc", "/home", "/root", "/run", "/srv", "/tmp", "/var")


@pytest.fixture(scope="module")
def found(bootstrapped: Lab) -> dict[str, dict[str, set[str]]]:
    """Host → secret → the files on that host that hold it."""
    store = SecretStore.open(bootstrapped.directory / "secrets")
    marks = {_mark(store, name): name for name in store.names()}
    patterns = [word for mark in marks for word in ("-e", mark)]
    where: dict[str, dict[str, set[str]]] = {}
    for host in bootstrapped.site.hosts:
        # Packages, the roots of chroots, and a /proc: large, endless, and nobody's secrets.
        skipped = tuple(f"--exclude-dir={name}" for name in ("lists", "archives", "chroots", "fullproc", "fullsys"))
        # What these tests keep of what their own commands said.
        command = ("grep", "-roaF", "--exclude=said-*", *skipped, *patterns, "--", *PLACES)
        lines = bootstrapped.exec(host.name, *command, check=False).stdout.splitlines()
        where[host.name] = {}
        for file, _, mark in (line.rpartition(":") for line in lines):
            # A process sees its own argument list; nothing else of the search is of interest.
            if not file.startswith("/run/docker") and mark in marks:
                where[host.name].setdefault(marks[mark], set()).add(file)
    return where


def test_each_host_has_its_own_secrets_only(bootstrapped: Lab, found: dict[str, dict[str, set[str]]]) -> None:
    allowed: dict[str, set[str]] = {host.name: set() for host in bootstrapped.site.hosts}
    for need in needs(bootstrapped.site).values():
        for holder in need.holders:
            allowed[holder].add(need.name)
    strays = {host: set(secrets) - allowed[host] for host, secrets in found.items() if set(secrets) - allowed[host]}
    assert strays == {}
    assert "zuul/gerrit_ssh_key" in found["zuul01"]
    assert "tls/pub01" in found["pub01"]


def test_no_file_with_a_secret_is_readable_by_everybody(
    bootstrapped: Lab, found: dict[str, dict[str, set[str]]]
) -> None:
    for host, secrets in found.items():
        files = sorted({file for holding in secrets.values() for file in holding})
        modes = bootstrapped.exec(host, "stat", "--format=%a %n", *files).stdout.splitlines() if files else []
        assert [line for line in modes if line.split()[0][-1] != "0"] == [], host


def test_no_log_on_a_host_holds_a_secret(found: dict[str, dict[str, set[str]]]) -> None:
    files = {f"{host}:{file}" for host, secrets in found.items() for holding in secrets.values() for file in holding}
    assert [file for file in files if ":/var/log/" in file or "report" in file or "/runs/" in file] == []


def test_no_file_on_the_operators_side_holds_a_secret_in_clear(bootstrapped: Lab) -> None:
    store = SecretStore.open(bootstrapped.directory / "secrets")
    marks = [_mark(store, name).encode() for name in store.names()]
    holding = [path for path in _files(bootstrapped.directory) if any(mark in path.read_bytes() for mark in marks)]
    assert holding == []


def test_a_rotated_certificate_is_served_after_the_bootstrap_that_is_asked_for(bootstrapped: Lab) -> None:
    before = _served(bootstrapped, "pub01")
    rotated = bootstrapped.pkgci("secrets", "rotate", "tls/pub01")
    assert "pkgci bootstrap --host pub01" in rotated.stderr
    bootstrapped.pkgci("bootstrap", "--host", "pub01")
    assert _served(bootstrapped, "pub01") != before


def test_making_secrets_again_makes_none(bootstrapped: Lab) -> None:
    assert json.loads(bootstrapped.pkgci("secrets", "init", "--json").stdout)["made"] == []


def _mark(store: SecretStore, name: str) -> str:
    """A line that only this secret has: none of those in which a private key repeats its public half."""
    lines = store.secret(name).strip().splitlines()
    if len(lines) == 1:
        return lines[0]
    if "BEGIN PRIVATE KEY" in lines[0]:
        return lines[1]
    if "BEGIN PGP" in lines[0]:
        # The middle of the primary key's secret half, or where that is left out, of the subkey's.
        return lines[50 if name.endswith("_signing") else 20]
    return lines[-2] if len(lines[-2]) > 20 else lines[-3]


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _served(lab: Lab, name: str) -> bytes | None:
    """The certificate that a host serves, checked as any client that trusts the site's authority would."""
    host = lab.site.host(name)
    authority = SecretStore.open(lab.directory / "secrets").public("tls/ca")
    context = ssl.create_default_context(cadata=authority)
    with (
        socket.create_connection((host.address, 443), timeout=10) as connection,
        context.wrap_socket(connection, server_hostname=host.fqdn) as encrypted,
    ):
        return encrypted.getpeercert(binary_form=True)
