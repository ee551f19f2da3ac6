"""What must be true across a site file, beyond the type of each value. Each check is one function that yields faults.

Most checks need a document that fits the schema; those that read only a part of it also run on one that does not, so
that every fault is reported at once.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from pkgci.model.check_beside import check_beside
from pkgci.model.check_projects import check_projects
from pkgci.model.check_review import check_review
from pkgci.model.document import Document, Fault, Path_
from pkgci.model.roles import CATALOGUE, OperatingSystem, Role
from pkgci.model.rules import TAKEN_NAMES
from pkgci.model.schema import SiteFile
from pkgci.model.words import nearest
from pkgci.paths import beside

# The key types that today's sshd accepts (sshd_config(5), PubkeyAcceptedAlgorithms).
KEY_TYPES = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)


@dataclass
class Checked:
    """What the checks found: faults, and the administrators' keys that they read on the way."""

    faults: list[Fault] = field(default_factory=list)
    administrator_keys: dict[str, tuple[str, ...]] = field(default_factory=dict)


def check(document: Document, site_file: SiteFile | None) -> Checked:
    """Everything that is wrong across ``document``; ``site_file`` is None where it does not fit the schema."""
    checked = Checked()
    hosts = document.data.get("hosts")
    hosts = {name: entry for name, entry in hosts.items() if isinstance(entry, dict)} if isinstance(hosts, dict) else {}
    checked.faults += _roles(document, hosts)
    checked.faults += check_beside(document, hosts)
    checked.faults += _addresses(document, hosts)
    checked.faults += _names(document, hosts)
    checked.faults += _jumps(document, hosts)
    checked.faults += _systems(document, hosts)
    checked.faults += _targets(document)
    checked.faults += _administrators(document, checked)
    if site_file is not None:
        checked.faults += _key_files(document, site_file)
        checked.faults += _manifests(document, site_file)
        checked.faults += _gerrit_key(document, site_file)
        checked.faults += _realm(document, site_file)
        checked.faults += check_review(document, site_file)
    return checked


def _named_roles(entry: dict[str, Any]) -> list[str]:
    roles = entry.get("roles")
    named = [entry.get("role"), *(roles if isinstance(roles, list) else [])]
    return [role for role in named if isinstance(role, str)]


def _roles(document: Document, hosts: dict[str, Any]) -> Iterator[Fault]:
    holders: dict[str, list[str]] = {}
    for name, entry in hosts.items():
        roles = _named_roles(entry)
        if not roles:
            yield Fault(document.position(("hosts", name), key=True), f"host '{name}' has no role")
        if entry.get("role") is not None and entry.get("roles") is not None:
            place = document.position(("hosts", name, "roles"), key=True)
            yield Fault(place, f"host '{name}' has both 'role' and 'roles': write one of them")
        for role in sorted(set(roles)):
            holders.setdefault(role, []).append(name)
    for role, spec in CATALOGUE.items():
        if spec.mandatory and role not in holders and not _almost(role, holders):
            place = document.position(("hosts",), key=True)
            yield Fault(place, f"no host has the role '{role}', which a site must have ({spec.title})")
        for name in holders.get(role, [])[1:] if spec.single else []:
            place = document.position(("hosts", name), key=True)
            first = holders[role][0]
            yield Fault(place, f"host '{name}' is a second {role}: a site has one, and '{first}' is it")


def _almost(role: Role, holders: Iterable[str]) -> bool:
    """Whether a misspelt role stands in for ``role``: then the spelling is the fault, not the absence."""
    return any(f"'{role}'" in nearest(word, Role) for word in holders if word not in set(Role))


def _addresses(document: Document, hosts: dict[str, Any]) -> Iterator[Fault]:
    seen: dict[Any, str] = {}
    places: list[tuple[str, Path_, Any]] = []
    for name, entry in hosts.items():
        several = entry.get("addresses")
        several = several if isinstance(several, list) else []
        if entry.get("address") is None and not several:
            yield Fault(document.position(("hosts", name), key=True), f"host '{name}' has no address")
        if entry.get("address") is not None:
            places.append((f"host '{name}'s", ("hosts", name, "address"), entry["address"]))
        places += [(f"host '{name}'s", ("hosts", name, "addresses", i), item) for i, item in enumerate(several)]
    outside = document.data.get("outside")
    if isinstance(outside, dict) and outside.get("address") is not None:
        places.append(("the outside host's", ("outside", "address"), outside["address"]))
    for owner, path, text in places:
        try:
            address = ip_address(text)
        except ValueError:
            continue
        if address in seen:
            yield Fault(document.position(path), f"address {address} is already {seen[address]}")
        elif address.is_unspecified or address.is_multicast or address.is_loopback:
            yield Fault(document.position(path), f"address {address} cannot be a host's")
        seen.setdefault(address, owner)


