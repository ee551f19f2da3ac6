"""Files onto hosts: pkgci's delivery against tar piped into ssh, Ansible and pyinfra, with the same files."""

from __future__ import annotations

import hashlib
import sys
import tarfile
from functools import partial
from pathlib import Path

from pkgci.assets import asset
from pkgci.model.records import read_records
from pkgci.model.site import Site
from pkgci.render.hiera import Renderer
from pkgci.secrets.store import SecretStore
from tests.bench.race import Contender, race
from tests.bench.report import Outcome, ratio
from tests.bench.sites import CHECKOUT
from tests.bench.tools import Tools

# Where each contender keeps its files on the hosts.
PLACES = {
    "tar over ssh": "/var/lib/bench-tar",
    "Ansible": "/var/lib/bench-ansible",
    "pyinfra": "/var/lib/bench-pyinfra",
}

_TAR = """\
tar --create --gzip --directory {payload} code.d $host.d \
| $ssh $host 'rm -rf {place}.new && mkdir -m 700 {place}.new && tar --extract --gzip --directory {place}.new \
&& rm -rf {place} && mv {place}.new {place}'"""

# An archive that is there already, by its digest, is not sent again: the quickest way that Ansible knows.
PLAYBOOK = """\
- hosts: all
  tasks:
    - file: {{path: "{place}/{{{{ item }}}}", state: directory, mode: "0700"}}
      loop: ["{code}", "{{{{ lookup('file', '{payload}/' + inventory_hostname + '.sha256') }}}}"]
      register: folders
    - unarchive:
        src: "{payload}/{{{{ item.name }}}}.tar.gz"
        dest: "{place}/{{{{ item.digest }}}}"
        creates: "{place}/{{{{ item.digest }}}}/{{{{ item.name }}}}.d"
      loop:
        - {{name: code, digest: "{code}"}}
        - name: "{{{{ inventory_hostname }}}}"
          digest: "{{{{ lookup('file', '{payload}/' + inventory_hostname + '.sha256') }}}}"
"""

DEPLOY = """\
from pathlib import Path
from pyinfra import host
from pyinfra.operations import files, server

for name in ("code", host.name):
    archive = files.put(src=f"{payload}/{{name}}.tar.gz", dest=f"{place}/{{name}}.tar.gz", mode="600")
    server.shell(
        commands=[f"cd {place} && rm -rf {{name}}.d && tar --extract --gzip --file {{name}}.tar.gz"],
        _if=archive.did_change,
    )
"""


def values(tools: Tools) -> dict[str, str]:
    """What the peers' programs are told of the payload."""
    payload = tools.folder / "payload"
    return {"payload": str(payload), "code": (payload / "code.sha256").read_text()}


def write_payload(site: Site, folder: Path) -> None:
    """Writes what pkgci would send, as archives: the code, and each host's data."""
    folder.mkdir(exist_ok=True)
    renderer, store = Renderer(site, records=read_records(site)), SecretStore.open(site.directory / "secrets")
    _pack(folder, "code", {str(p.relative_to(asset("puppet"))): p.read_bytes() for p in _files(asset("puppet"))})
    for host in site.hosts:
        _pack(folder, host.name, {name: text.encode() for name, text in renderer.render(host, store).files.items()})


def push(site: Site, tools: Tools, turns: int) -> Outcome:
    """The first push, where the hosts have nothing, and the push of what the hosts have already."""
    payload = tools.folder / "payload"
    (tools.folder / "push.yml").write_text(PLAYBOOK.format(place=PLACES["Ansible"], **values(tools)))
    (tools.folder / "push.py").write_text(DEPLOY.format(place=PLACES["pyinfra"], **values(tools)))
    commands = {
        "pkgci": (sys.executable, "-m", "tests.bench.deliver", str(site.path), str(payload)),
        "tar over ssh": tools.loop(_TAR.format(place=PLACES["tar over ssh"], payload=payload)),
        "Ansible": tools.ansible("push.yml"),
        "pyinfra": tools.pyinfra("push.py"),
    }
    forget = tools.loop(f"$ssh $host rm -rf /var/lib/pkgci/releases {' '.join(PLACES.values())}")
    results = {}
    for kind, before in (("first push", forget), ("repeated push", None)):
        prepare = partial(tools.fresh, before)
        contenders = [
            Contender(name, command, CHECKOUT, tools.environment(name), prepare) for name, command in commands.items()
        ]
        results[kind] = race(contenders, turns, warm_up=True)
    tools.do(tools.loop(f"$ssh $host rm -rf {' '.join(PLACES.values())}"))
    hosts = f"{len(site.hosts)} hosts"
    figures = []
    for kind, budget in (("first push", 0.8), ("repeated push", 0.5)):
        ours = results[kind]["pkgci"]
        figures.append(ratio(f"{kind}, {hosts}, to tar over ssh", ours, results[kind]["tar over ssh"], budget))
        figures += [
            ratio(f"{kind}, {hosts}, to {peer}", ours, results[kind][peer], 1.0) for peer in ("Ansible", "pyinfra")
        ]
    return Outcome(tuple(figures), results)


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def _pack(folder: Path, name: str, files: dict[str, bytes]) -> None:
    top = folder / f"{name}.d"
    for file, content in files.items():
        path = top / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o600)
    with tarfile.open(folder / f"{name}.tar.gz", "w:gz") as tar:
        tar.add(top, arcname=top.name)
    (folder / f"{name}.sha256").write_text(hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest())
