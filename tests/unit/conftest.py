"""Sites for unit tests: small, made here, on no network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from pkgci.model.load import load_site
from pkgci.model.site import Site
from pkgci.secrets import openpgp, repository_keys

if TYPE_CHECKING:
    from tests.unit.sshd.network import Network

ALICE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOON7qoNM8XAcXoCkYr3/PQirgIHOiQRZe4sBPer69JB alice@example.org\n"

# When the keys of repositories were made that tests share.
CREATED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

SITE = dedent("""\
    version: 1
    site: test
    domain: pkg.example.org
    access:
      management: [192.0.2.0/24, "2001:db8::/64"]
      administrators: {alice: keys/alice.pub}
    hosts:
      zuul01: {role: zuul, address: 203.0.113.10}
      jenkins01: {role: jenkins_master, addresses: [203.0.113.11, "2001:db8:1::11"]}
      pub01: {role: publisher, address: 203.0.113.12}
      log01: {roles: [log_server, monitoring], address: 203.0.113.13, os: debian-12}
      build01: {role: slave_build, address: 10.20.0.21, ssh: {jump: jenkins01, user: deploy, port: 2222}}
      install01: {role: slave_install, address: 10.20.0.22}
      systest01: {role: slave_systest, address: 10.20.0.23}
    gerrit: {host: review.example.org}
    targets:
      trixie: {deb: trixie}
      el9: {rpm: centos-stream+epel-9-x86_64}
    projects:
      packaging/hello: {targets: [trixie, el9]}
    """)


@pytest.fixture(autouse=True, scope="session")
def quick_repository_keys() -> None:
    """Elliptic curves, and every key once: what the size of a real key adds is waiting."""
    openpgp.ALGORITHM = "ed25519"
    make = repository_keys.make
    made = cache(lambda user, days: make(user, days, CREATED))
    repository_keys.make = lambda user, days, now: made(user, days)


@pytest.fixture
def write_site(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a site file, with Alice's key beside it, and gives its path."""

    def write(text: str = SITE) -> Path:
        (tmp_path / "keys").mkdir(exist_ok=True)
        (tmp_path / "keys/alice.pub").write_text(ALICE)
        path = tmp_path / "site.yaml"
        path.write_text(text)
        return path

    return write


@pytest.fixture
def site(write_site: Callable[[str], Path]) -> Site:
    """A site with every role, one host each."""
    return load_site(write_site(SITE))


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    """Scripted SSH hosts in this process, and the site that they make."""
    from tests.unit.sshd.network import Network

    with Network(tmp_path) as made:
        yield made
