"""What the users of the hosts rely on, read from the compiled catalogs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pkgci.model.known_steps import lacking
from pkgci.model.load import load_site
from tests.unit.puppet.conftest import ROOT, SECRET, Catalog, compile_site, lab_site

# The lab's own site is a fixture: what is asserted of it says that it compiles.
SITES = sorted(path.parent.name for path in (ROOT / "examples").glob("*/site.yaml") if path.parent.name != "lab")


@pytest.mark.parametrize("name", SITES)
def test_every_host_of_the_other_examples_compiles(name: str, tmp_path: Path) -> None:
    site = load_site(ROOT / "examples" / name / "site.yaml")
    if site.manifests is None:
        assert set(compile_site(site, tmp_path)) == {host.name for host in site.hosts}


def test_every_host_drops_what_nobody_declared_in_both_families(lab: dict[str, Catalog]) -> None:
    for catalog in lab.values():
        assert "table inet pkgci {" in catalog.firewall
        assert "type filter hook input priority filter; policy drop;" in catalog.firewall


def test_no_firewall_touches_the_rules_of_others(lab: dict[str, Catalog]) -> None:
    for catalog in lab.values():
        statements = [line for line in catalog.firewall.splitlines() if not line.startswith("#")]
        assert not any("flush" in line for line in statements)
        assert {line for line in statements if " table " in f" {line} " and "pkgci" not in line} == set()
        assert "hook forward" not in catalog.firewall


def test_gearman_is_open_to_the_jenkins_master_only(lab: dict[str, Catalog]) -> None:
    rules = [line.strip() for line in lab["zuul01"].firewall.splitlines() if "4730" in line]
    assert rules == ['ip saddr { 198.18.1.11/32 } tcp dport 4730 accept comment "Jenkins takes jobs from Zuul"']
    assert not any("4730" in catalog.firewall for name, catalog in lab.items() if name != "zuul01")


def chain(catalog: Catalog, name: str) -> list[str]:
    """The rules of a chain of the packet filter."""
    (found,) = re.findall(rf"^\tchain {name} {{\n(.*?)^\t}}", catalog.firewall, re.MULTILINE | re.DOTALL)
    return [line.strip() for line in found.splitlines() if line.strip()]


def test_every_account_that_runs_jobs_is_held_to_what_it_needs_the_ids_of_its_roots_too(
    lab: dict[str, Catalog], one: Catalog
) -> None:
    for catalog, agent in ((lab["build01"], "jenkins"), (one, "jenkins-agent")):
        assert chain(catalog, "output")[1:] == [
            f'meta skuid "{agent}" goto agent',
            "meta skuid 1900000000-1900065535 goto roots",
            'meta skuid "pkgci-fetch" goto fetcher',
        ]
        assert (chain(catalog, "agent")[-1], chain(catalog, "roots")[-1]) == ("goto roots", "goto fetcher")
        assert chain(catalog, "fetcher")[-1] == "reject"
        for user in (agent, "pkgci-fetch"):
            assert "File[/etc/pkgci/firewall.nft]" in catalog.get("User", user)["before"]
    assert "pkgci-fetch" not in lab["install01"].firewall
    assert not any("hook output" in lab[name].firewall for name in ("zuul01", "jenkins01", "log01"))


def test_a_root_reaches_repositories_and_mirrors_and_no_host_of_the_site_beside(lab: dict[str, Catalog]) -> None:
    install = lab["install01"]
    assert chain(install, "roots")[:-1] == [
        'ip daddr { 198.18.1.12/32 } tcp dport 443 accept comment "packages of the change under test"'
    ]
    rules = chain(install, "fetcher")
    (hosts,) = [rule for rule in rules if rule.startswith("ip daddr")]
    assert all(f"198.18.1.{number}/32" in hosts for number in (10, 11, 12, 13, 21, 22, 23))
    assert "169.254.0.0/16" in hosts and " reject " in hosts
    assert any(rule.startswith("ip6 daddr { fe80::/10, ") and " reject " in rule for rule in rules)
    assert rules.index(hosts) < rules.index('tcp dport { 80, 443 } accept comment "mirrors"')
    assert 'fib daddr type local reject comment "this host itself"' in rules[: rules.index(hosts)]


def test_only_the_account_of_jobs_reaches_zuul_and_the_log_server(lab: dict[str, Catalog]) -> None:
    assert [rule.split()[3] + " " + rule.split()[7] for rule in chain(lab["build01"], "agent")[:-1]] == [
        "198.18.1.10/32 443",
        "198.18.1.13/32 22",
    ]


def test_the_world_reaches_the_web_servers_in_both_families(lab: dict[str, Catalog]) -> None:
    for name in ("zuul01", "jenkins01", "pub01", "log01"):
        for family in ("ipv4", "ipv6"):
            assert f"meta nfproto {family} tcp dport 443 accept" in lab[name].firewall
    assert not any("443" in rule for rule in chain(lab["build01"], "input"))


def test_ssh_is_permitted_on_the_port_that_pkgci_uses(lab: dict[str, Catalog], one: Catalog) -> None:
    assert 'ip saddr { 198.18.1.1/32 } tcp dport 2222 accept comment "management"' in lab["install01"].firewall
    assert not any("dport 22 " in rule for rule in chain(lab["install01"], "input"))
    assert 'ip saddr { 192.0.2.0/24 } tcp dport 2222 accept comment "management"' in one.firewall
    assert 'ip6 saddr { 2001:db8:1::/48 } tcp dport 2222 accept comment "management"' in one.firewall


def test_neighbours_find_each_other_over_ipv6(one: Catalog) -> None:
    assert re.search(r"icmpv6 type \{[^}]*nd-neighbor-solicit[^}]*\} ip6 hoplimit 255 accept", one.firewall)


def test_a_firewall_is_checked_before_it_replaces_the_old_one(one: Catalog) -> None:
    assert one.get("File", "/etc/pkgci/firewall.nft")["validate_cmd"] == "/usr/sbin/nft -c -f %"
    assert one.get("Service", "pkgci-firewall.service")["enable"] in (True, "true")


def test_no_catalog_shows_a_secret(lab: dict[str, Catalog], one: Catalog) -> None:
    for catalog in (*lab.values(), one):
        assert SECRET not in repr(catalog.resources)


def test_files_with_secrets_are_their_owners_only_and_leave_no_traces(lab: dict[str, Catalog], one: Catalog) -> None:
    seen = 0
    for catalog in (*lab.values(), one):
        for title, values in catalog.all("File").items():
            if values.get("content") == "[sensitive]":
                seen += 1
                assert values["mode"] == "0600", title
                assert values["show_diff"] is False, title
                assert values["backup"] is False, title
    assert seen > 10


def test_a_slave_lets_only_the_jenkins_master_in(lab: dict[str, Catalog]) -> None:
    for name, role in (("build01", "slave_build"), ("install01", "slave_install"), ("pub01", "publisher")):
        line = lab[name].get("File", "/etc/ssh/authorized_keys.d/jenkins")["content"].splitlines()[-1]
        assert line == f'from="198.18.1.11",restrict ssh-ed25519 AAAAC3Nza ssh/{role}'


def test_the_upload_key_can_only_add_logs(lab: dict[str, Catalog]) -> None:
    line = lab["log01"].get("File", "/etc/ssh/authorized_keys.d/logs")["content"].splitlines()[-1]
    command = "/usr/local/lib/pkgci-logs/receive /srv/logs /var/lib/pkgci-logs /etc/pkgci/keys/log_token"
    assert f'restrict,command="{command} {lab["log01"].site.logs.disk}"' in line
    assert "198.18.1.21" in line and "198.18.1.200" not in line


def test_logs_go_when_the_site_says(lab: dict[str, Catalog]) -> None:
    logs = lab["log01"].site.logs
    unit = lab["log01"].get("File", "/etc/systemd/system/prune-logs.service")["content"]
    assert f"/srv/logs /var/lib/pkgci-logs --days {logs.days} --disk {logs.disk}\n" in unit
    assert lab["log01"].get("Service", "prune-logs.timer")["enable"] is True


def test_the_page_of_a_build_leads_to_the_review_and_to_zuul(lab: dict[str, Catalog]) -> None:
    page = lab["log01"].get("File", "/usr/local/share/pkgci-logs/build.html")["content"]
    assert 'data-path="/logs"' in page and 'data-zuul="https://zuul01.pkg.lab.test/zuul/"' in page
    assert 'data-gerrit="https://review.pkg.lab.test"' in page


def test_a_host_with_every_role_has_the_keys_of_each(one: Catalog) -> None:
    # Beside the Jenkins master, whose own user is `jenkins`, agents have another one.
    keys = one.get("File", "/etc/ssh/authorized_keys.d/jenkins-agent")["content"]
    for role in ("publisher", "slave_build", "slave_install", "slave_systest"):
        assert f"ssh/{role}" in keys


def test_a_host_with_several_roles_names_them_on_its_page(lab: dict[str, Catalog], one: Catalog) -> None:
    page = lab["log01"].get("File", "/var/www/pkgci/index.html")["content"]
    assert 'id="log_server"' in page and 'id="monitoring"' in page and 'id="zuul"' not in page
    assert 'id="publisher"' in one.get("File", "/var/www/pkgci/index.html")["content"]


def test_the_account_that_pkgci_logs_in_with_is_left_alone(one: Catalog) -> None:
    assert one.has("User", "alice") and not one.has("User", "deploy")
    assert one.has("File", "/etc/ssh/authorized_keys.d/deploy")
    assert "deploy" not in one.get("File", "/etc/sudoers.d/pkgci-administrators")["content"]


def test_jobs_may_ask_root_for_a_control_group_and_for_nothing_else_of_it(lab: dict[str, Catalog]) -> None:
    for host in ("build01", "install01", "systest01"):
        rule = lab[host].get("File", "/etc/sudoers.d/pkgci-scope")["content"]
        # No word of theirs reaches it.
        assert 'PKGCI_SCOPE = /usr/local/bin/pkgci-scope ""\n' in rule
        assert rule.splitlines()[-1] == "jenkins ALL=(root) NOPASSWD: PKGCI_SCOPE"
        assert lab[host].get("File", "/usr/local/bin/pkgci-scope")["owner"] == "root"
    for host in ("zuul01", "pub01", "log01", "jenkins01"):
        assert not lab[host].has("File", "/etc/sudoers.d/pkgci-scope")


def test_root_logs_in_only_where_pkgci_does(lab: dict[str, Catalog], one: Catalog) -> None:
    config = "/etc/ssh/sshd_config.d/00-pkgci.conf"
    assert "PermitRootLogin prohibit-password\n" in lab["zuul01"].get("File", config)["content"]
    assert "PermitRootLogin no\n" in one.get("File", config)["content"]
    assert "PasswordAuthentication no\n" in one.get("File", config)["content"]


def test_an_account_of_ours_has_only_the_keys_that_we_give(lab: dict[str, Catalog]) -> None:
    config = lab["build01"].get("File", "/etc/ssh/sshd_config.d/00-pkgci.conf")["content"]
    assert "Match Group pkgci-keys\n    AuthorizedKeysFile /etc/ssh/authorized_keys.d/%u\n" in config
    for name, user in (("build01", "jenkins"), ("build01", "fetch"), ("build01", "alice"), ("log01", "logs")):
        assert "pkgci-keys" in lab[name].get("User", user)["groups"]


def test_a_connection_of_jenkins_that_answers_no_more_ends_and_those_of_people_are_left_alone(
    lab: dict[str, Catalog], one: Catalog
) -> None:
    for host, user in ((lab["build01"], "jenkins"), (one, "jenkins-agent")):
        config = host.get("File", "/etc/ssh/sshd_config.d/10-jenkins-agent.conf")
        assert f"Match User {user}\n    ClientAliveInterval 15\n    ClientAliveCountMax 8\n" in config["content"]
        assert config["notify"] == "Service[ssh]"
    assert "ClientAlive" not in lab["build01"].get("File", "/etc/ssh/sshd_config.d/00-pkgci.conf")["content"]
    assert not lab["zuul01"].has("File", "/etc/ssh/sshd_config.d/10-jenkins-agent.conf")


def test_plain_http_leads_to_https(lab: dict[str, Catalog]) -> None:
    vhost = lab["pub01"].get("Apache::Vhost", "pkgci-http")
    assert vhost["redirect_dest"] == "https://pub01.pkg.lab.test/"


def test_prometheus_watches_every_host_and_answers_nobody_outside(lab: dict[str, Catalog]) -> None:
    config = lab["log01"].get("File", "/etc/prometheus/prometheus.yml")["content"]
    assert all(f"{catalog.host.address}:9100" in config for catalog in lab.values())
    assert "127.0.0.1:9090" in lab["log01"].get("File", "/etc/default/prometheus")["content"]
    assert 'ip saddr { 198.18.1.13/32 } tcp dport 9100 accept comment "metrics"' in lab["build01"].firewall


def test_rules_that_would_lock_the_operator_out_do_not_compile(tmp_path: Path) -> None:
    site_file = lab_site(tmp_path)
    (tmp_path / "hiera").mkdir()
    (tmp_path / "hiera/locked.yaml.j2").write_text("profile::firewall::rules: []\n")
    with pytest.raises(AssertionError, match="cut the operator off"):
        compile_site(load_site(site_file), tmp_path / "catalogs")


def test_the_key_of_a_role_that_a_host_no_longer_has_goes(lab: dict[str, Catalog]) -> None:
    for folder in ("/etc/pkgci", "/etc/pkgci/keys", "/etc/ssh/authorized_keys.d"):
        assert lab["build01"].get("File", folder)["purge"] is True
    assert lab["jenkins01"].get("File", "/etc/jenkins/secrets")["purge"] is True


def test_an_installation_that_was_cut_short_is_finished_first(one: Catalog) -> None:
    assert "dpkg --audit" in one.get("Exec", "finish what dpkg began")["onlyif"]


def test_what_puppet_writes_for_jobs_is_what_deploy_jobs_looks_for(lab: dict[str, Catalog]) -> None:
    slaves = [catalog for catalog in lab.values() if catalog.has("File", "/etc/pkgci/steps.json")]
    assert len(slaves) == 4
    for catalog in slaves:
        text = str(catalog.get("File", "/etc/pkgci/steps.json")["content"])
        assert lacking(catalog.site, catalog.host, text, catalog.site.projects) == ()
        assert json.loads(text)["roles"] == list(catalog.host.roles)
