"""``validate`` says of a site file what any later command would say: with its place, and in words."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pkgci.cli.main import run
from pkgci.model.document import DocumentError
from pkgci.model.load import load_site, load_strictly
from pkgci.rehearsal import check_files, missing_keys
from tests.unit.conftest import ALICE, SITE

Write = Callable[[str], Path]
GERRIT = "gerrit: {host: review.example.org}\n"
SUM = "0" * 64


def told(path: Path) -> str:
    """All that is said of a site file that is refused."""
    with pytest.raises(DocumentError) as caught:
        check_files(load_strictly(path))
    assert caught.value.hint
    return caught.value.message.replace(f"{path}:", "")


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        (GERRIT, "", "18:1", "there is no 'gerrit'"),
        ("", "zuul: {trust: {}}\n", "21:15", "no change would ever run"),
        ("", "zuul: {trust: }\n", "21:8", "'trust' is empty"),
        ("", "zuul: {periodic: '0 25 * * *'}\n", "21:18", "the hour '25', which is not within 0-23"),
        ("", "zuul: {periodic: '*/70 * * * *'}\n", "21:18", "whose step is not within 1-59"),
        ("", "zuul: {periodic: '0 2'}\n", "21:18", "is not a time as in crontab(5)"),
        ("", "zuul: {layouts: [missing.yaml]}\n", "21:18", "there is no file"),
        ("", "zuul: {layouts: [keys]}\n", "21:18", "is a folder, not a file"),
        ("", "jenkins: {jobs: [missing]}\n", "21:18", "there is no file or folder"),
        ("", "manifests: {path: missing}\n", "21:19", "there is no folder"),
        ("", "manifests: {path: keys}\n", "21:12", "there is no file or folder"),
        (
            "",
            "manifests: {git: 'https://x.example/y', roles: {zuul: {hiera: no-such}}}\n",
            "21:63",
            "there is no folder",
        ),
        ("", "manifests: {git: 'https://x.example/y', roles: {zuul: {hiera: keys}}}\n", "21:63", "no Hiera templates"),
        ("", "manifests: {path: keys, ref: main}\n", "21:25", "'ref' names a commit of a git repository"),
        ("keys/alice.pub", "keys/bob.pub", "6:27", "cannot read alice's key file"),
        ("", "outside: {address: 198.51.100.1, ssh: {jump: nope}}\n", "21:46", "unknown jump host 'nope'"),
        ("", "outside: {address: 198.51.100.1, ssh: {key: keys/alice.pub}}\n", "21:45", "is a public key"),
        ("  packaging/hello:", "  a/b: {targets: [el9]}\n  a-b:", "21:3", "the jobs of 'a-b' and 'a/b'"),
        ("[trixie, el9]", "[trixie, el9, trixie]", "20:44", "'trixie' is named twice"),
        ("zuul01:", "ca:", "8:3", "the name is taken by the site's certificate authority"),
        ("alice: keys", "zuul: keys", "6:20", "the account is that of the role zuul"),
        ("alice: keys", "www-data: keys", "6:20", "the account is the system's own"),
        ("user: deploy", "user: publisher", "12:82", "nobody can log in as 'publisher'"),
        ("", "puppet: {settings: {noop: true}}\n", "21:21", "'noop' cannot be set here"),
        ("", "lab: {}\n", "8:33", "which is no lab's"),
    ],
)
def test_what_a_later_command_would_refuse_is_refused(
    write_site: Write, old: str, new: str, place: str, words: str
) -> None:
    said = told(write_site(SITE.replace(old, new, 1) if old else SITE + new))
    assert any(line.startswith(f"{place}: ") and words in line for line in said.splitlines()), said


def test_two_jobs_of_one_name_are_refused_however_it_is_made(write_site: Write) -> None:
    text = SITE.replace("  el9:", "  el9: {deb: sid}\n  build-el9:").replace("el9]}", "build-el9]}")
    text += "  packaging/hello-build: {targets: [el9]}\n"
    assert "would both be named packaging-hello-build-build-el9" in told(write_site(text))


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("022", "022 is read as 18: write 22"),
        ("0o22", "a whole number is expected, not '0o22'"),
        ("1:30", "1:30 is read as 90"),
        ("1_000", "1_000 is read as 1000: write 1000"),
        ("0x16", "0x16 is read as 22: write 22"),
        ("0b10110", "0b10110 is read as 22: write 22"),
        ("'22'", "a whole number is expected, not '22' (without quotes)"),
        ("22.0", "a whole number is expected, not '22.0'"),
        ("true", "a whole number is expected, not 'true'"),
        (".inf", ".inf is no number that can be used here"),
        ("0", "must be at least 1"),
        ("-22", "must be at least 1"),
        ("65536", "must be at most 65535"),
        ("", "a whole number is expected, not an empty value"),
        ("[22]", "a whole number is expected, not a list"),
        ("2022-02-22", "a whole number is expected, not '2022-02-22'"),
    ],
)
def test_a_number_is_what_stands_in_the_file(write_site: Write, written: str, words: str) -> None:
    said = told(write_site(SITE.replace("port: 2222", f"port: {written}")))
    assert said.startswith(f"12:9{6 if written else 5}: ") or not written
    assert words in said and "\n" not in said


@pytest.mark.parametrize("written", ["true", "false", "10", "1.5", "no", "[10.0.0.9]", "{a: b}", "''"])
def test_an_address_is_text(write_site: Write, written: str) -> None:
    said = told(write_site(SITE.replace("203.0.113.12", written, 1)))
    assert said.startswith("10:37: ") and "is not an IP address, as in 192.0.2.10" in said
    said = told(write_site(SITE.replace("192.0.2.0/24", written, 1)))
    assert said.startswith("5:16: ") and "is not a network, as in 192.0.2.0/24" in said


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("'fe80::1%eth0'", "has a zone"),
        ("'::ffff:203.0.113.99'", "write 203.0.113.99"),
        ("'fe80::1'", "cannot be a host's"),
        ("169.254.169.254", "cannot be a host's"),
        ("255.255.255.255", "cannot be a host's"),
        ("127.0.0.1", "cannot be a host's"),
        ("203.0.113.010", "is not an IP address"),
    ],
)
def test_an_address_is_one_that_a_host_can_have(write_site: Write, address: str, words: str) -> None:
    assert words in told(write_site(SITE.replace("203.0.113.12", address, 1))).replace("is an address with a", "has a")


def test_a_network_with_the_address_of_a_host_in_it_is_told_both_ways(write_site: Write) -> None:
    said = told(write_site(SITE.replace("192.0.2.0/24", "192.0.2.7/24")))
    assert "192.0.2.0/24" in said and "192.0.2.7/32" in said


@pytest.mark.parametrize(
    ("old", "written", "words"),
    [
        ("site: test", "site: no", "no is read as false: write 'no', in quotes"),
        ("site: test", "site: 1.10", "1.10 is read as the number 1.1: write '1.10', in quotes"),
        ("site: test", "site: ~", "text is expected, not an empty value"),
        ("version: 1", "version: true", "unknown version 'true'"),
        ("version: 1", "version: '1'", "one of 1 is expected, not '1' (without quotes)"),
        ("version: 1", "version: 1\nbuilds: {memory: 0 GB}", "must be at least 1 MB"),
        ("version: 1", "version: 1\nbuilds: {memory: -4 GB}", "is not a size"),
        ("version: 1", "version: 1\nbuilds: {memory: 4}", "is not a size"),
        ("version: 1", f"version: 1\nbuilds: {{memory: {'9' * 400} TB}}", "is not a size"),
        ("version: 1", "version: 1\nbuilds: {minutes: 0}", "must be at least 1, not 0"),
        ("version: 1", "version: 1\nresources: {zuul: {cpu: 0}}", "must be at least 1, not 0"),
        ("version: 1", "version: 1\nresources: {zuul: {kvm: 'no'}}", "true or false is expected, not 'no'"),
        ("version: 1", "version: 1\njenkins: {version: 2.10}", "write '2.10', in quotes"),
        ("version: 1", "version: 1\njenkins: {plugins: {git: 5.10}}", "write '5.10', in quotes"),
        ("version: 1", "version: 1\nzuul: {gate: {label: x, value: 0}}", "is no vote"),
        ("version: 1", "version: 1\nzuul: ", "a mapping is expected here, not an empty value"),
        ("version: 1", "version: 1\nroles: {zuul: {'x::mode': 0644}}", "0644 is read as 420: write 644, or '0644'"),
        ("version: 1", "version: 1\nroles: {zuul: {'x::y': [.nan]}}", ".nan is no number that can be used here"),
        ("{deb: trixie}", "{deb: trixie, mirror: 'http://x:99999/'}", "is not a web address"),
        ("{deb: trixie}", "{deb: ~}", "needs one of 'deb' and 'rpm'"),
        ("version: 1", "version: 1\n<<: {os: debian-13}", "merge keys (<<) are not supported: write the values out"),
    ],
)
def test_what_yaml_reads_otherwise_than_people_is_told(write_site: Write, old: str, written: str, words: str) -> None:
    assert words in told(write_site(SITE.replace(old, written, 1)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SITE.replace("zuul01:", "z" * 64 + ":"), "lower-case letters, digits and hyphens, at most 63 characters"),
        (SITE.replace("alice:", "a" * 33 + ":"), "at most 32 characters"),
        (SITE.replace("packaging/hello", "p/" + "h" * 200), "at most 150 characters"),
        (SITE.replace("trixie", "t" * 64), "at most 63 characters"),
        (SITE.replace("pkg.example.org", ".".join(["d" * 61] * 4)), "253 are the most"),
        (SITE.replace("keys/alice.pub", "k" * 256), "is too long for a path"),
        (SITE.replace("packaging/hello", "packaging/hello.git"), "is not a valid project name"),
    ],
)
def test_a_name_that_is_too_long_for_what_it_becomes_is_refused_in_words(
    write_site: Write, text: str, words: str
) -> None:
    said = told(write_site(text))
    assert words in said
    assert "[a-z" not in said and "\\" not in said


def test_what_people_write_in_sites_is_valid(write_site: Write) -> None:
    more = (
        "resources: {zuul: {kvm: no, memory: 1.5 GB}, every_role: {disk: 500MB}}\n"
        "roles: {zuul: {'x::y': [1, +2, -3, 1.5, yes, ~, 2024-01-01, 'a\\nb']}}\n"
        "jenkins: {administrators: [alice, 'Bob B.'], plugins: {git: '5.10', mailer: {version: '1.2'}}}\n"
        "zuul: {trust: {accounts: [alice, bob@example.org]}, periodic: '*/15 0-5,22 * * mon-fri'}\n"
        "mail: {administrator: root@localhost}\n"
        "sources: {hosts: ['a.example.org:8443'], lookaside: 'https://l.example/{hash}/{file}'}\n"
        "puppet: {settings: {strict: warning, http_read_timeout: 10, show_diff: true}}\n"
    )
    path = write_site("\ufeff" + (SITE + more).replace("\n", "\r\n"))
    site = load_strictly(path).site
    assert site.name == "test" and not site.hosts[0].needs_kvm


def test_the_files_behind_the_site_file_are_read_too(write_site: Write, tmp_path: Path) -> None:
    path = write_site(SITE + "zuul: {layouts: [own.yaml]}\njenkins: {jobs: [jobs]}\n")
    (tmp_path / "own.yaml").write_text("pipelines: 5\n")
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs/mine.yaml").write_text("- job: {nme: x}\n")
    (tmp_path / "hiera/hosts").mkdir(parents=True)
    (tmp_path / "hiera/hosts/zuul01.yaml.j2").write_text("a: {{ site.nothing }}\n")
    said = told(path)
    assert f"{tmp_path / 'own.yaml'}:1:12: 'pipelines' is a list" in said
    assert "22:11: " in said and "mine.yaml:1:8: Missing required element: 'name'" in said
    assert "hosts/zuul01.yaml.j2:1" in said
    # The other commands read the site file alone.
    assert load_site(path).hosts


def test_the_json_of_validate_has_the_place_of_every_fault(
    write_site: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_site(SITE + "zuul: {layouts: [own.yaml]}\n")
    (tmp_path / "own.yaml").write_text("pipelines: 5\n")
    assert run(["validate", "--json", "--site", str(path)]) == 2
    (fault,) = json.loads(capsys.readouterr().out)["faults"]
    assert fault == {"file": str(tmp_path / "own.yaml"), "line": 1, "column": 12, "message": "'pipelines' is a list"}


def test_a_private_key_that_is_not_here_is_a_remark(
    write_site: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_site(SITE + "ssh: {key: keys/login}\n")
    assert run(["validate", "--site", str(path)]) == 0
    assert f"{tmp_path / 'keys/login'} is not on this machine" in capsys.readouterr().err
    (tmp_path / "keys/login").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    assert missing_keys(load_site(path)) == ()


@pytest.mark.parametrize("command", ["render-pipelines", "deploy-pipelines", "deploy-review", "render-jobs"])
def test_a_site_without_gerrit_and_projects_has_nothing_to_do_there(write_site: Write, command: str) -> None:
    assert run([command, "--site", str(write_site(SITE.partition("gerrit:")[0]))]) == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (SITE.encode("utf-16"), "1:1: is UTF-16 text: save it as UTF-8"),
        (SITE.replace("test", "tést").encode("latin-1"), "2:8: is no text: not UTF-8"),
        (SITE.replace("test", "te\x07st").encode(), "2:9: is no text: the control character U+0007"),
        (b"a: [" + b"a," * 600_000 + b"]", "the file has more than 200,000 values"),
        (b"? " * 5000, "is no YAML: exceeded maximum nesting depth"),
        (b"- " * 5000, "is no YAML: exceeded maximum nesting depth"),
    ],
)
def test_a_file_that_is_no_text_or_too_much_is_refused_with_its_place(
    tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "site.yaml"
    path.write_bytes(content)
    with pytest.raises(DocumentError) as caught:
        load_site(path)
    assert words in caught.value.message


def test_a_key_file_that_has_no_end_is_not_read(write_site: Write, tmp_path: Path) -> None:
    path = write_site(SITE.replace("keys/alice.pub", "/dev/zero") + "ssh: {key: /dev/zero}\n")
    assert told(path).count("it is not a regular file") == 2
    (tmp_path / "keys/alice.pub").write_text("  # a comment\n" + ALICE)
    assert load_site(write_site(SITE)).administrator_keys["alice"]


def test_a_list_of_wrong_values_is_not_called_empty(write_site: Write) -> None:
    networks = '[192.0.2.0/24, "2001:db8::/64"]'
    for text in ("[10]", "[on, '192.0.2.0/33']"):
        assert "empty" not in told(write_site(SITE.replace(networks, text)))
    assert "empty" in told(write_site(SITE.replace(networks, "[]")))
