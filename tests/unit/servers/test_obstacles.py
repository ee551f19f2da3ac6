"""What stands in the way on a bare host is named before the first run."""

import base64
import json
from typing import Any

import pytest

from pkgci.facts.fact import Answers, whole_program
from pkgci.model.site import Site
from pkgci.servers.collect import Delivery
from pkgci.servers.judge import Clock, Finding, Verdict, judge

SSHD = ("pubkeyauthentication yes", "forcecommand none", "authenticationmethods any")


def found(site: Site, *lines: str, host: str = "log01") -> dict[str, Finding]:
    """The lines of the comparison that are about obstacles, where the collector printed ``lines``."""
    delivered = Delivery(site, site.host(host)).read(Answers("\n".join([*lines, "end=yes"])))
    wanted = {"firewall", "log in", "accounts"}
    return {item.check: item for item in judge(site, site.host(host), delivered, Clock(0, 0)) if item.check in wanted}


def nft(*objects: dict[str, Any]) -> str:
    return f"nft={base64.b64encode(json.dumps({'nftables': objects}).encode()).decode()}"


def chain(table: str, name: str, family: str = "ip", **more: str) -> dict[str, Any]:
    return {"chain": {"family": family, "table": table, "name": name, **more}}


def rule(table: str, name: str, family: str = "ip") -> dict[str, Any]:
    return {"rule": {"family": family, "table": table, "chain": name, "expr": []}}


def test_a_bare_host_has_nothing_in_the_way(site: Site) -> None:
    lines = [f"sshd=logs {line}" for line in SSHD]
    assert {item.verdict for item in found(site, *lines).values()} == {Verdict.OK}


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        (["firewall=ufw"], "ufw"),
        (["firewall=firewalld"], "firewalld"),
        (["iptables=-A INPUT -j DROP"], "iptables-legacy rules"),
        (
            [nft(chain("filter", "in", "inet", type="filter", hook="input", policy="drop"))],
            "nftables table inet filter",
        ),
        (
            [nft(chain("mine", "in", type="filter", hook="input", policy="accept"), rule("mine", "in"))],
            "nftables table ip mine",
        ),
        (
            [
                nft(
                    chain("nat", "PREROUTING", type="nat", hook="prerouting", policy="accept"),
                    rule("nat", "PREROUTING"),
                    chain("nat", "DOCKER"),
                )
            ],
            "nftables table ip nat (Docker's)",
        ),
        (["nft=bm8ganNvbg=="], "nftables rules that cannot be read"),
    ],
)
def test_a_foreign_firewall_is_named(site: Site, lines: list[str], named: str) -> None:
    assert found(site, *lines)["firewall"] == Finding("firewall", "pkgci's alone", named, Verdict.SHORT)


def test_what_keeps_nobody_out_is_no_firewall(site: Site) -> None:
    harmless = nft(
        chain("nat", "OUTPUT", type="nat", hook="output", policy="accept"),
        rule("nat", "OUTPUT"),
        chain("filter", "input", "inet", type="filter", hook="input", policy="accept"),
        chain("pkgci_lab", "input", "inet", type="filter", hook="input", policy="drop"),
    )
    assert found(site, harmless)["firewall"].verdict is Verdict.OK


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        (["allowusers root", "allowusers deploy"], "AllowUsers"),
        (["denyusers lo*"], "DenyUsers"),
        (["allowgroups ssh"], "AllowGroups"),
        (["denygroups pkgci-keys"], "DenyGroups"),
        (["allowusers *", "allowusers !logs"], "AllowUsers"),
        (["pubkeyauthentication no"], "PubkeyAuthentication no"),
        (
            ["authenticationmethods publickey,keyboard-interactive"],
            "AuthenticationMethods publickey,keyboard-interactive",
        ),
        (["forcecommand /bin/false"], "ForceCommand /bin/false"),
    ],
)
def test_an_account_that_sshd_would_shut_out_is_named_with_the_reason(
    site: Site, rules: list[str], reason: str
) -> None:
    line = found(site, *(f"sshd=logs {rule}" for rule in rules))["log in"]
    assert (line.found, line.verdict) == (f"logs: {reason}", Verdict.SHORT)


@pytest.mark.parametrize("rules", [["allowusers logs@10.0.0.0/8"], ["allowgroups staff", "allowgroups pkgci-*"]])
def test_an_account_that_sshd_lets_in_is_not(site: Site, rules: list[str]) -> None:
    lines = [f"sshd=logs {line}" for line in (*SSHD, *rules)]
    assert found(site, "ssh_groups=logs", *lines)["log in"].verdict is Verdict.OK


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("account=logs:x:1004:1004::/home/logs:/bin/bash", "logs (uid 1004, /home/logs)"),
        ("account=alice:x:108:108::/nonexistent:/usr/sbin/nologin", "alice (uid 108, /nonexistent)"),
        ("group=pkgci-keys:x:990:", "the group pkgci-keys"),
        ("uid=1900000007 someone", "someone (uid 1900000007)"),
        ("subordinate=lxd 1899999000 65536", "lxd (1899999000 to 1900064535)"),
    ],
)
def test_an_account_that_pkgci_wants_to_make_and_that_is_there_is_named(site: Site, line: str, named: str) -> None:
    accounts = found(site, line)["accounts"]
    assert (accounts.found, accounts.verdict) == (f"there: {named}", Verdict.SHORT)


def test_an_administrator_may_be_there_and_other_identities_too(site: Site) -> None:
    lines = [
        "account=alice:x:1000:1000::/home/alice:/bin/bash",
        "group=alice:x:1000:",
        "subordinate=alice 100000 65536",
    ]
    assert found(site, *lines)["accounts"].verdict is Verdict.OK


def test_what_pkgci_itself_has_made_stands_in_nobodys_way(site: Site) -> None:
    assert found(site, "account=logs:x:1004:1004::/home/logs:/bin/bash", "release=abc") == {}


def test_each_host_is_asked_for_the_accounts_of_its_roles(site: Site) -> None:
    build, zuul = (whole_program(Delivery(site, site.host(name)).facts) for name in ("build01", "zuul01"))
    assert "ACCOUNTS='fetch pkgci-fetch jenkins alice pkgci-keys'\n" in build
    assert "LOGINS='deploy alice jenkins fetch'\n" in build or "LOGINS='root alice jenkins fetch'\n" in build
    assert "ACCOUNTS='zuul geard alice pkgci-keys'\n" in zuul
