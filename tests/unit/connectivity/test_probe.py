"""The probes, as they run on hosts: a process of their own, against servers on the loopback."""

from __future__ import annotations

import base64
import hashlib
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import paramiko
import pytest

from pkgci.connectivity.plan import Observation, Outcome, perl_program, python_program, read_answer
from pkgci.secrets.certificates import issue, make_ca
from pkgci.secrets.making import Made
from tests.unit.connectivity.servers import closed_port, full, greeting, mute, over_tls, saying, serve

FQDN = "pub01.pkg.example.org"
LIMIT = "0.6"
HTTP = b"HTTP/1.1 301 Moved\r\nLocation: https://pub01.pkg.example.org/\r\nContent-Length: 0\r\n\r\n"
NOW = datetime.now(UTC)


def run(language: str, plan: str) -> dict[int, Observation]:
    """What the probe in ``language`` answers to ``plan``; it must have come to its end."""
    command, program = ([sys.executable, "-IS", "-"], python_program(plan))
    if language == "perl":
        command, program = (["perl", "-"], perl_program(plan))
    done = subprocess.run(command, input=program, capture_output=True, text=True, timeout=30, check=False)
    answer = read_answer(done.stdout)
    assert answer.complete, done.stderr
    return dict(answer.observations)


def tcp(port: int, kind: str, *, number: int = 1, tries: int = 1, keys: str = "", fqdn: str = FQDN) -> str:
    return f"limit\t{LIMIT}\ntcp\t{number}\t127.0.0.1\t{port}\t{tries}\t0\t{kind}\t{fqdn}\t{keys}\n"


def one(language: str, plan: str) -> Observation:
    return run(language, plan)[1]


both = pytest.mark.parametrize("language", ["python", "perl"])


@both
def test_open_refused_and_filtered_are_told_apart(language: str) -> None:
    with mute() as opened, full() as filtered:
        plan = tcp(opened, "tcp", number=1) + tcp(closed_port(), "tcp", number=2) + tcp(filtered, "tcp", number=3)
        found = run(language, plan)
    outcomes = [found[number].outcome for number in (1, 2, 3)]
    assert outcomes == [Outcome.OPEN, Outcome.REFUSED, Outcome.FILTERED]


@both
def test_all_checks_go_at_once(language: str) -> None:
    with full() as filtered:
        begin = time.monotonic()
        found = run(language, "".join(tcp(filtered, "tcp", number=number) for number in range(60)))
    assert len(found) == 60
    assert time.monotonic() - begin < 60 * float(LIMIT) / 4


@both
def test_a_second_try_stays_within_the_limit(language: str) -> None:
    with full() as filtered:
        begin = time.monotonic()
        found = one(language, tcp(filtered, "gearman", tries=2))
    assert found.outcome is Outcome.FILTERED
    assert time.monotonic() - begin < 2 * float(LIMIT) + 1.5


@both
def test_gearman_answers_with_its_version_or_its_functions(language: str) -> None:
    with serve(saying(b"OK 1.1.21\n")) as port:
        assert one(language, tcp(port, "gearman")).facts["version"] == "OK 1.1.21"
    with serve(saying(b".\n")) as port:
        assert one(language, tcp(port, "gearman")).facts["functions"] == "0"
    with serve(saying(b"build:hello\t0\t0\t2\nbuild:world\t1\t1\t2\n.\n")) as port:
        assert one(language, tcp(port, "gearman")).facts["functions"] == "2"
    with serve(saying(b"ERR unknown_command\n")) as port:
        assert "no Gearman" in one(language, tcp(port, "gearman")).facts["problem"]


@both
def test_http_gives_its_status_and_where_it_redirects_to(language: str) -> None:
    with serve(saying(HTTP)) as port:
        facts = one(language, tcp(port, "http")).facts
    assert (facts["status"], facts["location"]) == ("301", "https://pub01.pkg.example.org/")


@both
def test_a_port_that_opens_and_says_nothing_is_a_problem(language: str) -> None:
    with mute() as port:
        found = one(language, tcp(port, "gearman"))
    assert found.outcome is Outcome.OPEN and "no answer" in found.facts["problem"]


@both
def test_something_else_than_ssh_on_the_ssh_port_is_a_problem(language: str) -> None:
    with serve(greeting(b"220 mail ESMTP\r\n")) as port:
        assert "no SSH banner" in one(language, tcp(port, "ssh")).facts["problem"]


@both
def test_names_are_resolved_to_all_their_addresses(language: str) -> None:
    found = run(language, "dns\t1\tlocalhost\ndns\t2\tno-such-name.invalid\n")
    assert found[1].outcome is Outcome.RESOLVED and "127.0.0.1" in found[1].facts["addresses"].split(",")
    assert found[2].outcome is Outcome.FAILED and found[2].facts["said"]


