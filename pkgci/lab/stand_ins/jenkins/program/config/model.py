"""A configuration as typed data: what the rest of the program knows of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .faults import ConfigError, Fault
from .gearman_file import Gearman
from .schema import DOCUMENT, PERMISSIONS
from .shapes import check


@dataclass(frozen=True)
class Credential:
    """A user name and the private key to log in to a node with."""

    user: str
    private_key: str = field(repr=False)
    passphrase: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class NodeDefinition:
    """A permanent node. ``host_key`` is ``type base64``, or None where the configuration pins none."""

    name: str
    description: str
    remote_fs: str
    labels: tuple[str, ...]
    exclusive: bool
    executors: int
    host: str
    port: int
    credential: Credential | None
    credential_id: str
    java: str
    host_key: str | None
    environment: tuple[tuple[str, str], ...]

    @property
    def all_labels(self) -> tuple[str, ...]:
        """The node's labels and its own name, which is a label too."""
        return tuple(dict.fromkeys((*self.labels, self.name)))


@dataclass(frozen=True)
class Configuration:
    """All that the files say. ``permissions`` maps a user, ``anonymous`` or ``authenticated`` to permissions."""

    url: str | None = None
    realm: str = "none"
    passwords: Mapping[str, str] = field(default_factory=dict, repr=False)
    permissions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    nodes: tuple[NodeDefinition, ...] = ()
    gearman: Gearman = field(default_factory=Gearman)
    environment: tuple[tuple[str, str], ...] = ()
    message: str = ""


def configuration(document: Mapping[str, Any], gearman: Gearman | None) -> Configuration:
    """What ``document`` says. ``gearman`` is what the plugin's own file says: the document's word counts more.

    Raises ``ConfigError`` with everything that is wrong.
    """
    faults = list(faults_of(document))
    if faults:
        raise ConfigError(*faults)
    jenkins, unclassified = _part(document, "jenkins"), _part(document, "unclassified")
    realm, users = _realm(jenkins.get("securityRealm"))
    nodes = tuple(_nodes(jenkins, _credentials(document)))
    return Configuration(
        url=_url(_part(unclassified, "location").get("url")),
        realm=realm,
        passwords=users,
        permissions=_permissions(jenkins.get("authorizationStrategy")),
        nodes=nodes,
        gearman=_gearman(unclassified.get("gearmanPluginConfig"), gearman),
        environment=tuple(_environment(jenkins.get("globalNodeProperties"))),
        message=str(jenkins.get("systemMessage") or ""),
    )


def faults_of(document: Mapping[str, Any]) -> Iterator[Fault]:
    """What is wrong with a document: with its attributes, and with what only a second look shows."""
    shape_faults = list(check(document, DOCUMENT))
    yield from shape_faults
    if shape_faults:
        # The rest takes the shapes for granted.
        return
    jenkins = _part(document, "jenkins")
    for kind, entry, path in _entries(jenkins.get("authorizationStrategy")):
        for permission in _items(entry.get("permissions")):
            if permission not in PERMISSIONS:
                said = (
                    "authorizationStrategy: Failed to configure 'authorizationStrategy': "
                    f"Failed to configure 'entries': Failed to set attribute '{kind}'"
                )
                near = ("jenkins", "authorizationStrategy")
                yield Fault(f"{path}.{kind}.permissions", f"no permission is named {permission!r}", said, near)
    names = [node["permanent"]["name"] for node in _items(jenkins.get("nodes"))]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Fault("jenkins.nodes", f"two nodes are named {name!r}")
    for user in _items(_part(_part(jenkins, "securityRealm", kind=True), "local").get("users")):
        if str(user.get("password", "")).startswith("#jbcrypt:"):
            yield Fault(
                f"jenkins.securityRealm.local.users ({user['id']})",
                "pkgci's stand-in for Jenkins does not know #jbcrypt: passwords; the real one does",
            )


def _realm(value: Any) -> tuple[str, dict[str, str]]:
    realm = _part({"realm": value}, "realm", kind=True)
    if not realm:
        return "none", {}
    ((kind, attributes),) = realm.items()
    if kind == "local":
        users = _items((attributes or {}).get("users"))
        return kind, {str(user["id"]): str(user["password"]) for user in users if user.get("password")}
    if kind == "oic":
        hatches = [part["escapeHatch"] for part in _items(attributes.get("properties")) if _is(part, "escapeHatch")]
        return kind, {str(hatch["username"]): str(hatch["secret"]) for hatch in hatches}
    return kind, {}


