"""Every host of the example sites, compiled by the machine's Puppet from its rendered Hiera data."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pkgci.model.load import load_site
from pkgci.model.records import read_records
from pkgci.model.roles import OperatingSystem, Role
from pkgci.model.site import Host, Site
from pkgci.render.hiera import Renderer

ROOT = Path(__file__).parents[3]
MANIFESTS = ROOT / "puppet"
# The programs of the steps, whose words the manifests share.
sys.path.append(str(MANIFESTS / "site-modules/package_steps/files"))
SECRET = "seemingly-secret"
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\nc2lnbmF0dXJl\n-----END CERTIFICATE-----\n"
RELEASES = {
    OperatingSystem.DEBIAN_12: ("Debian", "12", "bookworm"),
    OperatingSystem.DEBIAN_13: ("Debian", "13", "trixie"),
    OperatingSystem.UBUNTU_22_04: ("Ubuntu", "22.04", "jammy"),
    OperatingSystem.UBUNTU_24_04: ("Ubuntu", "24.04", "noble"),
}


class MadeUp:
    """Secrets that can be told from everything else."""

    def secret(self, name: str) -> str:
        return f"{SECRET} {name}\n"

    def public(self, name: str) -> str:
        if name.endswith("_signing"):
            return f"{'0' * 40} 2026-03-01 2028-02-29"
        if name.startswith("repository/"):
            return f"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{name}\n-----END PGP PUBLIC KEY BLOCK-----\n"
        return PEM if name.startswith("tls/") else f"ssh-ed25519 AAAAC3Nza {name}"


@dataclass(frozen=True)
class Catalog:
    """One host's catalog: ``resources`` by type and title, each with its values."""

    site: Site
    host: Host
    resources: dict[tuple[str, str], dict[str, Any]]

    def get(self, kind: str, title: str) -> dict[str, Any]:
        return self.resources[kind, title]

    def has(self, kind: str, title: str) -> bool:
        return (kind, title) in self.resources

    def all(self, kind: str) -> dict[str, dict[str, Any]]:
        return {title: values for (type_, title), values in self.resources.items() if type_ == kind}

    @property
    def firewall(self) -> str:
        return str(self.get("File", "/etc/pkgci/firewall.nft")["content"])


def facts(host: Host) -> dict[str, Any]:
    """What the manifests and modules ask of Facter; the old modules of Debian 12 ask for the old names."""
    name, release, codename = RELEASES[host.os]
    system = {
        "name": name,
        "family": "Debian",
        "architecture": "amd64",
        "release": {"full": release, "major": release},
        "distro": {"codename": codename, "id": name, "release": {"full": release, "major": release}},
    }
    return {
        "os": system,
        "osfamily": "Debian",
        "operatingsystem": name,
        "operatingsystemrelease": release,
        "operatingsystemmajrelease": release,
        "lsbdistcodename": codename,
        "lsbdistrelease": release,
        "kernel": "Linux",
        "hostname": host.name,
        "fqdn": host.fqdn,
        "networking": {"hostname": host.name, "fqdn": host.fqdn, "ip": host.address},
        "processors": {"count": 2},
        "memory": {"system": {"total_bytes": 4 * 1024**3}},
        "path": "/usr/sbin:/usr/bin:/sbin:/bin",
        "id": "root",
        "virtual": "kvm",
        "is_virtual": True,
    }


def compile_site(site: Site, folder: Path, only: Role | None = None) -> dict[str, Catalog]:
    """The catalogs of all hosts of ``site`` (or of those with the role ``only``), by host name.

    A host whose catalog does not compile fails the test.
    """
    renderer, tasks = Renderer(site, records=read_records(site)), []
    hosts = site.hosts if only is None else site.with_role(only)
    for host in hosts:
        environment = folder / host.name
        for name, text in renderer.render(host, MadeUp()).files.items():
            file = environment / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        (environment / "manifests").symlink_to(MANIFESTS / "manifests")
        (environment / "modules").symlink_to(MANIFESTS / "site-modules")
        tasks.append({"name": host.name, "environment": str(environment), "facts": facts(host)})
    answers = compile_tasks(tasks, folder)
    failed = [f"{name}: {answer}" for name, answer in answers.items() if isinstance(answer, str)]
    assert not failed, "\n".join(failed)
    return {
        host.name: Catalog(site, host, {(r["type"], r["title"]): r["values"] for r in answers[host.name]})
        for host in hosts
    }


def compile_tasks(tasks: list[dict[str, Any]], folder: Path) -> dict[str, Any]:
    if shutil.which("puppet") is None or not Path("/usr/share/puppet/modules/apache").exists():
        pytest.skip("needs puppet-agent and the modules that puppet/Puppetfile names")
    script = Path(__file__).parent / "compile.rb"
    ruby = subprocess.run(
        ["ruby", str(script), str(folder)], input=json.dumps(tasks), capture_output=True, text=True, timeout=300
    )
    assert ruby.returncode == 0, ruby.stderr
    answers: dict[str, Any] = json.loads(ruby.stdout.splitlines()[-1])
    return answers


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Catalog]:
    """The lab's catalogs: a role per host, the log server on Debian 12."""
    folder = tmp_path_factory.mktemp("lab")
    return compile_site(load_site(lab_site(folder)), folder / "catalogs")


def lab_site(folder: Path) -> Path:
    """The lab's site file in ``folder``, with what `pkgci lab up` and the first contact with its hosts record."""
    shutil.copytree(ROOT / "examples/lab/keys", folder / "keys")
    shutil.copy(ROOT / "examples/lab/site.yaml", folder)
    (folder / ".lab").mkdir()
    (folder / ".lab/jenkins.fingerprint").write_text("0123456789ABCDEF0123456789ABCDEF01234567\n")
    names = ("build01", "[install01]:2222", "systest01", "pub01")
    lines = [f"{name} {kind} AAAA{name.strip('[')[:4]}\n" for name in names for kind in ("ssh-rsa", "ssh-ed25519")]
    (folder / "known_hosts").write_text("".join(lines))
    return folder / "site.yaml"


ALL_ROLES = """\
version: 1
site: one
domain: one.example.org
access: {management: [192.0.2.0/24, "2001:db8:1::/48"], administrators: {alice: alice.pub, deploy: alice.pub}}
hosts:
  one01:
    roles: [zuul, jenkins_master, publisher, slave_build, slave_install, slave_systest, log_server, monitoring]
    jobs_beside: [zuul, jenkins_master, publisher]
    addresses: [203.0.113.10, "2001:db8::10"]
    aliases: [logs.one.example.org]
    ssh: {user: deploy, port: 2222}
mail: {administrator: root@example.org}
"""


@pytest.fixture(scope="session")
def one(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """The catalog of one machine with every role, IPv4 and IPv6, and a user and a port of its own for SSH."""
    folder = tmp_path_factory.mktemp("one")
    shutil.copy(ROOT / "examples/lab/keys/alice.pub", folder / "alice.pub")
    (folder / "site.yaml").write_text(ALL_ROLES)
    return compile_site(load_site(folder / "site.yaml"), folder)["one01"]
