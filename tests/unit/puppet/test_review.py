"""What the site's own Gerrit becomes, read from the compiled catalogs."""

from __future__ import annotations

import configparser
import shutil
from pathlib import Path

import pytest

from pkgci.model.load import load_site
from pkgci.model.roles import Role
from tests.unit.puppet.conftest import ROOT, SECRET, Catalog, compile_site

CONFIG, SECURE, UNIT = (f"/etc/gerrit/{name}" for name in ("gerrit.config", "secure.config", "gerrit.service"))
WEB = "/etc/apache2/pkgci.d/gerrit.conf"
ARCHIVE = f"{{url: 'https://mirror.example.org/FILE', sha256: {'b' * 64}}}"
VARIANTS = {
    "oidc": f"auth: oidc, java: 17, heap: 3 GB, war: {ARCHIVE.replace('FILE', 'g.war')}, oidc: {{plugin: "
    f"{ARCHIVE.replace('FILE', 'o.jar')}, section: gerrit-oauth-provider-x, settings: {{root-url: 'https://id'}}}}",
    "http": "auth: http, http: {directives: [AuthType Basic, AuthName 'Who?', AuthUserFile /etc/apache2/users]}",
}


def content(catalog: Catalog, file: str) -> str:
    return str(catalog.get("File", file)["content"])


def sections(text: str) -> dict[str, dict[str, str]]:
    """A file in git's format, as far as ours go."""
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string("".join(line.strip() + "\n" for line in text.splitlines()))
    return {name: {key: value.strip('"') for key, value in parser[name].items()} for name in parser.sections()}


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """The example's: accounts from a directory."""
    site = load_site(ROOT / "examples/own-review/site.yaml")
    return compile_site(site, tmp_path_factory.mktemp("review"), Role.REVIEW)["review01"]


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Catalog]:
    """The same with accounts from elsewhere, one of them on Debian 12."""
    found = {}
    text = (ROOT / "examples/own-review/site.yaml").read_text()
    before, after = text[: text.index("review:\n")], text[text.index("targets:\n") :]
    for name, section in VARIANTS.items():
        folder = tmp_path_factory.mktemp(name)
        shutil.copytree(ROOT / "examples/own-review/keys", folder / "keys")
        system = "dns: review.pkg.example.org, os: debian-12" if name == "oidc" else "dns: review.pkg.example.org"
        (folder / "site.yaml").write_text(
            f"{before.replace('dns: review.pkg.example.org', system)}review: {{{section}}}\n{after}"
        )
        found[name] = compile_site(load_site(folder / "site.yaml"), folder, Role.REVIEW)["review01"]
    return found


def test_gerrit_listens_for_the_web_server_of_its_host_only_and_for_ssh_everywhere(review: Catalog) -> None:
    config = sections(content(review, CONFIG))
    assert config["httpd"]["listenUrl"] == "proxy-https://127.0.0.1:8081/"
    assert config["gerrit"]["canonicalWebUrl"] == "https://review.pkg.example.org/"
    assert config["sshd"] == {"listenAddress": "*:29418", "advertisedAddress": "review.pkg.example.org:29418"}
    for family in ("ipv4", "ipv6"):
        assert f"meta nfproto {family} tcp dport 29418 accept" in review.firewall
    assert "8081" not in review.firewall


def test_the_web_server_hands_gerrit_paths_as_they_were_sent(review: Catalog) -> None:
    assert "AllowEncodedSlashes NoDecode" in content(review, WEB)
    assert 'ProxyPass "http://127.0.0.1:8081/" nocanon' in content(review, WEB)
    assert "/login/" not in content(review, WEB)


def test_accounts_come_from_the_directory(review: Catalog) -> None:
    config = sections(content(review, CONFIG))
    assert config["auth"]["type"] == "LDAP"
    assert config["ldap"]["accountBase"] == "ou=people,dc=example,dc=org"
    assert config["ldap"]["accountPattern"] == "(uid=${username})"
    assert config["ldap"]["username"] == "cn=gerrit,ou=services,dc=example,dc=org"


def test_secrets_are_in_files_that_root_alone_reads_until_gerrit_gets_them(review: Catalog) -> None:
    assert SECRET not in repr(review.resources)
    for file in (SECURE, "/etc/gerrit/ssh_host_ed25519_key"):
        values = review.get("File", file)
        assert (values["content"], values["owner"], values["mode"]) == ("[sensitive]", "root", "0600")
    assert "password" not in content(review, CONFIG).lower()


