"""What the Jenkins master becomes, read from the compiled catalogs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from pkgci.model.load import load_site
from tests.unit.puppet.conftest import ALL_ROLES, ROOT, Catalog, compile_site

CASC = "/etc/jenkins/casc.d/pkgci.yaml"
UNIT = "/etc/systemd/system/jenkins.service.d/pkgci.conf"
SECRETS = "/etc/jenkins/secrets"


def content(catalog: Catalog, file: str) -> str:
    return str(catalog.get("File", file)["content"])


def casc(catalog: Catalog) -> Any:
    return yaml.safe_load(content(catalog, CASC))


@pytest.fixture
def master(lab: dict[str, Catalog]) -> Catalog:
    return lab["jenkins01"]


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Catalog]:
    """One machine with every role, with Jenkins from a WAR and users from elsewhere, on each Ubuntu."""
    variants = {
        "ubuntu-22.04": "ldap: {server: 'ldaps://ldap.example.org', root_dn: 'dc=x', manager_dn: '${m}'}",
        "ubuntu-24.04": "oidc: {well_known: 'https://id.example.org/c', client_id: me}, administrators: [ann, bob]",
    }
    found = {}
    for system, realm in variants.items():
        folder = tmp_path_factory.mktemp(system)
        shutil.copy(ROOT / "examples/lab/keys/alice.pub", folder / "alice.pub")
        (folder / "known_hosts").write_text("[one01]:2222 ssh-ed25519 AAAAone0\n")
        war = f"war: {{url: 'https://mirror.example.org/jenkins.war', sha256: {'a' * 64}}}"
        text = f"{ALL_ROLES}os: {system}\njenkins: {{{war}, plugins: {{git: '9', own: '1.0'}}, {realm}}}\n"
        (folder / "site.yaml").write_text(text)
        found[system] = compile_site(load_site(folder / "site.yaml"), folder)["one01"]
    return found


def test_nobody_but_administrators_may_do_more_than_read(master: Catalog) -> None:
    entries = casc(master)["jenkins"]["authorizationStrategy"]["globalMatrix"]["entries"]
    rights = {one["name"]: one["permissions"] for entry in entries for one in entry.values()}
    read = ["Overall/Read", "Job/Read", "View/Read"]
    assert rights == {"anonymous": read, "authenticated": read, "admin": ["Overall/Administer"]}


def test_the_controller_runs_no_builds_and_listens_on_its_host_only(master: Catalog) -> None:
    jenkins = casc(master)["jenkins"]
    assert (jenkins["numExecutors"], jenkins["mode"], jenkins["slaveAgentPort"]) == (0, "EXCLUSIVE", -1)
    assert 'Environment="JENKINS_LISTEN_ADDRESS=127.0.0.1"' in content(master, UNIT)


def test_every_slave_is_a_node_with_its_label_and_its_pinned_host_key(master: Catalog) -> None:
    nodes = {node["permanent"]["name"]: node["permanent"] for node in casc(master)["jenkins"]["nodes"]}
    assert set(nodes) == {"build01", "install01", "systest01", "pub01"}
    install = nodes["install01"]
    assert (install["labelString"], install["numExecutors"], install["mode"]) == ("slave_install", 2, "EXCLUSIVE")
    ssh = install["launcher"]["ssh"]
    assert (ssh["host"], ssh["port"], ssh["credentialsId"]) == ("198.18.1.22", 2222, "slave-slave_install")
    strategy = ssh["sshHostKeyVerificationStrategy"]
    assert strategy == {"manuallyProvidedKeyVerificationStrategy": {"key": "ssh-ed25519 AAAAinst"}}


def test_each_slave_role_has_a_key_of_its_own_that_only_jenkins_reads(master: Catalog) -> None:
    (domain,) = casc(master)["credentials"]["system"]["domainCredentials"]
    keys = {one["id"]: one for entry in domain["credentials"] for one in entry.values()}
    assert set(keys) == {f"slave-{role}" for role in ("publisher", "slave_build", "slave_install", "slave_systest")}
    for name, key in keys.items():
        file = f"{SECRETS}/{name}"
        assert key["privateKeySource"]["directEntry"]["privateKey"] == f"${{readFile:{file}}}"
        assert (master.get("File", file)["owner"], master.get("File", file)["mode"]) == ("jenkins", "0600")
    assert (master.get("File", SECRETS)["owner"], master.get("File", SECRETS)["mode"]) == ("jenkins", "0700")


def test_jenkins_waits_for_its_plugins_and_its_configuration(master: Catalog) -> None:
    assert "ConditionPathExists=/var/lib/jenkins-apply/ready" in content(master, UNIT)
    assert "runSetupWizard=false" in content(master, UNIT)
    before = str(master.get("Class", "Jenkins::Unit")["before"])
    assert "Class[Jenkins::Apt]" in before and "Class[Jenkins::Configuration]" not in before


def test_what_jenkins_writes_itself_is_seeded_and_jobs_are_left_alone(master: Catalog) -> None:
    inside = {title: values for title, values in master.all("File").items() if title.startswith("/var/lib/jenkins/")}
    assert set(inside) == {"/var/lib/jenkins/hudson.plugins.gearman.GearmanPluginConfig.xml"}
    assert all((values["replace"], values["mode"]) == (False, "0640") for values in inside.values())
    assert "UMask=0027" in content(master, UNIT)


def test_the_package_stays_at_its_version(master: Catalog) -> None:
    assert master.get("Package", "jenkins")["ensure"] == "2.568.2"
    assert "Pin: version 2.568.2\nPin-Priority: 1001" in content(master, "/etc/apt/preferences.d/jenkins")
    assert "Signed-By: /etc/apt/keyrings/jenkins.gpg" in content(master, "/etc/apt/sources.list.d/jenkins.sources")


def test_the_heap_is_a_share_of_the_memory_and_smaller_beside_other_roles(master: Catalog, one: Catalog) -> None:
    assert "-Xmx2048m " in content(master, UNIT)
    assert "-Xmx1024m " in content(one, UNIT)


def test_without_a_lab_nothing_comes_from_a_stand_in(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples/openstack", tmp_path / "site")
    with (tmp_path / "site/site.yaml").open("a") as file:
        file.write("os: ubuntu-24.04\n")
    site = load_site(tmp_path / "site/site.yaml")
    catalogs = compile_site(site, tmp_path)
    assert not any("stand-in" in repr(catalog.resources) for catalog in catalogs.values())
    master, source = catalogs["jenkins01"], site.jenkins.apt
    assert f"URIs: {source.url}\n" in content(master, "/etc/apt/sources.list.d/jenkins.sources")
    key = master.get("Exec", "trust the key of the Jenkins packages")["command"]
    assert source.fingerprint in key and source.key in key
    (installer,) = master.all("Download").values()
    assert re.fullmatch("[0-9a-f]{64}", installer["sha256"])
    assert "java -jar" in content(master, "/etc/jenkins/apply.conf")
    assert site.gerrit is not None and site.gerrit.host_key is not None
    assert site.gerrit.host_key in content(catalogs["zuul01"], "/var/lib/zuul/.ssh/known_hosts")


def test_a_war_takes_the_place_of_the_package(others: dict[str, Catalog]) -> None:
    for catalog in others.values():
        assert not catalog.has("Package", "jenkins")
        assert "SHA256:" + "a" * 64 in catalog.get("Exec", "download /usr/share/java/jenkins.war")["command"]
        assert catalog.has("User", "jenkins") and catalog.has("User", "jenkins-agent")
        assert "# Read when Jenkins starts: war aaaa" in content(catalog, UNIT)


def test_a_site_adds_plugins_and_changes_versions(others: dict[str, Catalog]) -> None:
    lines = content(others["ubuntu-22.04"], "/etc/jenkins/plugins.txt").splitlines()
    assert {"git:9", "own:1.0", "gearman-plugin:0.8.0"} <= set(lines)
    assert lines == sorted(lines)


def test_users_come_from_a_directory_or_a_provider(others: dict[str, Catalog]) -> None:
    (directory,) = casc(others["ubuntu-22.04"])["jenkins"]["securityRealm"]["ldap"]["configurations"]
    # What a site writes is taken literally: Jenkins looks nothing up in it.
    assert directory["managerDN"] == "^${m}"
    assert directory["managerPasswordSecret"] == f"${{readFile:{SECRETS}/ldap_password}}"
    provider = casc(others["ubuntu-24.04"])["jenkins"]["securityRealm"]["oic"]
    assert provider["clientSecret"] == f"${{readFile:{SECRETS}/oidc_secret}}"
    for catalog in others.values():
        assert not catalog.has("File", f"{SECRETS}/admin_password")


def test_jenkins_account_is_its_own_also_where_another_program_had_one_of_that_name(
    master: Catalog, one: Catalog, others: dict[str, Catalog]
) -> None:
    # Before there was a Jenkins, agents of a host with every role had the user `jenkins`, and the agents' home.
    for catalog in (master, one, *others.values()):
        assert catalog.get("User", "jenkins")["home"] == "/var/lib/jenkins"
    assert one.get("User", "jenkins-agent")["home"] == "/srv/jenkins"


def test_agents_on_the_masters_own_host_have_another_user(others: dict[str, Catalog]) -> None:
    (node,) = casc(others["ubuntu-24.04"])["jenkins"]["nodes"]
    (domain,) = casc(others["ubuntu-24.04"])["credentials"]["system"]["domainCredentials"]
    (credential,) = domain["credentials"]
    assert credential["basicSSHUserPrivateKey"]["username"] == "jenkins-agent"
    assert node["permanent"]["launcher"]["ssh"]["credentialsId"] == credential["basicSSHUserPrivateKey"]["id"]


def test_jenkins_apply_knows_an_account_where_users_are_jenkins_own(
    master: Catalog, others: dict[str, Catalog]
) -> None:
    settings = content(master, "/etc/jenkins/apply.conf")
    assert f"account = admin\npassword_file = {SECRETS}/admin_password\n" in settings.replace("\n\n", "\n")
    assert "patience = 900\n" in settings
    assert "account" not in content(others["ubuntu-22.04"], "/etc/jenkins/apply.conf")


def test_jenkins_apply_comes_with_what_it_needs_and_guards_the_start(master: Catalog) -> None:
    library = master.get("File", "/usr/local/lib/jenkins-apply/jenkins_apply")
    assert (library["recurse"], library["purge"]) == (True, True)
    assert master.has("Package", "python3-yaml")
    assert "ExecStartPre=+-/usr/local/sbin/jenkins-apply --restore\n" in content(master, UNIT)
    program = master.get("Exec", "/usr/local/sbin/jenkins-apply")
    assert int(program["timeout"]) > 2 * 900


def test_a_sites_own_configuration_of_a_wrong_type_does_not_compile(tmp_path: Path) -> None:
    wrong = {
        "{jenkins: {numExecutors: two}}": r"own: jenkins\.numExecutors: Integer\[0\] is expected, not String",
        "{jenkins: {nodes: [{permanent: {name: 'a b', numExecutors: 1}}]}}": r"own: jenkins\.nodes\[0\]: name: ",
        "{unclassified: {gearmanPluginConfig: {port: 0}}}": r"own: unclassified\.gearmanPluginConfig\.port: ",
    }
    for number, (configuration, message) in enumerate(wrong.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        shutil.copy(ROOT / "examples/lab/keys/alice.pub", folder / "alice.pub")
        own = f"roles: {{jenkins_master: {{'profile::jenkins_master::configuration': {{own: {configuration}}}}}}}\n"
        (folder / "site.yaml").write_text(ALL_ROLES + own)
        with pytest.raises(AssertionError, match=message):
            compile_site(load_site(folder / "site.yaml"), folder)
