"""One lab for all lab tests: made from the example site, in a network of its own, by pkgci itself."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import docker
import pytest

from pkgci.deploy.items import NAMES
from pkgci.lab.engine import LABEL
from pkgci.lab.hosts import SITE_LABEL
from pkgci.model.load import load_site
from pkgci.model.site import Site
from tests.prove.servers import LAB_NAME, Servers

CHECKOUT = Path(__file__).resolve().parents[2]
# Below the checkout, so that `make clean-lab` finds what an interrupted test run left.
LABS = CHECKOUT / ".lab"
# A project whose changes bring their own steps: what Zuul and Jenkins do is tested without building packages.
SCRIPTS = "packaging/hello"
TRUST = "trust: {accounts: [alice, bob, carol]}"
# A project for packages that others made: whichever can be had, for one target. It may make what the distribution does.
OTHERS = "packaging/others"


_END = b"\x1e"
_TRIES = 5
# Thread and host → where the last command's words are kept.
_last_said: dict[tuple[int, str], str] = {}
# What a command said is kept on the host, in $1, for root alone and until the next one, and told with an end to it.
_KEEP = (
    'said=$1; rm -f "$2.out" "$2.err"; shift 2; (umask 077; : >"$said.out"; : >"$said.err"); '
    '"$@" >"$said.out" 2>"$said.err"; status=$?; set -- "$said"; '
)
_TELL = 'cat "$1.out"; printf "\\036"; { cat "$1.err"; printf "\\036"; } >&2; exit "${status:-0}"'


@dataclass(frozen=True)
class Lab:
    """A running lab: its site's folder, and ways to run commands beside it and in it."""

    directory: Path

    @cached_property
    def site(self) -> Site:
        return load_site(self.directory / "site.yaml")

    def pkgci(
        self, *arguments: str, check: bool = True, env: dict[str, str] | None = None, timeout: float = 900
    ) -> subprocess.CompletedProcess[str]:
        """Runs pkgci in the site's folder, without a terminal. With ``check``, a non-zero status fails the test."""
        result = subprocess.run(
            [sys.executable, "-m", "pkgci", *arguments],
            cwd=self.directory,
            env={**os.environ, "COLUMNS": "80", "PKGCI_SITE": "site.yaml", **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if check:
            said = f"pkgci {' '.join(arguments)}: exit {result.returncode}\n{result.stdout}\n{result.stderr}"
            assert result.returncode == 0, said
        return result

    def exec(self, host: str, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs a command as root on a host, not over SSH: what a person at its console would do."""
        container = docker.from_env().containers.get(f"pkgci-{self.site.name}-{host}")
        said = f"/run/said-{os.urandom(8).hex()}"
        before = _last_said.setdefault((threading.get_ident(), host), said)
        _last_said[threading.get_ident(), host] = said
        code, told = container.exec_run(["sh", "-c", _KEEP + _TELL, "sh", said, before, *command], demux=True)
        # A busy engine loses now and then what a program wrote last before it ended.
        for _ in range(_TRIES):
            if all((part or b"").endswith(_END) for part in told):
                break
            _, told = container.exec_run(["sh", "-c", _TELL, "sh", said], demux=True)
        out, err = ((part or b"").removesuffix(_END).decode() for part in told)
        result = subprocess.CompletedProcess(command, code, out, err)
        if check:
            assert code == 0, f"{host}: {' '.join(command)}: exit {code}\n{result.stdout}{result.stderr}"
        return result

    def put(self, host: str, path: str, text: str) -> None:
        """Writes a file on a host, as root."""
        write = f"cat > {path} <<'END OF FILE'\n{text.rstrip()}\nEND OF FILE"
        self.exec(host, "sh", "-c", write)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what is about a real server where the lab has its stand-in; says why it skips what is the reverse.

    What is marked as long runs on real servers, and where somebody asks for it (``-m long``).
    """
    real = Servers.of_environment().real
    left_out = [item for item in items if any(mark.args[0] not in real for mark in item.iter_markers("real"))]
    if not real and not config.option.markexpr:
        left_out += [item for item in items if item.get_closest_marker("long")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    for item in items:
        for mark in item.iter_markers("stand_in"):
            server, reason = mark.args
            if server in real:
                item.add_marker(pytest.mark.skip(reason=reason))


def make_lab(name: str) -> Lab:
    """A new lab from the example, named ``name``, in a network that is free. It has ``SCRIPTS`` and ``OTHERS``, too.

    It has the real servers that the environment names.
    """
    directory = LABS / name
    site = directory / "site.yaml"
    if not site.exists():
        subprocess.run(
            [sys.executable, "-m", "pkgci", "init", "--example", "lab", str(directory)], check=True, cwd=CHECKOUT
        )
        projects = (
            # Whose programs are the site's to run: those of the people of the tests.
            f"zuul: {{{TRUST}}}\n"
            f"projects:\n  {SCRIPTS}: {{targets: [trixie, bookworm], own_steps: true}}\n"
            f"  {OTHERS}: {{targets: [trixie], overrides: [cowsay, sl]}}\n"
        )
        # A whole way for one target of each kind: a second Debian suite takes minutes more, and `make demo` has it.
        fewer = site.read_text().replace("greet: {targets: [trixie, bookworm, rpm]}", "greet: {targets: [trixie, rpm]}")
        site.write_text(fewer.replace("projects:\n", projects))
    text = re.sub(r"^lab: .*$", Servers.of_environment().lab_line(), site.read_text(), flags=re.MULTILINE)
    if text != site.read_text():
        site.write_text(text)
    return Lab(directory)


def remove_lab(lab: Lab) -> None:
    """Takes a lab down, unless PKGCI_KEEP_LAB asks to keep it for a look."""
    if not os.environ.get("PKGCI_KEEP_LAB"):
        lab.pkgci("lab", "down")
        shutil.rmtree(lab.directory)


@pytest.fixture(scope="session", autouse=True)
def whole_machine() -> Iterator[None]:
    """No other test run at the same time, and nothing left of one that another checkout began: labs have one network.

    A lab that PKGCI_KEEP_LAB kept stays only until the next checkout's tests.
    """
    with (Path(tempfile.gettempdir()) / "pkgci-lab-tests.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pytest.exit("another run of the lab tests is under way on this machine: wait for its end", 1)
        remove_left_overs()
        yield


def remove_left_overs() -> None:
    """Removes the labs that the tests of other checkouts made, and what is left of labs whose hosts are gone."""
    client = docker.from_env()
    for host in _lab_hosts(client):
        site = Path(host.labels.get(SITE_LABEL, "/"))
        if site.parent.parent.name == LABS.name and LABS not in site.parents:
            host.remove(force=True, v=True)
    labs = {host.labels[LABEL] for host in _lab_hosts(client)}
    for item in (*client.networks.list(filters={"label": LABEL}), *client.volumes.list(filters={"label": LABEL})):
        if item.attrs["Labels"][LABEL] not in labs:
            item.remove()


def _lab_hosts(client: docker.DockerClient) -> list[Any]:
    return list(client.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True))


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """The shared lab: its hosts are up, nothing is deployed unless a test before did it."""
    lab = make_lab(os.environ.get(LAB_NAME, "tests"))
    lab.pkgci("lab", "up")
    yield lab
    remove_lab(lab)


@pytest.fixture(scope="session")
def bootstrapped(lab: Lab) -> Lab:
    """The shared lab with its roles deployed."""
    lab.pkgci("secrets", "init")
    lab.pkgci("bootstrap", timeout=1800)
    return lab


@pytest.fixture(scope="session")
def deployed(bootstrapped: Lab) -> Lab:
    """The shared lab as a whole CI: jobs and pipelines deployed, and a browser's place outside that trusts the site."""
    after = NAMES[NAMES.index("bootstrap") + 1]
    bootstrapped.pkgci("deploy", "--yes", "--from", after, timeout=1800)
    authority = bootstrapped.pkgci("secrets", "show", "--public", "tls/ca").stdout
    bootstrapped.put("outside", "/usr/local/share/ca-certificates/site.crt", authority)
    bootstrapped.exec("outside", "update-ca-certificates")
    bootstrapped.exec("outside", "sh", "-c", "command -v curl || { apt-get -q update && apt-get -q install -y curl; }")
    return bootstrapped
