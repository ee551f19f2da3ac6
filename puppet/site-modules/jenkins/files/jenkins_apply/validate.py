"""What is wrong with a configuration, as far as that can be known without Jenkins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import documents
from .documents import DocumentError, Fault
from .references import Sources, faults_in, is_reference
from .schema import DOCUMENT, PERMISSIONS
from .shapes import check

ADMINISTER = "Overall/Administer"


def faults_of(folder: Path, sources: Sources) -> list[Fault]:
    """What is wrong with the files in ``folder``: with each, and with all of them together."""
    try:
        files = documents.read(folder)
        found = [fault for name, document in files.items() for fault in _in_file(name, document, sources)]
        # What is of a wrong type has been told; more about it would be noise.
        return found or list(_together(documents.merge(files)))
    except DocumentError as error:
        return list(error.faults)


def _in_file(name: str, document: dict[str, Any], sources: Sources) -> Iterator[Fault]:
    for fault in (*faults_in(document, sources, ""), *check(document, DOCUMENT, "")):
        yield Fault(f"{name}: {fault.place}", fault.message)


def _together(document: dict[str, Any]) -> Iterator[Fault]:
    yield from _nodes(document)
    yield from _users(document)
    yield from _permissions(document)


def _nodes(document: dict[str, Any]) -> Iterator[Fault]:
    names = [str(node["name"]) for node in nodes_of(document)]
    for name in _twice(names):
        yield Fault("jenkins.nodes", f"two nodes are named '{name}'")
    ids = [str(part["id"]) for part in _credentials(document) if part.get("id")]
    for name in _twice(ids):
        yield Fault("credentials.system", f"two credentials have the id '{name}'")
    for node in nodes_of(document):
        launcher = part_of(node.get("launcher"), "ssh")
        wanted = launcher.get("credentialsId")
        if wanted is not None and not is_reference(wanted) and str(wanted) not in ids:
            place = f"jenkins.nodes ({node['name']}).launcher.ssh.credentialsId"
            yield Fault(place, f"no credential has the id '{wanted}'; there are: {', '.join(ids) or 'none'}")


def _users(document: dict[str, Any]) -> Iterator[Fault]:
    realm = part_of(part_of(document, "jenkins").get("securityRealm"), "local")
    for name in _twice([str(user["id"]) for user in items(realm.get("users"))]):
        yield Fault("jenkins.securityRealm.local.users", f"two users have the id '{name}'")


def _permissions(document: dict[str, Any]) -> Iterator[Fault]:
    strategy = part_of(document, "jenkins").get("authorizationStrategy")
    if not isinstance(strategy, dict) or "globalMatrix" not in strategy:
        return
    place = "jenkins.authorizationStrategy.globalMatrix"
    matrix = part_of(strategy, "globalMatrix")
    # The older form, a list of `USER:Group/Permission:name`, is Jenkins' to judge.
    granted = [str(text).removeprefix("USER:").rpartition(":")[0] for text in items(matrix.get("permissions"))]
    for kind, attributes in _kinds(matrix.get("entries")):
        for permission in map(str, items(attributes.get("permissions"))):
            granted.append(permission)
            group, slash, name = permission.partition("/")
            if not slash or not name:
                reason = "a permission is written as Group/Permission, as in Job/Read"
            elif group in PERMISSIONS and name not in PERMISSIONS[group]:
                reason = f"{group} has no permission '{name}'; there are: {', '.join(PERMISSIONS[group])}"
            else:
                continue
            yield Fault(f"{place}.entries ({kind} {attributes.get('name')})", f"'{permission}': {reason}")
    if ADMINISTER not in granted and not any(map(is_reference, granted)):
        yield Fault(place, f"nobody would have {ADMINISTER}: no one could change Jenkins any more")


def nodes_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The permanent nodes."""
    found = _kinds(part_of(document, "jenkins").get("nodes"))
    return [attributes for kind, attributes in found if kind == "permanent"]


def _credentials(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for domain in items(part_of(part_of(document, "credentials"), "system").get("domainCredentials")):
        yield from (attributes for _, attributes in _kinds(domain.get("credentials")))


def _kinds(value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Kind and attributes of each item; what has none is left out."""
    for item in items(value):
        for kind, attributes in item.items() if isinstance(item, dict) else ():
            if isinstance(attributes, dict):
                yield str(kind), attributes


def _twice(names: list[str]) -> list[str]:
    return sorted(name for name, count in Counter(names).items() if count > 1)


def part_of(value: Any, name: str) -> dict[str, Any]:
    """The mapping ``name`` in ``value``; an empty one where there is none."""
    part = value.get(name) if isinstance(value, dict) else None
    return part if isinstance(part, dict) else {}


def items(value: Any) -> list[Any]:
    """A list; a single item is a list of one."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
