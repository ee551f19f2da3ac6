"""What ``pkgci validate`` says of a site file, with the place of every fault."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pkgci.errors import PkgciError, UsageError
from pkgci.model.document import DocumentError
from pkgci.model.load import load_site
from pkgci.model.roles import Kind, Resources
from pkgci.model.site import Ssh
from tests.unit.conftest import SITE

Write = Callable[[str], Path]


def faults(path: Path) -> list[str]:
    """The faults as ``line:column: message``."""
    with pytest.raises(DocumentError) as caught:
        load_site(path)
    return [line.removeprefix(f"{path}:") for line in caught.value.message.splitlines()]


def test_a_host_gets_every_default(write_site: Write) -> None:
    site = load_site(write_site(SITE))
    zuul = site.host("zuul01")
    assert zuul.fqdn == "zuul01.pkg.example.org"
    assert (zuul.ssh.user, zuul.ssh.port, zuul.ssh.sudo, zuul.ssh.jump) == ("root", 22, False, None)
    assert zuul.os == "debian-13"
    assert zuul.kind is Kind.VM
    assert zuul.resources == Resources(2, 4000, 100)


def test_anyone_but_root_uses_sudo(write_site: Write) -> None:
    assert load_site(write_site(SITE)).host("build01").ssh.sudo


def test_a_hosts_ssh_completes_the_sites(write_site: Write) -> None:
    text = SITE.replace("role: jenkins_master", "role: jenkins_master, ssh: {port: 2222}")
    text = text.replace("user: deploy, port: 2222", "key: null, sudo: false")
    site = load_site(write_site(text + "ssh: {user: deploy, key: keys/k, port: 2022}\n"))
    key = site.directory / "keys/k"
    assert site.host("zuul01").ssh == Ssh("deploy", 2022, key, None, sudo=True)
    assert site.host("jenkins01").ssh == Ssh("deploy", 2222, key, None, sudo=True)
    assert site.host("build01").ssh == Ssh("deploy", 2022, None, "jenkins01", sudo=False)


def test_the_outside_host_has_an_ssh_of_its_own(write_site: Write) -> None:
    outside = "outside: {address: 198.51.100.7, ssh: {port: 2222}}\n"
    site = load_site(write_site(f"{SITE}ssh: {{user: deploy}}\n{outside}"))
    assert site.outside is not None
    assert site.outside.ssh == Ssh("root", 2222, None, None, sudo=False)


def test_the_resources_of_several_roles_are_added_up(write_site: Write) -> None:
    assert load_site(write_site(SITE)).host("log01").resources == Resources(2, 3000, 120)


def test_a_site_may_order_less_in_one_place(write_site: Write) -> None:
    small = "resources: {every_role: {cpu: 1, memory: 256 MB, disk: 1 GB, kind: vm, kvm: false}}\n"
    systest = load_site(write_site(SITE + small)).host("systest01")
    assert systest.resources == Resources(1, 256, 1)
    assert systest.kind is Kind.VM
    assert not systest.needs_kvm


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        ("role: zuul,", "role: zull,", "zull", "unknown role 'zull' (did you mean 'zuul'?)"),
        ("role: zuul,", "roel: zuul,", "roel", "unknown key 'roel' (did you mean 'role'?)"),
        (
            "{host: review.example.org}",
            "{host: review.example.org, administrator: -x}",
            "-x",
            "'-x' is not a valid Gerrit user name (letters and digits, with '.', '_', '@', '+' or '-' between them)",
        ),
        (
            "{host: review.example.org}",
            "{host: review.example.org, manage: {branches: [../x]}}",
            "../x",
            "'../x' is not a valid branch, tag or commit",
        ),
        ("domain:", "domane:", "domane", "unknown key 'domane' (did you mean 'domain'?)"),
        ("port: 2222", "prot: 2222", "prot", "unknown key 'prot' (did you mean 'port'?)"),
        ("port: 2222", "port: 99999", "99999", "'port': must be at most 65535, not 99999"),
        ("203.0.113.12", "203.0.113.10 ", "203.0.113.10 }", "address 203.0.113.10 is already host 'zuul01's"),
        (
            "203.0.113.12",
            "203.0.113.300",
            "203.0.113.300",
            "'203.0.113.300' is not an IP address, as in 192.0.2.10 or '2001:db8::10'",
        ),
        (
            "  pub01:",
            "  jenkins01:",
            "jenkins01: {role: pub",
            "duplicate key 'jenkins01', first defined on line 9",
        ),
        ("jump: jenkins01", "jump: jenkin", "jenkin,", "unknown jump host 'jenkin' (did you mean 'jenkins01'?)"),
        ("jump: jenkins01", "jump: build01", "build01,", "the jump hosts go in a circle: build01 → build01"),
        ("[trixie, el9]", "[trixi]", "trixi]", "unknown target 'trixi' (did you mean 'trixie'?)"),
        (
            "{deb: trixie}",
            "{deb: trixie, version_suffix: +a_b}",
            "+a_b",
            "target 'trixie': a Debian version has neither '_' nor '^' in it",
        ),
        ("version: 1", "version: 2", "2\n", "unknown version '2': one of 1"),
        ("192.0.2.0/24", "192.0.2.0/42", "192.0.2", "'192.0.2.0/42' is not a network, as in 192.0.2.0/24"),
        (
            "os: debian-12",
            "os: debain-12",
            "debain",
            "unknown operating system 'debain-12' (did you mean 'debian-12'?)",
        ),
        ("  zuul01", "\tzuul01", "\t", "a tab: YAML is indented with spaces"),
    ],
)
def test_a_fault_is_named_with_its_place_and_the_nearest_right_word(
    write_site: Write, old: str, new: str, place: str, message: str
) -> None:
    text = SITE.replace(old, new, 1)
    before = text[: text.index(place)]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    assert f"{line}:{column}: {message}" in faults(write_site(text))


@pytest.mark.parametrize("name", ["packaging-hello", "Packaging/hello"])
def test_projects_whose_jobs_would_have_the_same_names_are_refused(write_site: Write, name: str) -> None:
    text = SITE + f"  {name}: {{targets: [trixie]}}\n  packaging/hello/plugins: {{targets: [trixie]}}\n"
    (fault,) = faults(write_site(text))
    assert fault.startswith(f"21:3: the jobs of '{name}' and 'packaging/hello' would have the same names")
    other = "  other:\n    repository: packaging-hello\n    targets: [trixie]\n"
    assert load_site(write_site(SITE + other)).projects


@pytest.mark.parametrize("branches", ["[]", "['a b']", "['$(x)']", "['']"])
def test_what_no_branch_can_match_is_refused(write_site: Write, branches: str) -> None:
    assert faults(write_site(f"{SITE}zuul: {{periodic_branches: {branches}}}\n"))
    assert load_site(write_site(f"{SITE}zuul: {{periodic_branches: [main, 'debian/*', '!x']}}\n"))


def test_a_repository_belongs_to_one_project(write_site: Write) -> None:
    text = SITE + "  hello:\n    repository: packaging/hello\n    targets: [trixie]\n"
    assert faults(write_site(text)) == [
        "22:17: the project 'packaging/hello' has the repository 'packaging/hello' already"
    ]


def test_a_role_on_a_system_where_it_cannot_run_is_refused(write_site: Write) -> None:
    text = SITE.replace("role: jenkins_master", "os: debian-12, role: jenkins_master")
    assert faults(write_site(text)) == [
        "9:19: role 'jenkins_master' cannot run on debian-12 (it runs on debian-13, ubuntu-22.04, ubuntu-24.04)"
    ]


def test_a_missing_mandatory_role_is_named(write_site: Write) -> None:
    text = "\n".join(line for line in SITE.splitlines() if "slave_install" not in line)
    assert faults(write_site(text))[0].startswith("7:1: no host has the role 'slave_install'")


def test_a_longer_circle_of_jump_hosts_is_told_once(write_site: Write) -> None:
    text = SITE.replace("role: jenkins_master", "role: jenkins_master, ssh: {jump: build01}")
    assert len(faults(write_site(text))) == 1


def test_every_fault_is_told_at_once(write_site: Write) -> None:
    text = SITE.replace("role: zuul,", "role: zull,").replace("[trixie, el9]", "[x]").replace("203.0.113.12", "no")
    assert len(faults(write_site(text))) == 3


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("hello", "does not begin with a key type"),
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5", "cut short"),
        ("ssh-ed25519 not!base64", "not base64"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "private key"),
        ("", "empty"),
    ],
)
def test_a_key_that_is_no_key_is_refused_and_not_repeated(
    write_site: Write, tmp_path: Path, key: str, problem: str
) -> None:
    path = write_site(SITE)
    (tmp_path / "keys/alice.pub").write_text(key)
    (fault,) = faults(path)
    assert fault.startswith("6:27: ")
    assert problem in fault


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("ssh-ed25519 AAAAC3Nz alice", "is a public key: name the private one"),
        ("hello", "is no private SSH key"),
    ],
)
def test_a_login_key_that_is_no_private_key_is_refused(
    write_site: Write, tmp_path: Path, content: str, problem: str
) -> None:
    path = write_site(SITE + "ssh: {key: keys/login}\n")
    (tmp_path / "keys/login").write_text(content)
    assert faults(path) == [f"21:12: keys/login {problem}"]


def test_a_login_key_that_lies_on_another_machine_is_no_fault(write_site: Write) -> None:
    assert load_site(write_site(SITE + "ssh: {key: keys/elsewhere}\n")).host("zuul01").ssh.key is not None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "1:1: the file is empty"),
        (b"# only a comment\n", "1:1: the file is empty"),
        (b"- a\n- b\n", "a site file is a mapping"),
        (b"a: [1, 2\n", "is no YAML"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "1:1: is no text: not UTF-8 (is it binary?)"),
        (b"site: a\x00b\n", "1:8: is no text: a NUL byte"),
        (b"a: &a [*a]\n", "an anchor that contains itself"),
        (b"? [a, b]\n: 1\n", "a key must be a plain word"),
        (b"a: " + b"[" * 2000, "is no YAML"),
        (b"a: " + b"[" * 200 + b"]" * 200, "levels deep"),
        (b"a: !!python/object:os.system {}\n", "unknown key 'a'"),
        (b"a: 2024-99-99\n", "1:4: is no plain value: month must be in 1..12"),
    ],
)
def test_what_is_no_site_file_is_refused_with_its_place(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "site.yaml"
    path.write_bytes(content)
    with pytest.raises(PkgciError, match=message.replace("(", r"\(").replace(")", r"\)").replace("?", r"\?")):
        load_site(path)


def test_anchors_gone_wild_are_refused_before_they_expand(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 40)]
    path = tmp_path / "site.yaml"
    path.write_text("\n".join(lines))
    with pytest.raises(DocumentError, match=r"anchors .* expand to more than 200,000 values"):
        load_site(path)


def test_a_file_of_100_megabytes_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    with pytest.raises(UsageError, match="the file has 100 MB"):
        load_site(path)


def test_a_missing_file_says_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load_site(tmp_path / "site.yaml")
    assert "pkgci init" in (caught.value.hint or "")


def test_zero_matching_hosts_is_an_error(write_site: Write) -> None:
    site = load_site(write_site(SITE.replace("[log_server, monitoring]", "[log_server]")))
    with pytest.raises(UsageError, match=r"no host of .* has the role monitoring"):
        site.select(roles=("monitoring",))
    with pytest.raises(UsageError, match=r"no host 'zuul1' .*did you mean 'zuul01'"):
        site.select(hosts=("zuul1",))


def test_a_number_of_executors_that_is_none_is_refused_where_it_stands(write_site: Write) -> None:
    for number in ("0", "-1", "two", "1000"):
        (fault,) = faults(write_site(f"{SITE}jenkins: {{executors: {{slave_build: {number}}}}}\n"))
        assert fault.startswith("21:36: ")
