"""The network of a deployed site, proven from every host of it, and broken by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from tests.lab.conftest import Lab

Verdict = dict[str, Any]
HERE = "this machine"


def verdicts(lab: Lab, status: int = 0) -> list[Verdict]:
    """Every verdict of a run that must end with ``status``."""
    result = lab.pkgci("verify-connectivity", "--json", check=False)
    found: list[Verdict] = json.loads(result.stdout)["verdicts"]
    wrong = "\n".join(f"{v['from']} → {v['to']}:{v.get('port', 'dns')} {v['found']}" for v in surprises(found))
    assert result.returncode == status, f"exit {result.returncode}\n{wrong}\n{result.stderr}"
    return found


def one(found: list[Verdict], source: str, target: str, port: int) -> Verdict:
    """The verdict on one connection."""
    (only,) = (v for v in found if (v["from"], v["to"], v.get("port")) == (source, target, port))
    return only


def surprises(found: list[Verdict]) -> list[Verdict]:
    return [verdict for verdict in found if verdict["state"] in ("surprise", "unproven")]


@contextmanager
def broken(lab: Lab, host: str, breaking: str, mending: str) -> Iterator[None]:
    """Breaks a host by hand, and mends it whatever happens."""
    lab.exec(host, "sh", "-c", breaking)
    try:
        yield
    finally:
        lab.exec(host, "sh", "-c", mending)


def test_a_bootstrapped_site_is_as_open_and_as_closed_as_declared(bootstrapped: Lab, tmp_path: Path) -> None:
    report = tmp_path / "connectivity.xml"
    result = bootstrapped.pkgci("verify-connectivity", "--junit", str(report))
    assert "all as declared" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80
    suite = ET.parse(report).getroot()[0]
    assert suite.get("failures") == "0" and int(suite.get("tests", "0")) > 300


def test_what_the_site_promises_is_proven_and_not_assumed(bootstrapped: Lab) -> None:
    found = verdicts(bootstrapped)
    assert one(found, "outside", "build01", 22)["expected"] == "closed"
    assert one(found, "outside", "build01", 22)["outcome"] in ("refused", "filtered")
    assert one(found, "build01", "zuul01", 4730)["outcome"] in ("refused", "filtered")
    assert "Gearman answers" in one(found, "jenkins01", "zuul01", 4730)["found"]
    for public in ("zuul01", "jenkins01", "pub01", "log01"):
        assert "certificate valid until" in one(found, "outside", public, 443)["found"]
        assert f"to https://{public}.pkg.lab.test/" in one(found, "outside", public, 80)["found"]
    assert "host key as recorded" in one(found, "jenkins01", "install01", 2222)["found"]
    assert "through jenkins01" in one(found, HERE, "build01", 22)["found"]
    names = [verdict for verdict in found if verdict["kind"] == "name"]
    assert len(names) == 8 * 7


def test_gearman_opened_to_everybody_is_named(bootstrapped: Lab) -> None:
    opening = "nft insert rule inet pkgci input tcp dport 4730 accept"
    with broken(bootstrapped, "zuul01", opening, "systemctl reload pkgci-firewall"):
        found = surprises(verdicts(bootstrapped, status=1))
        assert {(v["to"], v["port"]) for v in found} == {("zuul01", 4730)}
        assert {"build01", "install01", "systest01", "outside", HERE} <= {v["from"] for v in found}
        shown = bootstrapped.pkgci("verify-connectivity", check=False)
        (line,) = (line for line in shown.stdout.splitlines() if "zuul01:4730 (gearman): declared closed" in line)
        assert "build01, " in line and "outside, " in line and "found open" in line


def test_a_stopped_sshd_is_named_and_the_other_hosts_are_still_proven(bootstrapped: Lab) -> None:
    with broken(bootstrapped, "systest01", "systemctl stop ssh.socket ssh.service", "systemctl start ssh"):
        found = verdicts(bootstrapped, status=1)
        assert one(found, HERE, "systest01", 22)["outcome"] == "refused"
        assert "nothing listens" in one(found, "jenkins01", "systest01", 22)["advice"]
        assert {v["state"] for v in found if v["from"] == "systest01"} == {"unproven"}
        assert one(found, "build01", "zuul01", 4730)["state"] == "as declared"


def test_a_service_that_is_down_is_told_from_one_that_is_shut_off(bootstrapped: Lab) -> None:
    with broken(bootstrapped, "zuul01", "systemctl stop geard", "systemctl start geard"):
        refused = one(verdicts(bootstrapped, status=1), "jenkins01", "zuul01", 4730)
    shutting = "nft insert rule inet pkgci input tcp dport 4730 drop"
    with broken(bootstrapped, "zuul01", shutting, "systemctl reload pkgci-firewall"):
        filtered = one(verdicts(bootstrapped, status=1), "jenkins01", "zuul01", 4730)
    assert (refused["outcome"], filtered["outcome"]) == ("refused", "filtered")


def test_an_impostor_with_another_host_key_is_named(bootstrapped: Lab) -> None:
    key = "/etc/ssh/ssh_host_ed25519_key"
    breaking = f"cp -p {key} /root/kept && rm {key} && ssh-keygen -q -t ed25519 -N '' -f {key} && systemctl restart ssh"
    mending = f"mv /root/kept {key} && ssh-keygen -y -f {key} > {key}.pub && systemctl restart ssh"
    with broken(bootstrapped, "systest01", breaking, mending):
        found = verdicts(bootstrapped, status=1)
        assert "another host key" in one(found, "jenkins01", "systest01", 22)["found"]
    verdicts(bootstrapped)


def test_a_host_without_python_is_probed_with_perl(bootstrapped: Lab) -> None:
    hiding = "mv /usr/bin/python3 /usr/bin/python3.hidden"
    with broken(bootstrapped, "build01", hiding, "mv /usr/bin/python3.hidden /usr/bin/python3"):
        found = verdicts(bootstrapped)
    assert "certificate not checked from here" in one(found, "build01", "pub01", 443)["found"]
    assert one(found, "build01", "zuul01", 4730)["state"] == "as declared"
