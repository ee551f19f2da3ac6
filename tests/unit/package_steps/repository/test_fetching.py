"""How builds are fetched: from known hosts only, with nothing of a build in a command."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from pkgci_steps.programs import Programs
from pkgci_steps.repository.fetching import Source
from pkgci_steps.settings import BuildHost
from pkgci_steps.status import Ended, Status

from .tools import Tools

HOSTS = [BuildHost(name, f"198.18.1.{number}", 2222, ("ssh-ed25519 AAAA",)) for number, name in enumerate(("b1", "b2"))]


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    return Tools()


@pytest.fixture
def source(tmp_path: Path, tools: Tools) -> Source:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return Source(HOSTS, "Z1/trixie", scratch, cast(Programs, tools), Path("/etc/key"), lambda seconds: None)


def test_only_the_sites_own_hosts_are_believed(source: Source, tools: Tools, tmp_path: Path) -> None:
    tools.build_host = tmp_path / "builds"
    with pytest.raises(Ended):
        source.find()
    settings = (tmp_path / "scratch/b1.ssh").read_text().splitlines()
    wanted = ("HostName 198.18.1.0", "Port 2222", "User fetch", "IdentityFile /etc/key", "StrictHostKeyChecking yes")
    assert {f"  {line}" for line in (*wanted, "BatchMode yes", "GlobalKnownHostsFile /dev/null")} <= set(settings)
    assert (tmp_path / "scratch/b1.known").read_text() == "build ssh-ed25519 AAAA\n"
    assert all("--no-links" in command for command in tools.called)
    assert all({"prlimit", "--as=2000000000"} <= set(command) for command in tools.called)


def test_a_host_that_has_nothing_is_passed_over(source: Source, tools: Tools, tmp_path: Path) -> None:
    folder = tmp_path / "builds/Z1/trixie"
    folder.mkdir(parents=True)
    (folder / "result.json").write_text("{}")
    tools.build_host = tmp_path / "builds"
    rsync = tools._rsync

    def first_empty(words: list[str], place: Path) -> tuple[int, bytes]:
        return (23, b"") if words[-1].endswith("/b1/") else rsync(words, place)

    tools._rsync = first_empty  # type: ignore[method-assign]
    assert source.find() == (HOSTS[1], b"{}")


def test_a_server_that_turns_people_away_is_asked_again(source: Source, tools: Tools, tmp_path: Path) -> None:
    folder = tmp_path / "builds/Z1/trixie"
    folder.mkdir(parents=True)
    (folder / "result.json").write_text("{}")
    tools.build_host = tmp_path / "builds"
    rsync, refusals = tools._rsync, [255, 255]
    tools._rsync = lambda words, place: (refusals.pop(), b"") if refusals else rsync(words, place)  # type: ignore
    assert source.find()[1] == b"{}"


def test_a_host_that_stays_silent_is_infrastructure(source: Source, tools: Tools) -> None:
    with pytest.raises(Ended, match="b1 cannot be reached, b2 cannot be reached") as ended:
        source.find()
    assert ended.value.status is Status.INFRASTRUCTURE
