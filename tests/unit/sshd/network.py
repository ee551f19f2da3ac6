"""A made site: its scripted hosts, its site file, the operator's key, and pkgci itself run against it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import asyncssh
import yaml
from click.testing import CliRunner, Result

from pkgci.model.check_beside import AT_STAKE, RUN_CHANGES
from pkgci.model.load import load_site
from pkgci.model.roles import CATALOGUE, Role
from pkgci.model.site import Site
from tests.unit.sshd.host import ScriptedHost
from tests.unit.sshd.redirect import redirected
from tests.unit.sshd.script import Fault, real_shell

ALICE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOON7qoNM8XAcXoCkYr3/PQirgIHOiQRZe4sBPer69JB alice@example.org\n"
USER = "root"

# The hosts see the operator come from here.
MANAGEMENT = "127.0.0.0/8"


class Network:
    """The hosts of one made site. A context manager; hosts are added, then the site is written and used."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hosts: dict[str, ScriptedHost] = {}
        self.key = asyncssh.generate_private_key("ssh-ed25519")
        self._entries: dict[str, dict[str, Any]] = {}
        self._settings: dict[str, Any] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="scripted-hosts", daemon=True)
        self._stack = contextlib.ExitStack()
        self._endpoints: dict[str, tuple[str, int]] = {}

    def __enter__(self) -> Network:
        self._thread.start()
        self.tried = self._stack.enter_context(redirected(self._endpoints))
        key_file = self.folder / "id_ed25519"
        self.key.write_private_key(str(key_file))
        key_file.chmod(0o600)
        (self.folder / "keys").mkdir()
        (self.folder / "keys/alice.pub").write_text(ALICE)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()

    async def _shut(self) -> None:
        for host in self.hosts.values():
            host.shut()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def host(self, name: str, *roles: str, fault: Fault = Fault.NONE, known: bool = True, **entry: Any) -> ScriptedHost:
        """Adds a host that lets the operator in as root, and says where he comes from.

        The first host without ``roles`` has all that a site must have and no other host has; further ones build.
        ``known``: its key is in known_hosts. ``entry`` is more of its entry in the site file.
        """
        address = f"203.0.113.{10 + len(self.hosts)}"
        host = ScriptedHost(name, address, asyncssh.generate_private_key("ssh-ed25519"), self._loop)
        host.fault = fault
        host.users.update({user: [self.public_key] for user in (USER, "deploy")})
        host.on_call("SSH_CONNECTION", real_shell())
        self.hosts[name] = host
        self._endpoints[address] = host.endpoint
        host.forwards = {one.address: one for one in self.hosts.values()}
        for one in self.hosts.values():
            one.forwards = host.forwards
        asyncio.run_coroutine_threadsafe(host.start(), self._loop).result(30)
        self._entries[name] = {"roles": list(roles), "address": address, **entry}
        if known:
            self.record(name, host.host_key)
        return host

    def leave(self, name: str) -> None:
        """The host ``name`` leaves the site file; it runs on."""
        del self._entries[name]

    @property
    def public_key(self) -> str:
        return self.key.export_public_key().decode().strip()

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"

    def record(self, name: str, key: asyncssh.SSHKey) -> None:
        """Writes ``key`` into the site's known_hosts, as that of ``name``."""
        kind, text = key.export_public_key().decode().split()[:2]
        with self.known_hosts.open("a") as file:
            file.write(f"{name} {kind} {text}\n")

    def write(self, **settings: Any) -> Path:
        """Writes the site file, with ``settings`` on top, and gives its path."""
        self._settings |= settings
        site = {
            "version": 1,
            "site": "test",
            "domain": "pkg.example.org",
            "access": {"management": [MANAGEMENT], "administrators": {"alice": "keys/alice.pub"}},
            "ssh": {"key": "id_ed25519"},
            "gerrit": {"host": "review.example.org"},
            "hosts": _with_roles(self._entries),
            "targets": {"trixie": {"deb": "trixie"}},
            "projects": {"packaging/hello": {"targets": ["trixie"]}},
            **self._settings,
        }
        path = self.folder / "site.yaml"
        path.write_text(yaml.safe_dump(site, sort_keys=False))
        return path

    def site(self, **settings: Any) -> Site:
        """The site, loaded."""
        return load_site(self.write(**settings))

    def make_secrets(self) -> None:
        """Makes all that the site needs."""
        assert self.pkgci("secrets", "init").exit_code == 0

    def pkgci(self, *arguments: str, stdin: str | None = None) -> Result:
        """Runs a command of pkgci in this process, by click's runner; errors become words and a status."""
        from pkgci.cli.main import run

        class _Whole:
            name = "pkgci"

            def main(self, args: Sequence[str], prog_name: str, **_: Any) -> None:
                raise SystemExit(run(args))

        runner = CliRunner(env={"PKGCI_SITE": str(self.write())})
        result: Result = runner.invoke(_Whole(), list(arguments), input=stdin, catch_exceptions=False)  # type: ignore[arg-type]
        return result

    def process(self, *arguments: str, terminal: int | None = None) -> subprocess.Popen[str]:
        """Starts a command of pkgci as a process of its own: for signals, and for questions on a ``terminal``."""
        endpoints = self.folder / "endpoints.json"
        endpoints.write_text(json.dumps(self._endpoints))
        return subprocess.Popen(
            [sys.executable, "-m", "tests.unit.sshd.operator", str(endpoints), *arguments],
            env={**os.environ, "PKGCI_SITE": str(self.write())},
            cwd=Path(__file__).parents[3],
            stdin=subprocess.DEVNULL if terminal is None else terminal,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if terminal is None else terminal,
            text=True,
        )


def _with_roles(entries: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    taken = {role for entry in entries.values() for role in entry["roles"]}
    left = [str(role) for role, spec in CATALOGUE.items() if spec.mandatory and role not in taken]
    complete = {}
    for name, entry in entries.items():
        roles = entry["roles"]
        if not roles:
            roles, left = left or [str(Role.SLAVE_BUILD)], []
        beside = [str(role) for role in AT_STAKE if role in roles] if set(roles) & set(RUN_CHANGES) else []
        complete[name] = {**entry, "roles": roles} | ({"jobs_beside": beside} if beside else {})
    return complete
