"""``verify-servers`` and ``status`` on scripted hosts."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pkgci.model.steps import all_jobs
from pkgci.status.collect import units
from tests.unit.sshd.host import ScriptedHost
from tests.unit.sshd.network import Network
from tests.unit.sshd.script import Answer, End, real_shell
from tests.unit.status.conftest import encoded, page, zuul

SMALL = {"every_role": {"cpu": 1, "memory": "1 GB", "disk": "10 GB", "kind": "vm", "kvm": False}}
BRIEF = {"connect": 2, "command": 2}


# verify-servers


def delivered(host: ScriptedHost, *more: str) -> None:
    """``host`` is as ordered, but for ``more`` lines of what it says of itself."""
    fqdn = f"{host.name}.pkg.example.org"
    lines = [
        "os=debian-13",
        "os_name=Debian GNU/Linux 13 (trixie)",
        "cpu=64",
        "memory_kb=99999999",
        "disk=/srv 1600000000 1500000000 7% /",
        "kvm=usable",
        "controller=memory",
        "controller=pids",
        f"forward={fqdn} {host.address}",
        f"reverse={host.address} dns {fqdn}",
        "mirror=ok http://mirror.example.org/debian/dists/trixie/InRelease",
        "mirrors=1",
    ]
    changed = {line.partition("=")[0] for line in more}
    kept = [line for line in lines if line.partition("=")[0] not in changed]
    host.on("NAMES=", "\n".join([*kept, *more, "end=yes", ""]))
    host.on_call(r"date \+%s", real_shell())


@pytest.fixture
def servers(network: Network) -> Network:
    """Two hosts that are as ordered."""
    for name in ("zuul01", "build02"):
        delivered(network.host(name))
    network.write(resources=SMALL)
    return network


def test_servers_as_ordered_are_a_good_end(servers: Network, tmp_path: Path) -> None:
    result = servers.pkgci("verify-servers", "--junit", str(tmp_path / "servers.xml"))
    assert result.exit_code == 0, result.output
    assert "2 of 2 hosts as ordered" in result.stdout
    assert "<failure" not in (tmp_path / "servers.xml").read_text()


@pytest.mark.parametrize(
    ("line", "check"),
    [
        ("cpu=0", "CPU"),
        ("memory_kb=1000", "RAM"),
        ("disk=/srv 1000 1000 0% /", "disk"),
        ("os=debian-11", "system"),
        ("mirrors=0", "mirrors"),
        ("forward=build02.pkg.example.org 192.0.2.99", "DNS"),
    ],
)
def test_a_server_that_is_not_as_ordered_is_named(servers: Network, tmp_path: Path, line: str, check: str) -> None:
    more = (line, "mirror=failed http://mirror.example.org/") if check == "mirrors" else (line,)
    delivered(servers.hosts["build02"], *more)
    result = servers.pkgci("verify-servers", "--json", "--junit", str(tmp_path / "servers.xml"))
    found = json.loads(result.stdout)
    assert result.exit_code == 1 and found["as_ordered"] is False
    assert check in {item["check"] for item in found["hosts"]["build02"] if item["verdict"] != "ok"}
    assert all(item["verdict"] == "ok" for item in found["hosts"]["zuul01"])
    assert "<failure" in (tmp_path / "servers.xml").read_text()


def test_only_the_hosts_that_are_named_are_looked_at(servers: Network) -> None:
    assert servers.pkgci("verify-servers", "--host", "zuul01").exit_code == 0
    assert servers.hosts["build02"].tries == 0


def test_a_look_that_breaks_off_is_no_answer(servers: Network) -> None:
    servers.hosts["build02"].on("NAMES=", "cpu=64\n", "bash: out of memory\n")
    result = servers.pkgci("verify-servers", "--json")
    found = json.loads(result.stdout)["hosts"]["build02"]
    assert result.exit_code == 1 and "out of memory" in found[0]["found"]


def test_a_server_that_nobody_can_make_sense_of_is_named(servers: Network) -> None:
    delivered(servers.hosts["build02"], "disk=/srv of another kind")
    result = servers.pkgci("verify-servers", "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 1 and told["errors"].keys() == {"build02"}
    assert "cannot be read" in told["errors"]["build02"]["message"]


def test_a_clock_that_cannot_be_read_is_told_of(servers: Network) -> None:
    servers.hosts["build02"].on(r"date \+%s", "noon\n")
    result = servers.pkgci("verify-servers", "--json")
    found = json.loads(result.stdout)["hosts"]["build02"]
    assert result.exit_code == 1 and "noon" in found[0]["found"]


def test_a_clock_that_is_wrong_is_told_of(servers: Network) -> None:
    servers.hosts["build02"].on_call(r"date \+%s", lambda heard: Answer(f"{time.time() - 3600:.9f}\n"))
    found = json.loads(servers.pkgci("verify-servers", "--json").stdout)["hosts"]["build02"]
    assert [item["verdict"] for item in found if item["check"] == "clock"] == ["short"]


# status


def well(network: Network, *more: str) -> None:
    """All is well on zuul01, which has every role, but for ``more`` lines of what it says of itself."""
    site = network.site()
    host = site.host("zuul01")
    functions = "".join(f"build:{job.name}:{job.step.role}\t0\t0\t1\n" for job in all_jobs(site))
    clients = "20 10.0.0.20 zuul01_exec-0 : build:x\n"
    nodes = {
        "computer": [
            {
                "displayName": "zuul01",
                "offline": False,
                "offlineCauseReason": "",
                "numExecutors": 2,
                "executors": [{"idle": True}, {"idle": True}],
            }
        ]
    }
    began = datetime.now(UTC) - timedelta(hours=1)
    lines = [
        *(f"unit={unit} LoadState=loaded ActiveState=active" for unit in units(site, host)),
        "disk=/srv 1000 700 30% /",
        f"run={began:%Y%m%dT%H%M%S}-abcdef01",
        "operator=alice@desk",
        "exit=success exited 0",
        "count=changed 0",
        "count=failed 0",
        f"release={'a' * 64}",
        f"now={int(time.time())}",
        f"gearman=status {encoded(functions + '.')}",
        f"gearman=workers {encoded('19 127.0.0.1 Zuul : ' + chr(10) + clients + '.')}",
        f"page=zuul {page(zuul())}",
        f"page=nodes {page(nodes, X_Jenkins='2.568.2')}",
        f"page=queue {page({'items': []})}",
        "gerrit=1",
    ]
    changed = {line.partition("=")[0] for line in more}
    kept = [line for line in lines if line.partition("=")[0] not in changed]
    network.hosts["zuul01"].on("UNITS=", "\n".join([*kept, *more, "end=yes", ""]))


def problems(network: Network) -> tuple[int, list[str]]:
    result = network.pkgci("status", "--json")
    return result.exit_code, [problem["what"] for problem in json.loads(result.stdout)["problems"]]


def test_what_the_hosts_say_decides_the_status(network: Network) -> None:
    network.host("zuul01")
    well(network)
    _, before = problems(network)
    well(network, "exit=exit-code exited 1")
    status, after = problems(network)
    assert status == 1 and len(after) > len(before)


def test_a_state_that_nobody_can_make_sense_of_is_an_error_of_its_host(network: Network) -> None:
    network.host("zuul01")
    well(network, "disk=/srv of another kind")
    status, told = problems(network)
    assert status == 1 and any("cannot be read" in what for what in told)


def test_the_screen_names_the_hosts(network: Network) -> None:
    network.host("zuul01")
    well(network)
    result = network.pkgci("status")
    assert "zuul01" in result.stdout and result.exit_code in (0, 1)


def test_a_look_at_the_state_that_breaks_off_is_no_answer(network: Network) -> None:
    network.host("zuul01").on("UNITS=", "unit=x\n", "bash: fork: retry\n")
    result = network.pkgci("status")
    assert result.exit_code == 1 and "fork: retry" in result.output


def test_a_status_is_asked_of_all_hosts_within_one_time(network: Network) -> None:
    for number in range(4):
        network.host(f"frozen{number}").on("UNITS=", end=End.HANG)
    network.write(timeouts=BRIEF)
    begun = time.monotonic()
    result = network.pkgci("status")
    assert result.exit_code in (1, 3) and time.monotonic() - begun < 60
    assert all(f"frozen{number}" in result.output for number in range(4))