def test_perl_says_what_it_cannot_check() -> None:
    with mute() as port:
        assert one("perl", tcp(port, "https")).facts["unchecked"] == "certificate"
    with serve(greeting(b"SSH-2.0-test\r\n")) as port:
        facts = one("perl", tcp(port, "ssh", keys="ssh-ed25519")).facts
    assert (facts["banner"], facts["unchecked"]) == ("SSH-2.0-test", "host key")


@pytest.fixture
def ssh_server() -> Iterator[tuple[int, str]]:
    """A real SSH server: its port, and its host key's fingerprint."""
    key = paramiko.ECDSAKey.generate()

    def answer(connection: socket.socket) -> None:
        transport = paramiko.Transport(connection)
        transport.add_server_key(key)
        transport.start_server(event=threading.Event(), server=paramiko.ServerInterface())
        transport.join(5)
        transport.close()

    digest = base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")
    with serve(answer) as port:
        yield port, f"SHA256:{digest}"


def test_the_host_key_is_read_from_a_real_ssh_server(ssh_server: tuple[int, str]) -> None:
    port, fingerprint = ssh_server
    facts = one("python", tcp(port, "ssh", keys="ssh-ed25519,ecdsa-sha2-nistp256")).facts
    assert facts["hostkey"] == fingerprint and facts["banner"].startswith("SSH-2.0-")


def test_a_server_without_a_wanted_host_key_is_not_taken_for_one_that_has_it(ssh_server: tuple[int, str]) -> None:
    facts = one("python", tcp(ssh_server[0], "ssh", keys="ssh-ed25519")).facts
    assert "hostkey" not in facts and facts["unchecked"].startswith("host key")


def test_an_sshd_that_turns_one_connection_away_is_asked_again() -> None:
    calls: list[None] = []

    def answer(connection: socket.socket) -> None:
        calls.append(None)
        connection.sendall(b"Exceeded MaxStartups\r\n" if len(calls) == 1 else b"SSH-2.0-test\r\n")

    with serve(answer) as port:
        facts = one("python", tcp(port, "ssh")).facts
    assert facts["banner"] == "SSH-2.0-test" and "problem" not in facts


def web_server(tmp_path: Path, certificate: Made) -> ssl.SSLContext:
    (tmp_path / "key.pem").write_text(certificate.secret)
    (tmp_path / "certificate.pem").write_text(certificate.public or "")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
    return context


def https(tmp_path: Path, certificate: Made, ca: Made | None, fqdn: str = FQDN) -> Observation:
    """What the probe finds of a web server with ``certificate`` when it trusts ``ca``."""
    authority = "" if ca is None else f"ca\t{base64.b64encode((ca.public or '').encode()).decode()}\n"
    with serve(over_tls(web_server(tmp_path, certificate), saying(HTTP))) as port:
        return one("python", authority + tcp(port, "https", fqdn=fqdn))


@pytest.fixture(scope="module")
def ca() -> Made:
    return make_ca("test", ["pkg.example.org"], NOW)


def test_a_certificate_of_the_sites_authority_is_valid_for_its_name(tmp_path: Path, ca: Made) -> None:
    facts = https(tmp_path, issue(ca, (FQDN,), 30, NOW), ca).facts
    assert facts["status"] == "301" and facts["tls"] == "TLSv1.3"
    ends = datetime.fromtimestamp(int(facts["expires"]), UTC)
    assert timedelta(days=29) < ends - NOW < timedelta(days=31)


def test_a_certificate_for_another_name_is_not_valid(tmp_path: Path, ca: Made) -> None:
    facts = https(tmp_path, issue(ca, ("zuul01.pkg.example.org",), 30, NOW), ca).facts
    assert "Hostname mismatch" in facts["problem"]


def test_an_expired_certificate_is_not_valid(tmp_path: Path, ca: Made) -> None:
    facts = https(tmp_path, issue(ca, (FQDN,), 30, NOW - timedelta(days=60)), ca).facts
    assert "expired" in facts["problem"]


def test_a_certificate_of_an_unknown_authority_is_not_valid(tmp_path: Path, ca: Made) -> None:
    other = make_ca("other", ["pkg.example.org"], NOW)
    assert "certificate not valid" in https(tmp_path, issue(ca, (FQDN,), 30, NOW), other).facts["problem"]
    assert "certificate not valid" in https(tmp_path, issue(ca, (FQDN,), 30, NOW), None).facts["problem"]


def test_plain_http_on_the_https_port_is_a_problem() -> None:
    with serve(saying(HTTP)) as port:
        assert "no TLS" in one("python", tcp(port, "https")).facts["problem"]


def test_one_check_that_breaks_ends_no_other() -> None:
    with mute() as port:
        found = run("python", f"tcp\t1\tnot-an-address\t{port}\t1\t0\ttcp\t{FQDN}\t\n" + tcp(port, "tcp", number=2))
    assert found[1].outcome is Outcome.FAILED
    assert found[2].outcome is Outcome.OPEN