def _names(document: Document, hosts: dict[str, Any]) -> Iterator[Fault]:
    domain = document.data.get("domain")
    seen: dict[str, str] = {}
    for name, entry in hosts.items():
        aliases = entry["aliases"] if isinstance(entry.get("aliases"), list) else []
        names: list[tuple[Path_, Any]] = [(("hosts", name, "dns"), entry.get("dns") or f"{name}.{domain}")]
        names += [
            (("hosts", name, "aliases", i), a) for i, a in enumerate(aliases if isinstance(aliases, list) else [])
        ]
        for path, dns in names:
            if dns in seen:
                place = document.position(path if path in document.values else ("hosts", name))
                yield Fault(place, f"DNS name '{dns}' is already host '{seen[dns]}'s")
            seen.setdefault(dns, name)
    for name, owner in TAKEN_NAMES.items():
        if name in hosts:
            yield Fault(document.position(("hosts", name), key=True), f"host '{name}': the name is taken by {owner}")


def _jump_of(entry: dict[str, Any]) -> str | None:
    ssh = entry.get("ssh")
    jump = ssh.get("jump") if isinstance(ssh, dict) else None
    return jump if isinstance(jump, str) else None


def _jumps(document: Document, hosts: dict[str, Any]) -> Iterator[Fault]:
    common = document.data.get("ssh")
    if isinstance(common, dict) and common.get("jump") is not None:
        place = document.position(("ssh", "jump"), key=True)
        yield Fault(place, "'jump' belongs to a host: the site's own `ssh` is the jump host's too")
    jumps = {name: _jump_of(entry) for name, entry in hosts.items()}
    reported: set[str] = set()
    for name, jump in jumps.items():
        place = document.position(("hosts", name, "ssh", "jump"))
        if jump is not None and jump not in hosts:
            yield Fault(place, f"unknown jump host '{jump}'{nearest(jump, hosts)}")
            continue
        chain = [name]
        while (following := jumps.get(chain[-1])) is not None and following not in chain:
            chain.append(following)
        if following == name and name not in reported:
            reported.update(chain)
            yield Fault(place, f"the jump hosts go in a circle: {' → '.join([*chain, name])}")


def _systems(document: Document, hosts: dict[str, Any]) -> Iterator[Fault]:
    default = document.data.get("os", OperatingSystem.DEBIAN_13.value)
    for name, entry in hosts.items():
        system = entry.get("os", default)
        if not isinstance(system, str) or system not in set(OperatingSystem):
            continue
        for role in _named_roles(entry):
            if role in set(Role) and system not in CATALOGUE[Role(role)].systems:
                supported = ", ".join(s for s in OperatingSystem if s in CATALOGUE[Role(role)].systems)
                path: Path_ = ("hosts", name, "os") if "os" in entry else ("hosts", name)
                yield Fault(document.position(path), f"role '{role}' cannot run on {system} (it runs on {supported})")


def _targets(document: Document) -> Iterator[Fault]:
    targets, projects = document.data.get("targets"), document.data.get("projects")
    targets = targets if isinstance(targets, dict) else {}
    for name, target in targets.items():
        if isinstance(target, dict) and len({"deb", "rpm"} & set(target)) != 1:
            place = document.position(("targets", name), key=True)
            yield Fault(place, f"target '{name}' needs one of 'deb' and 'rpm'")
        elif isinstance(target, dict) and "backend" in target and "rpm" not in target:
            place = document.position(("targets", name, "backend"), key=True)
            yield Fault(place, f"target '{name}' is a Debian suite: 'backend' is for targets with 'rpm'")
        elif isinstance(target, dict) and "deb" in target and re.search("[_^]", str(target.get("version_suffix"))):
            place = document.position(("targets", name, "version_suffix"))
            yield Fault(place, f"target '{name}': a Debian version has neither '_' nor '^' in it")
    yield from check_projects(document, projects if isinstance(projects, dict) else {})
    for name, project in projects.items() if isinstance(projects, dict) else ():
        named = project.get("targets") if isinstance(project, dict) else None
        for index, target in enumerate(named if isinstance(named, list) else []):
            if isinstance(target, str) and target not in targets:
                place = document.position(("projects", name, "targets", index))
                yield Fault(place, f"unknown target '{target}'{nearest(target, targets)}")