def _permissions(value: Any) -> dict[str, frozenset[str]]:
    if value is None or value == "unsecured" or _is(value, "unsecured"):
        return {"anonymous": frozenset({"Overall/Administer"})}
    if value == "loggedInUsersCanDoAnything" or _is(value, "loggedInUsersCanDoAnything"):
        attributes = value["loggedInUsersCanDoAnything"] if isinstance(value, dict) else {}
        granted = {"authenticated": frozenset({"Overall/Administer"})}
        if _flag((attributes or {}).get("allowAnonymousRead", True)):
            granted["anonymous"] = frozenset({"Overall/Read", "Job/Read", "View/Read"})
        return granted
    found: dict[str, frozenset[str]] = {}
    for _, entry, _ in _entries(value):
        found[str(entry["name"])] = found.get(str(entry["name"]), frozenset()) | {
            str(permission) for permission in _items(entry["permissions"])
        }
    return found


def _entries(value: Any) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    if not _is(value, "globalMatrix"):
        return
    for index, entry in enumerate(_items((value["globalMatrix"] or {}).get("entries"))):
        ((kind, attributes),) = entry.items()
        yield kind, attributes, f"jenkins.authorizationStrategy.globalMatrix.entries[{index}]"


def _credentials(document: Mapping[str, Any]) -> dict[str, Credential]:
    found: dict[str, Credential] = {}
    for domain in _items(_part(_part(document, "credentials"), "system").get("domainCredentials")):
        for item in _items(domain.get("credentials")):
            if not _is(item, "basicSSHUserPrivateKey"):
                continue
            attributes = item["basicSSHUserPrivateKey"]
            key = attributes["privateKeySource"]["directEntry"]["privateKey"]
            found[str(attributes.get("id", ""))] = Credential(
                str(attributes.get("username", "")), str(key), attributes.get("passphrase") or None
            )
    return found


def _nodes(jenkins: Mapping[str, Any], credentials: Mapping[str, Credential]) -> Iterator[NodeDefinition]:
    for item in _items(jenkins.get("nodes")):
        node = item["permanent"]
        launcher = node["launcher"]["ssh"]
        strategy = launcher.get("sshHostKeyVerificationStrategy")
        pinned = strategy.get("manuallyProvidedKeyVerificationStrategy") if isinstance(strategy, dict) else None
        yield NodeDefinition(
            name=str(node["name"]),
            description=str(node.get("nodeDescription") or ""),
            remote_fs=str(node["remoteFS"]).rstrip("/"),
            labels=tuple(dict.fromkeys(str(node.get("labelString") or "").split())),
            exclusive=node.get("mode") == "EXCLUSIVE",
            executors=int(node.get("numExecutors") or 1),
            host=str(launcher["host"]),
            port=int(launcher.get("port") or 22),
            credential=credentials.get(str(launcher["credentialsId"])),
            credential_id=str(launcher["credentialsId"]),
            java=str(launcher.get("javaPath") or "java"),
            host_key=str(pinned["key"]).strip() if pinned else None,
            environment=tuple(_environment(node.get("nodeProperties"))),
        )


def _environment(properties: Any) -> Iterator[tuple[str, str]]:
    for item in _items(properties):
        for variable in _items(_part(item, "envVars").get("env")):
            yield str(variable["key"]), str(variable.get("value") or "")


def _gearman(attributes: Mapping[str, Any] | None, own_file: Gearman | None) -> Gearman:
    base = own_file or Gearman()
    if not attributes:
        return base
    return Gearman(
        enabled=_flag(attributes["enablePlugin"]) if "enablePlugin" in attributes else base.enabled,
        host=str(attributes.get("host") or base.host),
        port=int(attributes.get("port") or base.port),
    )


def _url(value: Any) -> str | None:
    return str(value).rstrip("/") + "/" if value else None


def _part(mapping: Mapping[str, Any], key: str, *, kind: bool = False) -> Mapping[str, Any]:
    value = mapping.get(key)
    if kind and isinstance(value, str):
        return {value: {}}
    return value if isinstance(value, dict) else {}


def _items(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _is(value: Any, kind: str) -> bool:
    return isinstance(value, dict) and kind in value


def _flag(value: Any) -> bool:
    return str(value).lower() == "true"
