"""The delivered servers, looked at for real."""

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.lab.conftest import Lab


def findings(lab: Lab, *arguments: str) -> dict[str, dict[str, dict[str, str]]]:
    hosts = json.loads(lab.pkgci("verify-servers", "--json", *arguments, check=False).stdout)["hosts"]
    return {name: {item["check"]: item for item in items} for name, items in hosts.items()}


def test_the_labs_hosts_are_as_its_site_orders(lab: Lab) -> None:
    result = lab.pkgci("verify-servers")
    assert "7 of 7 hosts as ordered" in result.stdout
    assert max(len(line.rstrip()) for line in result.stdout.splitlines()) <= 80


def test_a_larger_order_than_what_was_delivered_is_short(lab: Lab, tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    shutil.copytree(lab.directory, tmp_path, dirs_exist_ok=True)
    text = site.read_text()
    ordered = "every_role: {cpu: 1, memory: 256 MB, disk: 1 GB, kind: vm, kvm: false}"
    assert ordered in text
    site.write_text(text.replace(ordered, "every_role: {cpu: 512, memory: 90 TB, disk: 900 TB, kvm: true}"))
    result = lab.pkgci("verify-servers", "--json", "--host", "zuul01", check=False, env={"PKGCI_SITE": str(site)})
    assert result.returncode == 1
    verdicts = {item["check"]: item["verdict"] for item in json.loads(result.stdout)["hosts"]["zuul01"]}
    assert {check for check, verdict in verdicts.items() if verdict != "ok"} >= {"CPU", "RAM", "disk", "disk free"}
    assert verdicts["host key"] == "ok"


def test_a_port_of_the_role_that_is_taken_names_who_has_it(lab: Lab) -> None:
    """On a host that looks bare: once roles are deployed, what listens on their ports is pkgci's own."""
    code = "import socket,time; s=socket.create_server(('', 4730)); time.sleep(60)"
    listening = "for i in 1 2 3 4 5 6 7 8 9; do ss -Hltn | grep -q :4730 && exit; sleep 1; done; exit 1"
    bare = "systemctl stop geard; cd /var/lib/pkgci && mv -T current kept; true"
    lab.exec("zuul01", "sh", "-c", bare)
    try:
        lab.exec("zuul01", "systemd-run", "--unit=squatter", "python3", "-c", code)
        lab.exec("zuul01", "sh", "-c", listening)
        assert "4730 by python3" in findings(lab, "--host", "zuul01")["zuul01"]["ports"]["found"]
    finally:
        deployed = "systemctl stop squatter; cd /var/lib/pkgci && mv -T kept current && systemctl start geard; true"
        lab.exec("zuul01", "sh", "-c", deployed)


def test_a_look_changes_nothing_on_the_host(lab: Lab) -> None:
    listing = "find /etc /var /usr /root /home /tmp -xdev -newermt @$(cat /dev/shm/before) -type f"
    lab.exec("build01", "sh", "-c", "date +%s > /dev/shm/before")
    lab.pkgci("verify-servers", "--host", "build01")
    changed = lab.exec("build01", "sh", "-c", listing).stdout.split()
    assert [path for path in changed if not path.startswith(("/var/log/", "/var/lib/systemd/"))] == []


def test_a_stopped_host_is_one_finding_and_the_others_are_looked_at(lab: Lab, tmp_path: Path) -> None:
    shutil.copytree(lab.directory, tmp_path, dirs_exist_ok=True)
    site = tmp_path / "site.yaml"
    site.write_text(site.read_text().replace("role: publisher, address: 198.18", "role: publisher, address: 198.19"))
    assert "198.19" in site.read_text()
    moved = lab.pkgci("verify-servers", "--json", check=False, env={"PKGCI_SITE": str(site)})
    hosts = json.loads(moved.stdout)["hosts"]
    assert moved.returncode == 1
    assert [item["check"] for item in hosts["pub01"]] == ["reached"]
    assert len(hosts["zuul01"]) > 5


def test_nothing_reached_is_exit_status_3(lab: Lab, tmp_path: Path) -> None:
    shutil.copytree(lab.directory, tmp_path, dirs_exist_ok=True)
    (tmp_path / "known_hosts").unlink()
    result = lab.pkgci("verify-servers", check=False, env={"PKGCI_SITE": str(tmp_path / "site.yaml")})
    assert result.returncode == 3
    assert "--accept-new-host-keys" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_junit_report_has_a_case_for_each_check(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "servers.xml"
    lab.pkgci("verify-servers", "--host", "zuul01", "--junit", str(path))
    cases = [case.get("name") for case in ET.parse(path).iter("testcase")]
    assert {"CPU", "RAM", "disk", "clock", "DNS", "reverse DNS", "mirrors", "ports"} <= set(cases)