def _administrators(document: Document, checked: Checked) -> Iterator[Fault]:
    access = document.data.get("access")
    administrators = access.get("administrators") if isinstance(access, dict) else None
    for name, file in administrators.items() if isinstance(administrators, dict) else ():
        if not isinstance(file, str) or "\0" in file:
            continue
        place = document.position(("access", "administrators", name))
        path = beside(document.path.parent, file)
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            yield Fault(place, f"cannot read {name}'s key file {path}: {error.strerror}")
            continue
        except UnicodeDecodeError:
            yield Fault(place, f"{path} is no public SSH key: it is binary")
            continue
        keys = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        wrong = [problem for key in keys if (problem := public_key_problem(key))]
        if wrong or not keys:
            yield Fault(place, f"{path} is no public SSH key: {wrong[0] if wrong else 'it is empty'}")
        checked.administrator_keys[name] = tuple(keys)


def public_key_problem(line: str) -> str | None:
    """Why ``line`` is no public SSH key (RFC 4253, section 6.6), or None where it is one. Never repeats the line."""
    if "PRIVATE KEY" in line:
        return "it is a private key (which should not lie here)"
    words = line.split()
    if len(words) < 2 or words[0] not in KEY_TYPES:
        return f"it does not begin with a key type ({', '.join(KEY_TYPES[:2])}, …)"
    try:
        blob = base64.b64decode(words[1], validate=True)
        length = struct.unpack(">I", blob[:4])[0]
    except (binascii.Error, struct.error, ValueError):
        return "its second word is not base64"
    if blob[4 : 4 + length] != words[0].encode() or len(blob) <= 4 + length:
        return "the key is cut short, or is not of the type that it names"
    return None


def _key_files(document: Document, site_file: SiteFile) -> Iterator[Fault]:
    entries: list[tuple[Path_, str | None]] = [(("ssh", "key"), site_file.ssh.key)]
    entries += [(("hosts", name, "ssh", "key"), host.ssh.key) for name, host in site_file.hosts.items() if host.ssh]
    for place, file in entries:
        problem = None if file is None else _private_key_problem(beside(document.path.parent, file))
        if problem:
            yield Fault(document.position(place), f"{file} {problem}")


def _private_key_problem(path: Path) -> str | None:
    """Why the file is no private key, or None where it is one, or is not there: it may be on another machine."""
    try:
        if path.is_dir():
            return "is a folder, not a private SSH key"
        with path.open("rb") as file:
            start = file.read(100)
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if b"PRIVATE KEY-----" in start.split(b"\n")[0]:
        return None
    public = any(start.startswith(kind.encode()) for kind in KEY_TYPES)
    return "is a public key: name the private one" if public else "is no private SSH key"


def _manifests(document: Document, site_file: SiteFile) -> Iterator[Fault]:
    manifests = site_file.manifests
    if manifests is None:
        return
    if (manifests.path is None) == (manifests.git is None):
        yield Fault(document.position(("manifests",), key=True), "'manifests' needs one of 'path' and 'git'")
    elif manifests.path is not None:
        tree = beside(document.path.parent, manifests.path)
        if not tree.is_dir():
            yield Fault(document.position(("manifests", "path")), f"there is no folder {tree}")
        elif not (tree / manifests.site).exists():
            path: Path_ = ("manifests", "site" if "site" in document.data["manifests"] else "path")
            yield Fault(document.position(path), f"there is no {manifests.site} in {tree}")


def _realm(document: Document, site_file: SiteFile) -> Iterator[Fault]:
    if site_file.jenkins.ldap and site_file.jenkins.oidc:
        place = document.position(("jenkins", "oidc"), key=True)
        yield Fault(place, "jenkins has both 'ldap' and 'oidc': its users come from one of them")


def _gerrit_key(document: Document, site_file: SiteFile) -> Iterator[Fault]:
    if site_file.gerrit is not None and site_file.gerrit.host_key is not None:
        problem = public_key_problem(site_file.gerrit.host_key)
        if problem:
            yield Fault(document.position(("gerrit", "host_key")), f"'host_key' is no public SSH key: {problem}")