def test_accounts_come_from_a_provider_through_a_plugin(others: dict[str, Catalog]) -> None:
    config = sections(content(others["oidc"], CONFIG))
    assert config["auth"] == {"type": "OAUTH"}
    assert config['plugin "gerrit-oauth-provider-x"'] == {"root-url": "https://id"}
    command = others["oidc"].get("Exec", "download /var/lib/gerrit-apply/plugins/oauth.jar")["command"]
    assert "SHA256:" + "b" * 64 in command


def test_nobody_but_the_web_server_says_who_somebody_is(others: dict[str, Catalog]) -> None:
    config = sections(content(others["http"], CONFIG))
    assert config["auth"] == {"type": "HTTP", "httpHeader": "X-Pkgci-User"}
    web = content(others["http"], WEB)
    assert "RequestHeader unset X-Pkgci-User early" in web
    login = web[web.index('<Location "/login/">') :]
    assert "  AuthType Basic\n" in login and "  Require valid-user\n" in login


def test_the_war_is_one_file_by_its_checksum_and_stays_until_another_is_wanted(
    review: Catalog, others: dict[str, Catalog]
) -> None:
    (one,) = (values for title, values in review.all("Download").items() if title.endswith(".war"))
    assert one["url"].endswith("/gerrit-3.13.6.war")
    assert f"war = /var/lib/gerrit-apply/wars/{one['sha256']}.war" in content(review, "/etc/gerrit/apply.conf")
    assert f"/wars/{'b' * 64}.war" in content(others["oidc"], "/etc/gerrit/apply.conf")


def test_java_is_the_one_that_the_system_has_or_that_the_site_says(review: Catalog, others: dict[str, Catalog]) -> None:
    assert review.has("Package", "openjdk-21-jre-headless") and not review.has("Package", "openjdk-17-jre-headless")
    assert others["oidc"].has("Package", "openjdk-17-jre-headless")
    assert "ExecStart=/usr/lib/jvm/java-17-openjdk-amd64/bin/java -Xmx3000m " in content(others["oidc"], UNIT)


def test_the_heap_is_half_of_the_ordered_memory(review: Catalog) -> None:
    assert "-Xmx2000m " in content(review, UNIT)


def test_gerrit_may_write_its_site_and_nothing_else(review: Catalog) -> None:
    unit = content(review, UNIT)
    assert "ProtectSystem=strict\nReadWritePaths=/srv/gerrit /var/lib/gerrit\n" in unit
    assert "NoNewPrivileges=yes\n" in unit and "CapabilityBoundingSet=\n" in unit
    assert "SystemCallFilter=@system-service\nSystemCallErrorNumber=EPERM\n" in unit.replace(
        "# Java asks for some calls that it can do without.\n", ""
    )


def test_no_gerrit_starts_in_the_middle_of_an_upgrade(review: Catalog) -> None:
    assert "ConditionPathExists=!/var/lib/gerrit-apply/halted\n" in content(review, UNIT)


@pytest.mark.parametrize("setting", ["auth: {type: DEVELOPMENT_BECOME_ANY_ACCOUNT}", "Auth: {TYPE: HTTP}"])
def test_settings_of_a_sites_own_do_not_say_where_accounts_come_from(tmp_path: Path, setting: str) -> None:
    shutil.copytree(ROOT / "examples/own-review/keys", tmp_path / "keys")
    (tmp_path / "site.yaml").write_text((ROOT / "examples/own-review/site.yaml").read_text())
    # A template of the site's own, which no check of the site file sees.
    (tmp_path / "hiera/hosts").mkdir(parents=True)
    (tmp_path / "hiera/hosts/review01.yaml.j2").write_text(f"---\nprofile::review::settings: {{{setting}}}\n")
    with pytest.raises(AssertionError, match=r"profile::review::settings cannot set auth\.type"):
        compile_site(load_site(tmp_path / "site.yaml"), tmp_path / "compiled", Role.REVIEW)


def test_puppet_itself_restarts_no_gerrit(review: Catalog) -> None:
    for (kind, title), values in review.resources.items():
        if title != "gerrit":
            assert "Service[gerrit]" not in str(values.get("notify", "")), (kind, title)
    assert "subscribe" not in review.get("Service", "gerrit")


def test_the_repositories_are_packed_and_the_index_is_looked_through_every_week(review: Catalog) -> None:
    for work in ("gc", "index"):
        assert review.get("Service", f"gerrit-{work}.timer")["enable"] is True
        unit = content(review, f"/etc/systemd/system/gerrit-{work}.service")
        assert f"gerrit-maintain {work} --site /srv/gerrit" in unit and "User=gerrit\n" in unit
