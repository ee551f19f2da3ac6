"""A lab's site, and a machine, for unit tests: nothing is asked of Docker."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from pkgci.lab.machine import Machine, Mirrors
from pkgci.model.load import load_site
from pkgci.model.site import Site

SITE = dedent("""\
    version: 1
    site: small
    domain: pkg.lab.test
    access:
      management: [198.18.7.1/32]
      administrators: {alice: keys/alice.pub}
    ssh: {key: .lab/id_ed25519}
    hosts:
      main:
        roles: [zuul, jenkins_master, publisher, log_server]
        address: 198.18.7.10
        dns: ci.example.org
        aliases: [review.example.org]
      work:
        roles: [slave_build, slave_install, slave_systest]
        address: 198.18.7.11
        ssh: {jump: main, user: deploy, port: 2222, key: .lab/id_ed25519}
    outside: {address: 198.18.7.200, ssh: {key: .lab/id_ed25519}}
    gerrit: {host: review.lab.test}
    targets: {trixie: {deb: trixie}}
    projects: {hello: {targets: [trixie]}}
    """)


@pytest.fixture
def load(write_site: Callable[[str], Path]) -> Callable[[str], Site]:
    """The site that a text describes."""
    return lambda text: load_site(write_site(text))


@pytest.fixture
def site(load: Callable[[str], Site]) -> Site:
    """A lab of two hosts and an outside one."""
    return load(SITE)


@pytest.fixture
def machine() -> Machine:
    """A machine that has all there is to take over."""
    return Machine(
        debian=Mirrors("http://mirror.test/debian", "http://mirror.test/security"),
        ubuntu=None,
        apt_settings=('Acquire::http::Proxy "http://proxy.test:3128";',),
        certificates={"company.crt": "-----BEGIN CERTIFICATE-----\n"},
        pip_index=(("index-url", "https://pip.test/simple"),),
    )
