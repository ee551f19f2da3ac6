"""A host with a Jenkins that is made of memory."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from jenkins_apply import files
from jenkins_apply.apply import Host, look
from jenkins_apply.nodes import Clock, Nodes
from jenkins_apply.plugins import plugin_version, wanted_plugins
from jenkins_apply.settings import Settings
from jenkins_apply.web import DownError


def casc(number: int, *nodes: str, executors: int = 2) -> str:
    """A configuration that differs by ``number``, with these nodes."""
    ssh = "{host: h, port: 22, credentialsId: key}"
    each = [
        f"{{permanent: {{name: {name}, remoteFS: /r, numExecutors: {executors}, launcher: {{ssh: {ssh}}}}}}}"
        for name in nodes
    ]
    key = "{string: {scope: SYSTEM, id: key, secret: x}}"
    return (
        f"jenkins: {{quietPeriod: {number}, nodes: [{', '.join(each)}]}}\n"
        f"credentials: {{system: {{domainCredentials: [{{credentials: [{key}]}}]}}}}\n"
    )


@dataclass
class Jenkins:
    """A host with Jenkins: what is wanted and what there is, a service that can refuse to start, and Jenkins' REST API.

    ``builds`` is for how many looks at the nodes a node builds something; ``did`` is what happened, in its order,
    and ``first`` what did in the first run.
    """

    settings: Settings
    runs: bool = True
    starts: list[bool] = field(default_factory=list)
    did: list[str] = field(default_factory=list)
    first: list[str] = field(default_factory=list)
    refuses: list[str] = field(default_factory=list)
    finds: list[str] = field(default_factory=list)
    finds_always: bool = False
    installs: Callable[[Path, dict[str, str]], int] | None = None
    computers: dict[str, dict[str, Any]] = field(default_factory=dict)
    builds: dict[str, int] = field(default_factory=dict)
    connected: set[str] = field(default_factory=set)
    launches: bool = True
    authorized: bool = True
    down: bool = False
    now: float = 0.0
    url: str = "http://127.0.0.1:1/jenkins"

    # The service.

    def active(self) -> bool:
        return self.runs

    def environment(self) -> dict[str, str]:
        return {}

    def stop(self) -> None:
        self.did.append("stop")
        self.runs = False

    def start(self) -> bool:
        assert self.settings.ready.exists(), "the unit does not start without it"
        self.did.append("start")
        self.runs = self.starts.pop(0) if self.starts else True
        return self.runs

    # Jenkins.

    def may_change(self) -> bool:
        if self.down:
            raise DownError("Jenkins does not answer")
        return self.authorized

    def reload(self) -> str | None:
        self.did.append("reload")
        if self.refuses:
            return self.refuses.pop(0)
        self.computers = {name: data for name, data in self.computers.items() if f"name: {name}," in self.casc}
        return None

    def check(self, text: str) -> list[str]:
        return self.finds if self.finds_always or text != self.casc else []

    def data(self, path: str) -> dict[str, Any]:
        if self.down:
            raise DownError("Jenkins does not answer")
        for name, computer in self.computers.items():
            left = self.builds.get(name, 0)
            self.builds[name] = max(0, left - 1)
            build = {"fullDisplayName": "hello #4", "url": "http://x/job/hello/4/"}
            computer["offline"] = computer["temporarilyOffline"] or name not in self.connected
            computer["idle"], computer["executors"] = not left, [{"currentExecutable": build if left else None}]
        return {"computer": [{"_class": "hudson.model.Hudson$MasterComputer"}, *self.computers.values()]}

    def post(self, path: str, **form: str) -> None:
        self.did.append(path.replace("computer/", ""))
        computer = self.computers.get(path.split("/")[1] if "/" in path else "", {})
        if path.endswith("toggleOffline"):
            computer.update(temporarilyOffline=not computer["temporarilyOffline"])
            computer.update(offlineCauseReason=form["offlineMessage"])
        elif path.endswith("doDisconnect"):
            assert not self.builds.get(computer["displayName"]), "a build would be lost"
            self.connected.discard(computer["displayName"])
        elif path.endswith("launchSlaveAgent") and self.launches:
            self.connected.add(computer["displayName"])
        elif path.endswith("launchSlaveAgent"):
            computer.update(offlineCauseReason="Jenkins failed to launch the agent process")

    # The test's.

    def node(self, name: str) -> None:
        self.computers[name] = {"displayName": name, "temporarilyOffline": False, "offlineCauseReason": ""}
        self.connected.add(name)

    def want(self, plugins: str = "git:1.0\n", casc: str = casc(1), unit: str = "[Service]\n") -> None:
        (self.settings.wanted / "plugins.txt").write_text(plugins)
        (self.settings.wanted / "casc.d/pkgci.yaml").write_text(casc)
        self.settings.unit.write_text(unit)

    def apply(self) -> None:
        host = Host(self.settings, self, self._install, Clock(lambda: self.now, self._sleep))  # type: ignore[arg-type]
        host.jenkins = self  # type: ignore[assignment]
        host.nodes = Nodes(self, self.settings.patience, host.clock)  # type: ignore[arg-type]
        host.apply()

    def _sleep(self, seconds: float) -> None:
        self.now += seconds

    def _install(self, command: list[str]) -> int:
        folder = Path(command[command.index("--plugin-download-directory") + 1])
        wanted = wanted_plugins(Path(command[command.index("--plugin-file") + 1]).read_text())
        self.did.append("install")
        if self.installs:
            return self.installs(folder, wanted)
        for name, version in wanted.items():
            plugin(folder / f"{name}.jpi", version)
        return 0

    @property
    def plugins(self) -> dict[str, str | None]:
        return {file.stem: plugin_version(file) for file in self.settings.plugins.glob("*.jpi")}

    @property
    def casc(self) -> str:
        return (self.settings.live / "pkgci.yaml").read_text()

    @property
    def nothing_to_do(self) -> bool:
        return look(self.settings).nothing


def plugin(file: Path, version: str) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(
            "META-INF/MANIFEST.MF", f"Manifest-Version: 1.0\r\nPlugin-Version: {version} (built\r\n  here)\r\n"
        )


@pytest.fixture
def jenkins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Jenkins:
    """A Jenkins that runs as it is wanted."""
    monkeypatch.setattr(files, "own", lambda path, user="": None)
    for folder in ("home", "wanted/casc.d", "wanted/secrets", "state"):
        (tmp_path / folder).mkdir(parents=True)
    settings = Settings(
        home=tmp_path / "home",
        war=tmp_path / "jenkins.war",
        unit=tmp_path / "pkgci.conf",
        wanted=tmp_path / "wanted",
        state=tmp_path / "state",
        installer=("installer",),
        url="http://127.0.0.1:1/jenkins",
    )
    found = Jenkins(settings, runs=False)
    found.want()
    found.apply()
    found.runs = True
    found.first, found.did = found.did, []
    return found


@pytest.fixture
def nodes(jenkins: Jenkins) -> Jenkins:
    """A Jenkins with two nodes, as they are declared."""
    jenkins.runs = False
    jenkins.want(casc=casc(1, "build01", "pub01"))
    jenkins.apply()
    jenkins.runs = True
    jenkins.node("build01")
    jenkins.node("pub01")
    jenkins.did.clear()
    return jenkins


def anew(name: str) -> list[str]:
    """What connects a node anew."""
    return [f"{name}/{step}" for step in ("toggleOffline", "doDisconnect", "toggleOffline", "launchSlaveAgent")]
