"""What Jenkins' own check passes over is found before Jenkins is asked: each with its place, none with a secret."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from jenkins_apply.references import Sources, faults_in
from jenkins_apply.validate import faults_of

Document = dict[str, Any]
MATRIX = "jenkins.authorizationStrategy.globalMatrix"


@pytest.fixture
def document(tmp_path: Path) -> Document:
    """As Puppet writes it."""
    (tmp_path / "key").write_text("secret key\n")
    secret = f"${{readFile:{tmp_path}/key}}"
    key = {"scope": "SYSTEM", "id": "slave", "username": "jenkins"}
    key["privateKeySource"] = {"directEntry": {"privateKey": secret}}  # type: ignore[assignment]
    strategy = {"manuallyProvidedKeyVerificationStrategy": {"key": "ssh-ed25519 AAAA"}}
    ssh = {"host": "192.0.2.1", "port": 22, "credentialsId": "slave", "sshHostKeyVerificationStrategy": strategy}
    node = {"name": "build01", "remoteFS": "/srv", "labelString": "slave_build", "mode": "EXCLUSIVE"}
    users = [{"id": "admin", "password": secret}]
    entries = [
        {"user": {"name": "anonymous", "permissions": ["Overall/Read", "Job/Read"]}},
        {"user": {"name": "admin", "permissions": ["Overall/Administer"]}},
    ]
    return {
        "jenkins": {
            "numExecutors": 0,
            "crumbIssuer": "standard",
            "securityRealm": {"local": {"allowsSignup": False, "users": users}},
            "authorizationStrategy": {"globalMatrix": {"entries": entries}},
            "nodes": [{"permanent": {**node, "numExecutors": 2, "launcher": {"ssh": ssh}}}],
        },
        "credentials": {"system": {"domainCredentials": [{"credentials": [{"basicSSHUserPrivateKey": key}]}]}},
        "unclassified": {"gearmanPluginConfig": {"enablePlugin": True, "host": "192.0.2.9", "port": 4730}},
    }


def found(folder: Path, **files: object) -> list[str]:
    """What is wrong with these files: data, or text as it is."""
    place = folder / "casc.d"
    place.mkdir(exist_ok=True)
    for name, content in files.items():
        (place / f"{name}.yaml").write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return [str(fault) for fault in faults_of(place, Sources({"HOST": "192.0.2.7"}))]


def node(document: Document) -> Any:
    return document["jenkins"]["nodes"][0]["permanent"]


def ssh(document: Document) -> Any:
    return node(document)["launcher"]["ssh"]


def again(document: Document) -> None:
    document["jenkins"]["nodes"].append(copy.deepcopy(document["jenkins"]["nodes"][0]))


def test_what_puppet_writes_is_right(document: Document, tmp_path: Path) -> None:
    assert found(tmp_path, pkgci=document) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda d: d["jenkins"].update(numExecutors="two"), "jenkins.numExecutors: must be a whole number, not a text"),
        (lambda d: d["jenkins"].update(numExecutors=True), "jenkins.numExecutors: must be a whole number, not true"),
        (lambda d: d["jenkins"].update(numExecutors=-1), "jenkins.numExecutors: must be a whole number from 0 to"),
        (lambda d: d["jenkins"].update(mode="SHARED"), "jenkins.mode: must be one of NORMAL, EXCLUSIVE"),
        (lambda d: d["jenkins"].update(nodes=[["build01"]]), "jenkins.nodes[0]: must have exactly one key"),
        (lambda d: d.update(jenkins=[]), "jenkins: must be a mapping, not a list"),
        (lambda d: node(d).update(numExecutors=0), "permanent.numExecutors: must be a whole number from 1 to"),
        (lambda d: node(d).update(name=None), "jenkins.nodes[0].permanent: 'name' is missing"),
        (lambda d: node(d).update(name=""), "jenkins.nodes[0].permanent.name: must not be empty"),
        (lambda d: node(d).update(name="a/b"), "jenkins.nodes[0].permanent.name: must be a name"),
        (lambda d: node(d).pop("remoteFS"), "jenkins.nodes[0].permanent: 'remoteFS' is missing"),
        (lambda d: node(d).pop("launcher"), "jenkins.nodes[0].permanent: 'launcher' is missing"),
        (lambda d: ssh(d).pop("host"), "launcher.ssh: 'host' is missing"),
        (lambda d: ssh(d).update(host=""), "launcher.ssh.host: must not be empty"),
        (lambda d: ssh(d).pop("port"), "launcher.ssh: 'port' is missing"),
        (lambda d: ssh(d).update(port=70000), "launcher.ssh.port: must be a whole number from 1 to 65535, not 70000"),
        (lambda d: ssh(d).pop("credentialsId"), "launcher.ssh: 'credentialsId' is missing"),
        (lambda d: ssh(d).update(credentialsId="other"), "no credential has the id 'other'; there are: slave"),
        (
            lambda d: ssh(d)["sshHostKeyVerificationStrategy"].update(
                manuallyProvidedKeyVerificationStrategy={"key": "?"}
            ),
            "manuallyProvidedKeyVerificationStrategy.key: must be a host key",
        ),
        (again, "jenkins.nodes: two nodes are named 'build01'"),
        (
            lambda d: ssh(d).update(host="${NOWHERE}"),
            "ssh.host: ${NOWHERE} is not set, neither in",
        ),
        (lambda d: ssh(d).update(host="${NOWHERE"), "ssh.host: '${' without an end"),
        (
            lambda d: d["jenkins"].update(systemMessage="${readFile:/nowhere}"),
            "jenkins.systemMessage: ${readFile:/nowhere} cannot be read: No such file or directory",
        ),
        (
            lambda d: d["unclassified"]["gearmanPluginConfig"].update(port="x"),
            "unclassified.gearmanPluginConfig.port: must be a whole number, not a text",
        ),
        (
            lambda d: d["jenkins"]["authorizationStrategy"]["globalMatrix"]["entries"][0]["user"].update(
                permissions=["Job/Reed"]
            ),
            f"{MATRIX}.entries (user anonymous): 'Job/Reed': Job has no permission 'Reed'; there are: Build,",
        ),
        (
            lambda d: d["jenkins"]["authorizationStrategy"]["globalMatrix"]["entries"][0]["user"].update(
                permissions=["Read"]
            ),
            "'Read': a permission is written as Group/Permission, as in Job/Read",
        ),
        (
            lambda d: d["jenkins"]["authorizationStrategy"]["globalMatrix"]["entries"].pop(),
            f"{MATRIX}: nobody would have Overall/Administer",
        ),
        (
            lambda d: d["jenkins"]["securityRealm"]["local"]["users"].append({"id": "admin", "password": "x"}),
            "two users have the id 'admin'",
        ),
    ],
)
def test_what_jenkins_would_not_find_is_told_with_its_place(
    document: Document, tmp_path: Path, change: Callable[[Document], object], expected: str
) -> None:
    change(document)
    (message,) = found(tmp_path, pkgci=document)
    assert expected in message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("jenkins:\n  mode: NORMAL\n  mode: EXCLUSIVE\n", "own.yaml:3:3: the key 'mode' stands twice in one mapping"),
        ('jenkins:\n  systemMessage: "x\n', "own.yaml:3:1: found unexpected end of stream"),
        ("- 1\n", "own.yaml: is no mapping"),
        ("a: 1\n---\nb: 2\n", "own.yaml:2:1: but found another document"),
        ("? [a]\n: b\n", "own.yaml"),
        ("jenkins: {numExecutors: 1}\n", "own.yaml: jenkins.numExecutors: another file says something else of it"),
    ],
)
def test_a_file_that_jenkins_would_read_otherwise_than_it_is_written_is_refused(
    document: Document, tmp_path: Path, text: str, expected: str
) -> None:
    messages = found(tmp_path, aaa=document, own=text)
    assert len(messages) == 1 and expected in messages[0]


def test_a_sites_own_nodes_are_judged_with_pkgcis(document: Document, tmp_path: Path) -> None:
    own = copy.deepcopy({"jenkins": {"nodes": document["jenkins"]["nodes"]}})
    assert found(tmp_path, pkgci=document, own=own) == ["jenkins.nodes: two nodes are named 'build01'"]
    own["jenkins"]["nodes"][0]["permanent"]["name"] = "own01"
    assert found(tmp_path, pkgci=document, own=own) == []


def test_what_only_jenkins_knows_is_left_to_jenkins(document: Document, tmp_path: Path) -> None:
    document["jenkins"]["nosuch"] = {"a": 1}
    document["jenkins"]["nodes"] += [{"other": {"x": 1}}, "other"]
    document["credentials"]["system"]["domainCredentials"][0]["credentials"].append("other")
    document["jenkins"]["clouds"] = [{"kubernetes": {"name": "${sysProp:k}"}}]
    entries = document["jenkins"]["authorizationStrategy"]["globalMatrix"]["entries"]
    entries.append({"group": {"name": "g", "permissions": ["Lockable Resources/Reserve"]}})
    ssh(document).update(host="${HOST}", port="${PORT:-22}", credentialsId="${HOST}")
    assert found(tmp_path, pkgci=document) == []


def test_a_reference_is_resolved_where_jenkins_would_resolve_it(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t")
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "folder").mkdir()
    sources = Sources({"SECRETS": str(tmp_path), "WHERE": str(tmp_path)})

    def wrong(text: str) -> list[str]:
        return [fault.message for fault in faults_in(text, sources, "x")]

    for text in ("${token}", "${HOME}", "^${nothing}", "${NONE:-default}", f"${{readFile:{tmp_path}/token}}", "$x"):
        assert wrong(text) == []
    assert wrong("${readFile:${WHERE}/token} and ${base64:${token}}") == []
    assert wrong(f"${{readFile:{tmp_path}/empty}}") == [f"${{readFile:{tmp_path}/empty}} cannot be read: it is empty"]
    assert "it is no file" in wrong(f"${{readFile:{tmp_path}/folder}}")[0]
    assert "is not set" in wrong("${empty}")[0]
    assert len(wrong("${A} ${B}")) == 2
    with_a_vault = Sources(open=True)
    assert list(faults_in("${A}", with_a_vault, "x")) == []


def test_no_message_has_a_secret_in_it(document: Document, tmp_path: Path) -> None:
    document["jenkins"]["securityRealm"]["local"]["users"][0]["password"] = {"hunter2": "hunter2"}
    document["jenkins"]["numExecutors"] = "hunter2"
    ssh(document)["port"] = "hunter2"
    messages = found(tmp_path, pkgci=document)
    assert len(messages) == 3
    assert "hunter2" not in " ".join(messages)
