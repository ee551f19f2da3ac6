"""The sites that are measured: a lab of some hosts, and a large site that is only rendered."""

from __future__ import annotations

import shutil
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
# `make clean-lab` looks here for labs.
WORK = CHECKOUT / ".lab"
NETWORK = "198.19.250"
TARGET = "trixie"
# Of the example packages, the one that is built and tested soonest.
SMALLEST = "packaging/tidy-logs"

_HEAD = """\
version: 1
site: {name}
domain: pkg.bench.test
access:
  management: [{management}]
  administrators: {{alice: keys/alice.pub}}
{ssh}
resources:
  every_role: {{cpu: 1, memory: 256 MB, disk: 1 GB, kind: vm, kvm: false}}
gerrit: {{host: review.pkg.bench.test}}
targets:
  {target}: {{deb: {target}}}
projects:
  packaging/greet: {{targets: [{target}]}}
  {smallest}: {{targets: [{target}]}}
hosts:
  zuul01: {{role: zuul, address: {network}.10}}
  jenkins01: {{role: jenkins_master, address: {network}.11}}
  pub01: {{roles: [publisher, log_server], address: {network}.12}}
  install01: {{role: slave_install, address: {network}.13}}
  systest01: {{role: slave_systest, address: {network}.14}}
"""
_SINGLE = 5


def make_lab_site(hosts: int) -> Path:
    """A lab's site with ``hosts`` hosts; returns its folder. A lab of another size that stood there must be down."""
    key = "{key: .lab/id_ed25519}"
    reached = f"ssh: {key}\noutside: {{address: {NETWORK}.254, ssh: {key}}}\nlab: {{}}"
    head = _head(name="bench", network=NETWORK, management=f"{NETWORK}.1/32", ssh=reached)
    slaves = [
        f"  build{i:02}: {{role: slave_build, address: {NETWORK}.{20 + i}}}" for i in range(1, hosts - _SINGLE + 1)
    ]
    return _write(WORK / "bench", head + "\n".join(slaves) + "\n")


def make_large_site(hosts: int) -> Path:
    """A site with ``hosts`` hosts, to be rendered; returns its folder."""
    head = _head(name="large", network="203.0.113", management="192.0.2.0/24", ssh="ssh: {user: deploy}")
    slaves = [
        f"  build{i:04}: {{role: slave_build, address: 10.20.{i // 250}.{i % 250 + 1}}}" for i in range(hosts - _SINGLE)
    ]
    return _write(WORK / "bench-large", head + "\n".join(slaves) + "\n")


def _head(**words: str) -> str:
    return _HEAD.format(target=TARGET, smallest=SMALLEST, **words)


def _write(folder: Path, text: str) -> Path:
    (folder / "keys").mkdir(parents=True, exist_ok=True)
    shutil.copy(CHECKOUT / "examples/lab/keys/alice.pub", folder / "keys/alice.pub")
    (folder / "site.yaml").write_text(text)
    return folder
