"""The configuration: what the real one would take, what it would reject, and what it means."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pkgci.lab.stand_ins.jenkins.program.config.expand import expander
from pkgci.lab.stand_ins.jenkins.program.config.faults import ConfigError
from pkgci.lab.stand_ins.jenkins.program.config.gearman_file import NAME, Gearman, read_gearman_file
from pkgci.lab.stand_ins.jenkins.program.config.model import configuration, faults_of
from pkgci.lab.stand_ins.jenkins.program.config.sources import read_all
from pkgci.lab.stand_ins.jenkins.program.settings import SettingsError, from_environment

Document = dict[str, Any]


def test_what_puppet_writes_is_taken(document: Document) -> None:
    read = configuration(document, None)
    assert [node.name for node in read.nodes] == ["build01", "pub01"]
    assert read.nodes[0].credential is not None
    assert read.nodes[0].credential.user == "jenkins"
    assert read.nodes[0].host_key == "ssh-ed25519 AAAA"
    assert read.nodes[1].all_labels == ("publisher", "pub01")
    assert read.url == "https://jenkins01.test/jenkins/"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda d: d["jenkins"].update(numberOfExecutors=1), "jenkins.numberOfExecutors"),
        (lambda d: d.update(jobs=[]), "jobs"),
        (lambda d: d["jenkins"].update(remotingSecurity={"enabled": True}), "jenkins.remotingSecurity"),
        (
            lambda d: d["jenkins"].update(crumbIssuer={"standard": {"excludeClientIPFromCrumb": True}}),
            "jenkins.crumbIssuer.standard.excludeClientIPFromCrumb",
        ),
        (lambda d: d["jenkins"].update(numExecutors="two"), "jenkins.numExecutors"),
        (lambda d: d["jenkins"].update(mode="SHARED"), "jenkins.mode"),
        (lambda d: d["jenkins"]["nodes"][1]["permanent"].update(label="x"), "jenkins.nodes[1].permanent.label"),
        (lambda d: d["jenkins"]["nodes"][0].update(permanent={"name": "x"}), "jenkins.nodes[0].permanent"),
        (lambda d: d["unclassified"]["location"].update(uri="x"), "unclassified.location.uri"),
        (lambda d: d["jenkins"].update(securityRealm={"pam": {}}), "jenkins.securityRealm"),
    ],
)
def test_what_the_real_one_does_not_know_is_refused_with_its_place(
    document: Document, change: Callable[[Document], None], path: str
) -> None:
    change(document)
    with pytest.raises(ConfigError) as refused:
        configuration(document, None)
    assert path in [fault.path for fault in refused.value.faults]


def test_a_permission_that_is_none_is_refused(document: Document) -> None:
    document["jenkins"]["authorizationStrategy"]["globalMatrix"]["entries"][0]["user"]["permissions"] = ["Job/Reed"]
    assert [fault.message for fault in faults_of(document)] == ["no permission is named 'Job/Reed'"]


def test_ldap_and_oidc_are_taken_and_let_nobody_in(document: Document) -> None:
    ldap = {"configurations": [{"server": "ldaps://x", "rootDN": "dc=x", "managerPasswordSecret": "s"}]}
    oic = {
        "clientId": "x",
        "clientSecret": "s",
        "serverConfiguration": {"wellKnown": {"wellKnownOpenIDConfigurationUrl": "https://x"}},
        "userNameField": "sub",
    }
    for realm in ({"ldap": ldap}, {"oic": oic}):
        document["jenkins"]["securityRealm"] = realm
        read = configuration(document, None)
        assert (read.realm, dict(read.passwords)) == (next(iter(realm)), {})


def test_no_secret_is_in_what_a_configuration_says_of_itself(document: Document) -> None:
    text = repr(configuration(document, None))
    assert "right" not in text
    assert "secret key" not in text


def test_the_gearman_plugins_file_counts_where_the_configuration_says_nothing(document: Document) -> None:
    own = Gearman(enabled=True, host="zuul01", port=4731)
    assert configuration(document, own).gearman == own
    document["unclassified"]["gearmanPluginConfig"] = {"enablePlugin": True, "host": "192.0.2.9", "port": 4730}
    assert configuration(document, own).gearman == Gearman(enabled=True, host="192.0.2.9", port=4730)


@pytest.mark.parametrize(
    "text",
    ["<hudson.plugins.gearman.GearmanPluginConfig><port>", "<other/>", "", "<!DOCTYPE x><x/>"],
)
def test_a_broken_gearman_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / NAME).write_text(text)
    with pytest.raises(ConfigError):
        read_gearman_file(tmp_path)


def test_the_gearman_file_of_jenkins_is_read(tmp_path: Path) -> None:
    root = "hudson.plugins.gearman.GearmanPluginConfig"
    (tmp_path / NAME).write_text(
        f"<?xml version='1.1' encoding='UTF-8'?>\n<{root} plugin='gearman-plugin@0.8.0'>"
        f"<enablePlugin>true</enablePlugin><host>zuul01</host><port>4730</port></{root}>"
    )
    assert read_gearman_file(tmp_path) == Gearman(enabled=True, host="zuul01", port=4730)


def test_variables_come_from_files_secrets_and_the_environment(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from secrets\n")
    (tmp_path / "key").write_text("a key with ${HOME} in it\n")
    expand = expander({"HOME": "/root", "token": "from environment"}, tmp_path)
    assert expand("${token} ${HOME}") == "from secrets /root"
    assert expand(f"${{readFile:{tmp_path}/key}}") == "a key with ${HOME} in it\n"
    assert expand("${readFile:${WHERE:-/nowhere}}") == ""
    assert expand("^${HOME} ${NONE:-default} ${NONE}") == "${HOME} default "


def test_several_files_are_one_configuration(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("jenkins: {numExecutors: 0, nodes: [1]}\n")
    (tmp_path / "b.yml").write_text("jenkins: {mode: NORMAL, nodes: [2]}\n")
    (tmp_path / "c.txt").write_text("no yaml: [")
    assert read_all([str(tmp_path)], str) == {"jenkins": {"numExecutors": 0, "mode": "NORMAL", "nodes": [1, 2]}}
    (tmp_path / "d.yaml").write_text("jenkins: {numExecutors: 1}\n")
    with pytest.raises(ConfigError, match=r"jenkins\.numExecutors"):
        read_all([str(tmp_path)], str)


def test_of_a_key_that_stands_twice_the_last_counts_as_in_the_real_one(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: 1\na: 2\n")
    assert read_all([str(tmp_path / "a.yaml")], str) == {"a": 2}


def test_what_the_real_one_has_and_the_stand_in_has_not_is_refused_aloud(document: Document) -> None:
    document["jenkins"]["clouds"] = []
    (fault,) = faults_of(document)
    assert "jenkins.clouds: pkgci's stand-in for Jenkins does not have this attribute; the real one does" in fault.said


@pytest.mark.parametrize("text", ["a: [", "- 1\n"])
def test_yaml_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(ConfigError):
        read_all([str(tmp_path / "a.yaml")], str)


def test_the_unit_says_where_jenkins_listens(tmp_path: Path) -> None:
    environment = {
        "JENKINS_HOME": str(tmp_path),
        "JENKINS_PORT": "8081",
        "JENKINS_LISTEN_ADDRESS": "127.0.0.1",
        "JENKINS_PREFIX": "/jenkins",
        "JAVA_OPTS": "-Xmx512m '-Dx=a b'",
        "CASC_JENKINS_CONFIG": "/etc/a.yaml, /etc/b",
        "CASC_RELOAD_TOKEN": "t",
    }
    settings = from_environment(environment, "2.568.2")
    assert (settings.address, settings.port, settings.prefix) == ("127.0.0.1", 8081, "/jenkins")
    assert settings.casc == ("/etc/a.yaml", "/etc/b")


@pytest.mark.parametrize(
    ("name", "value"), [("JENKINS_PORT", "$PORT"), ("JENKINS_PREFIX", "jenkins"), ("JAVA_OPTS", "-Dx=a b")]
)
def test_a_unit_with_which_the_real_one_would_not_start_is_refused(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        from_environment({name: value}, "2.568.2")
