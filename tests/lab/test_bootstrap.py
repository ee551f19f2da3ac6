"""Bootstrap on real hosts: it converges, it shows before it changes, and it repairs."""

import json
from typing import Any

import pytest

from tests.lab.conftest import Lab

JOURNALD = "/etc/systemd/journald.conf.d/pkgci.conf"


def results(lab: Lab, *arguments: str, check: bool = True) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(lab.pkgci("bootstrap", "--json", *arguments, check=check).stdout)
    return found


def test_a_second_run_changes_nothing_on_any_host(bootstrapped: Lab) -> None:
    found = results(bootstrapped)
    assert set(found) == {host.name for host in bootstrapped.site.hosts}
    counts = {name: (one["report"]["changed"], one["report"]["failed"]) for name, one in found.items()}
    assert counts == dict.fromkeys(found, (0, 0))


def test_noop_shows_what_it_would_change_and_a_run_repairs_it(bootstrapped: Lab) -> None:
    host = "install01"
    bootstrapped.pkgci("bootstrap", "--host", host)
    before = bootstrapped.exec(host, "cat", JOURNALD).stdout
    current = bootstrapped.exec(host, "readlink", "/var/lib/pkgci/current").stdout
    bootstrapped.exec(host, "sh", "-c", f"echo '# by hand' >> {JOURNALD}")

    shown = bootstrapped.pkgci("bootstrap", "--noop", "--host", host, check=False)
    assert shown.returncode == 1
    assert f"{host} would change:\n  File[{JOURNALD}]" in shown.stdout
    assert "-# by hand" in shown.stdout
    assert bootstrapped.exec(host, "tail", "-1", JOURNALD).stdout == "# by hand\n"
    assert bootstrapped.exec(host, "readlink", "/var/lib/pkgci/current").stdout == current

    report = results(bootstrapped, "--host", host)[host]["report"]
    assert f"File[{JOURNALD}]" in report["changes"]
    assert report["corrective"] == report["changed"] > 0
    assert bootstrapped.exec(host, "cat", JOURNALD).stdout == before


def test_only_root_sees_what_is_deployed(bootstrapped: Lab) -> None:
    for host in bootstrapped.site.hosts:
        assert bootstrapped.exec(host.name, "stat", "-c", "%a %U", "/var/lib/pkgci").stdout == "700 root\n"
        open_files = "find /var/lib/pkgci/current/ -type f -perm /077"
        assert bootstrapped.exec(host.name, "sh", "-c", open_files).stdout == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--role", "zull"), "unknown role 'zull' (did you mean 'zuul'?)"),
        (("--host", "nosuch"), "no host 'nosuch'"),
        (("--rerun", "failed"), "no host failed, or was not reached, in the last run"),
    ],
)
def test_no_host_to_work_on_is_an_error(bootstrapped: Lab, arguments: tuple[str, ...], said: str) -> None:
    done = bootstrapped.pkgci("bootstrap", *arguments, check=False)
    assert done.returncode == 2
    assert said in done.stderr
