"""A site's own Gerrit in the site file: what is valid, what follows from it, and what a lab adds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pkgci.cli.main import run
from pkgci.connectivity.matrix import Expectation, host_vantages, matrix
from pkgci.errors import UsageError
from pkgci.model.document import DocumentError
from pkgci.model.flows import GERRIT_HTTP, GERRIT_SSH, HTTPS, LDAPS, Place
from pkgci.model.load import load_site
from pkgci.model.outgoing import outgoing
from pkgci.model.records import read_records
from pkgci.model.review import Auth, heap_of
from pkgci.model.roles import Role
from pkgci.model.rules import external, inbound, named_ports
from pkgci.model.site import Site
from pkgci.model.stand_ins import review_archive, review_is_stand_in
from pkgci.render.hiera import Placeholders, Renderer
from pkgci.secrets.needs import needs
from pkgci.servers.order import order
from pkgci.topology import topology
from tests.unit.conftest import ALICE, SITE

LDAP = "{server: 'ldaps://ldap.example.org:3269', root_dn: 'dc=x', manager_dn: 'cn=m'}"
OWN = SITE.replace(
    "gerrit: {host: review.example.org}\n",
    "  review01: {role: review, address: 203.0.113.9, dns: review.example.org}\n"
    f"gerrit: {{host: review.example.org}}\nreview: {{auth: ldap, ldap: {LDAP}}}\n",
)
LAB = "lab: {review: real}\n"
LAB_SITE = (
    SITE.replace("192.0.2.0/24, ", "198.18.9.1/32, ")
    .replace("203.0.113.", "198.18.9.1")
    .replace("10.20.0.", "198.18.9.2")
    .replace('addresses: [198.18.9.111, "2001:db8:1::11"]', "address: 198.18.9.111")
)


@pytest.fixture
def own(write_site: Callable[[str], Path]) -> Site:
    """A site whose Gerrit is its own."""
    return load_site(write_site(OWN))


def faults(write_site: Callable[[str], Path], text: str) -> str:
    with pytest.raises(DocumentError) as error:
        load_site(write_site(text))
    return "\n".join(f"{fault.position.line}: {fault.message}" for fault in error.value.faults)


def test_zuul_reaches_the_sites_own_gerrit_inside_and_no_other_outside(own: Site) -> None:
    assert own.own_review is not None and own.own_review.name == "review01"
    rules = inbound(own, own.own_review)
    zuul = {(rule.source, rule.port) for rule in rules if "203.0.113.10/32" in rule.networks}
    assert {(Role.ZUUL, GERRIT_SSH), (Role.ZUUL, HTTPS)} <= zuul
    assert not any(flow.target is Place.GERRIT for host in own.hosts for flow in external(own, host))


def test_the_sites_own_gerrit_is_the_one_that_zuul_is_led_to(write_site: Callable[[str], Path]) -> None:
    text = OWN.replace("gerrit: {host: review", "gerrit: {host: old-review")
    said = "'old-review.example.org' is not a name of host 'review01': add `dns:` or `aliases:`"
    assert said in faults(write_site, text)
    alias = text.replace("dns: review.example.org", "aliases: [old-review.example.org]")
    assert load_site(write_site(alias)).own_review is not None


def test_the_world_pushes_changes_over_ssh_and_reaches_gerrit_past_its_web_server_never(own: Site) -> None:
    world = {rule.port for rule in inbound(own, own.host("review01")) if rule.source == Place.WORLD}
    assert GERRIT_SSH in world and GERRIT_HTTP not in world
    checks = matrix(own, host_vantages(own)).port_checks
    to_gerrit = {check.expected for check in checks if check.target == "review01" and check.port is GERRIT_SSH}
    assert to_gerrit == {Expectation.OPEN}
    assert {check.expected for check in checks if check.port is GERRIT_HTTP} == {Expectation.CLOSED}
    elsewhere = {check.expected for check in checks if check.target == "zuul01" and check.port is GERRIT_SSH}
    assert elsewhere == {Expectation.CLOSED}


def test_gerrits_ports_are_named_only_where_a_site_has_one(site: Site, own: Site) -> None:
    assert {GERRIT_SSH, GERRIT_HTTP}.isdisjoint(named_ports(site))
    assert {GERRIT_SSH, GERRIT_HTTP} <= set(named_ports(own))


def test_gerrits_host_key_is_judged_by_its_own_and_the_hosts_by_the_hosts(own: Site) -> None:
    names = {
        check.known_as
        for check in matrix(own, host_vantages(own)).port_checks
        if check.target == "review01" and check.expected is Expectation.OPEN and "ssh" in check.port.name
    }
    assert names == {"review01 gerrit-ssh"}


def test_the_order_and_the_picture_name_the_directory_and_its_port(own: Site) -> None:
    assert any(flow.port is LDAPS for flow in external(own, own.host("review01")))
    server = next(item for item in order(own).servers if item.host.name == "review01")
    assert [item.port for item in server.outbound if "ldap.example.org" in map(str, item.peers)] == [3269]
    edges = {(edge.source, edge.target): edge.ports for edge in topology(own).edges}
    assert edges["review01", Place.DIRECTORY.value] == ("ldaps 3269",)
    assert ("zuul01", "review01") in edges


def test_gerrits_mail_server_is_on_the_order_with_its_port(write_site: Callable[[str], Path]) -> None:
    site = load_site(write_site(OWN.replace("review: {auth", "review: {mail: {host: mx.example.org, port: 465}, auth")))
    server = next(item for item in order(site).servers if item.host.name == "review01")
    assert [item.port for item in server.outbound if "mx.example.org" in map(str, item.peers)] == [465]
    edges = {(edge.source, edge.target): edge.ports for edge in topology(site).edges}
    assert edges["review01", Place.MAIL_SERVER.value] == ("submission 465",)


def test_a_job_beside_gerrit_does_not_reach_it_past_the_web_server(write_site: Callable[[str], Path]) -> None:
    text = OWN.replace("{role: review,", "{roles: [review, slave_install], jobs_beside: [review],").replace(
        "  install01: ", "  #install01: "
    )
    site = load_site(write_site(text))
    reached = outgoing(site, site.host("review01"))
    assert reached is not None
    assert GERRIT_HTTP.number not in {rule.number for rule in (*reached.agent, *reached.roots)} | {*reached.ports}


def test_its_host_key_is_a_secret_of_the_site_that_zuul_knows_the_public_half_of(own: Site) -> None:
    wanted = needs(own)
    assert wanted["review/ssh_host_key"].holders == ("review01",)
    assert wanted["review/ssh_host_key"].readers == ("zuul01",)
    assert wanted["review/ldap_password"].holders == ("review01",)
    layer = Renderer(own).render(own.host("zuul01"), Placeholders()).files["data/roles/zuul.yaml"]
    assert 'gerrit_host_keys: ["<public review/ssh_host_key>"]' in layer


def test_a_pinned_key_that_is_not_the_sites_own_gerrits_is_refused(write_site: Callable[[str], Path]) -> None:
    key = " ".join(ALICE.split()[:2])
    site = load_site(
        write_site(OWN.replace("{host: review.example.org}", f"{{host: review.example.org, host_key: {key}}}"))
    )

    class Other(Placeholders):
        def public(self, name: str) -> str:
            return "ssh-ed25519 AAAAother" if name == "review/ssh_host_key" else "x 1"

    with pytest.raises(UsageError, match="is not the key of the site's own Gerrit"):
        Renderer(site).render(site.host("zuul01"), Other())


def test_the_heap_follows_the_ordered_memory(own: Site) -> None:
    assert heap_of(own.review, 8000, roles=1) == 4000
    assert heap_of(own.review, 8000, roles=2) == 2000
    assert heap_of(own.review, 256, roles=1) == 512


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("auth: ldap, ", "", "does not say where accounts come from"),
        ("auth: ldap", "auth: development", "lets anybody be any account"),
        ("auth: ldap", "auth: oidc", "'auth: oidc' needs the section 'oidc'"),
        ("auth: ldap", "auth: http, http: {directives: [AuthType Basic]}", "cannot be combined with 'auth: http'"),
        ("auth: ldap", "version: '3.10.0', auth: ldap", "the checksum of Gerrit 3.10.0 is not known"),
        ("auth: ldap", "java: 21, auth: ldap", None),
        ("auth: ldap", "java: 11, auth: ldap", "java"),
        ("auth: ldap", "heap: 100 MB, auth: ldap", "'heap' must be at least 512 MB"),
        ("auth: ldap", "heap: 512 MB, auth: ldap", None),
        ("{role: review,", "{roles: [review, monitoring],", None),
        (
            "{role: review,",
            "{role: review, os: debian-12,",
            "Gerrit 3.13.6 needs Java 21, and Java 21 is not in debian",
        ),
        ("auth: ldap", "java: 17, auth: ldap", "Gerrit 3.13.6 needs Java 21: remove 'java: 17'"),
        ("{host: review.example.org}", "{host: review.example.org, port: 2222}", "listens on port 29418"),
        (
            "{host: review.example.org}",
            "{host: review.example.org, url: 'https://x/r'}",
            "is https://review.example.org",
        ),
        ("  review01: {role: review, address: 203.0.113.9, dns: review.example.org}\n", "", "no host has the role"),
    ],
)
def test_what_cannot_be_is_told(write_site: Callable[[str], Path], before: str, after: str, said: str | None) -> None:
    assert before in OWN
    text = OWN.replace(before, after, 1)
    if said is None:
        load_site(write_site(text.replace("[log_server, monitoring]", "[log_server]")))
    else:
        assert said in faults(write_site, text)


@pytest.mark.parametrize(
    "setting",
    [
        '"profile::review::settings": {auth: {type: DEVELOPMENT_BECOME_ANY_ACCOUNT}}',
        '"profile::review::settings": {AUTH: {Type: HTTP}}',
        '"profile::review::auth": development',
    ],
)
@pytest.mark.parametrize("role", ["review", "monitoring"])
def test_nothing_but_the_section_review_says_where_accounts_come_from(
    write_site: Callable[[str], Path], setting: str, role: str
) -> None:
    text = OWN.replace("{role: review,", "{roles: [review, monitoring],").replace(
        "[log_server, monitoring]", "[log_server]"
    )
    said = faults(write_site, f"{text}roles: {{{role}: {{{setting}}}}}\n")
    assert "cannot be set here: write 'review: {auth: …}' instead" in said
    assert said.startswith(f"{text.count(chr(10)) + 1}: ")


def test_other_settings_of_gerrit_are_the_sites_own(write_site: Callable[[str], Path]) -> None:
    setting = '"profile::review::settings": {auth: {gitBasicAuthPolicy: LDAP}, change: {type: x}}'
    load_site(write_site(f"{OWN}roles: {{review: {{{setting}}}}}\n"))


def test_gerrit_shares_its_web_server_with_nobody(write_site: Callable[[str], Path]) -> None:
    text = OWN.replace("{role: review,", "{roles: [review, log_server],")
    text = text.replace("[log_server, monitoring]", "[monitoring]")
    assert "cannot have the role 'review' beside log_server" in faults(write_site, text)


def test_whoever_comes_is_whoever_he_likes_in_a_lab_only(write_site: Callable[[str], Path]) -> None:
    site = load_site(write_site(LAB_SITE + LAB))
    assert site.review_auth is Auth.DEVELOPMENT
    # `lab:` alone makes no lab of a site on a real network.
    assert "does not say where accounts come from" in faults(write_site, SITE + LAB)


def test_a_lab_with_a_real_gerrit_has_a_host_for_it(write_site: Callable[[str], Path]) -> None:
    site = load_site(write_site(LAB_SITE + LAB))
    assert site.own_review is not None and not review_is_stand_in(site)
    assert (site.own_review.name, site.own_review.fqdn) == ("review", "review.example.org")
    assert site.own_review.address == "198.18.9.240"
    assert site.own_review.ssh.key == site.directory / ".lab/id_ed25519"


def test_a_lab_takes_the_host_that_the_site_has(write_site: Callable[[str], Path]) -> None:
    host = "  rev: {role: review, address: 198.18.9.9, dns: review.example.org}\ngerrit: "
    site = load_site(write_site(LAB_SITE.replace("gerrit: ", host) + LAB))
    assert [item.name for item in site.with_role(Role.REVIEW)] == ["rev"]


def test_a_lab_brings_a_war_from_this_machine_by_its_checksum(write_site: Callable[[str], Path]) -> None:
    file = write_site(LAB_SITE + "lab: {review: {war: gerrit.war}}\n")
    file.with_name("gerrit.war").write_text("a war")
    site = load_site(file)
    assert review_archive(site, read_records(site)) is None
    file.with_name(".lab").mkdir()
    file.with_name(".lab").joinpath("wars.json").write_text('{"gerrit": "%s"}' % ("c" * 64))
    archive = review_archive(site, read_records(site))
    assert archive is not None
    assert archive.url == f"file:///var/lib/pkgci-lab/gerrit-{'c' * 12}.war"


@pytest.mark.parametrize(
    ("lab", "said"),
    [
        ("{review: {war: 'https://x.example/g.war'}}", "an address needs 'sha256'"),
        ("{review: rael}", "review"),
        ("{jenkins: none}", "jenkins"),
    ],
)
def test_what_a_lab_cannot_have_is_told(write_site: Callable[[str], Path], lab: str, said: str) -> None:
    assert said in faults(write_site, f"{LAB_SITE}lab: {lab}\n")


@pytest.mark.parametrize(
    ("lab", "said"),
    [
        ("{review: {war: none.war}}", "there is no file none.war"),
        ("{jenkins: {war: none.war, plugins: keys}}", "there are no plugins (*.hpi, *.jpi) in keys"),
    ],
)
@pytest.mark.parametrize("command", [("validate",), ("lab", "up"), ("bootstrap",)])
def test_what_is_gone_from_this_machine_stops_what_makes_hosts_and_nothing_else(
    write_site: Callable[[str], Path],
    capsys: pytest.CaptureFixture[str],
    command: tuple[str, ...],
    lab: str,
    said: str,
) -> None:
    path = write_site(f"{LAB_SITE}lab: {lab}\n")
    assert load_site(path).lab is not None
    assert run([*command, "--site", str(path)]) == 2
    assert said in capsys.readouterr().err


def test_where_no_host_has_an_address_a_lab_with_a_real_gerrit_is_told_just_that(
    write_site: Callable[[str], Path],
) -> None:
    hosts = "hosts: {all: {roles: [zuul, jenkins_master, publisher]}}\n"
    head, rest = LAB_SITE.split("hosts:\n", 1)
    told = faults(write_site, head + hosts + rest[rest.index("gerrit:") :] + LAB + "review: {auth: development}\n")
    assert "host 'all' has no address" in told and "role 'review'" not in told


def test_the_words_that_labs_had_before_go_on_to_work(write_site: Callable[[str], Path]) -> None:
    for words in ("{}", "{jenkins: real, review: none}", "{jenkins: stand-in, review: stand-in}"):
        site = load_site(write_site(f"{LAB_SITE}lab: {words}\n"))
        assert site.with_role(Role.REVIEW) == ()
