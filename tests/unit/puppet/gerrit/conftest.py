"""A Gerrit that is played, and gerrit-apply to work on it."""

from __future__ import annotations

import getpass
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.unit.puppet.conftest import MANIFESTS

LIBRARY = MANIFESTS / "site-modules/gerrit/files"


@pytest.fixture(autouse=True)
def library(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program can be imported, and does not wait for this machine's disk."""
    monkeypatch.syspath_prepend(str(LIBRARY))
    from gerrit_apply import under_way

    monkeypatch.setattr(under_way, "settle", lambda settings: None)


def watch_copies(gerrit: Gerrit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the run be killed while it copies what is there (`copy`), and while it puts that back (`put back`)."""
    from gerrit_apply import under_way

    real = under_way.copy

    def copy(source: Path, target: Path) -> None:
        real(source, target)
        gerrit.maybe_killed("put back" if target.is_relative_to(gerrit.settings.site) else "copy")

    monkeypatch.setattr(under_way, "copy", copy)


class Killed(BaseException):
    """The run was killed: no line of it runs any more."""


@dataclass
class Gerrit:
    """A Gerrit: which WARs and settings it comes up with, and what was done with it, in order.

    ``killed_in`` is the step in whose middle the run is killed, once.
    """

    settings: Any
    does_not_start: str = ""
    fails: str = ""
    says: str = ""
    killed_in: str = ""
    runs: bool = False
    did: list[str] = field(default_factory=list)

    def active(self) -> bool:
        return self.runs

    def stop(self) -> None:
        self.runs = False
        self.did.append("stop")
        self.maybe_killed("stop")

    def start(self) -> bool:
        if self.runs:
            return True
        marker = self.settings.state / "under-way"
        going_back = marker.exists() and json.loads(marker.read_text())["phase"] == "back"
        self.maybe_killed("start back" if going_back else "start")
        if (self.settings.state / "halted").exists():
            self.did.append("start is not allowed")
            return False
        seen = self.settings.current.resolve().name + (self.settings.site / "etc/gerrit.config").read_text()
        self.runs = not (self.does_not_start and self.does_not_start in seen)
        self.did.append("start" if self.runs else "start fails")
        return self.runs

    def maybe_killed(self, step: str) -> None:
        if self.killed_in == step:
            self.killed_in = ""
            raise Killed(step)

    def run(self, *words: str) -> Any:
        from gerrit_apply.service import Ended  # type: ignore[import-not-found]

        self.did.append(words[0])
        if words[0] == "init":
            for name in ("All-Projects", "All-Users"):
                (self.settings.site / f"git/{name}.git").mkdir(parents=True, exist_ok=True)
                (self.settings.site / f"git/{name}.git/version").write_text(self.settings.current.resolve().name)
            config = self.settings.site / "etc/gerrit.config"
            config.write_text(config.read_text() + "[container]\n\tadded = by init\n")
            (self.settings.site / "index").mkdir(exist_ok=True)
            (self.settings.site / "index/made-by").write_text(self.settings.current.resolve().name)
        self.maybe_killed(words[0])
        return Ended(words[0] != self.fails, self.says)


@pytest.fixture
def wanted(tmp_path: Path) -> Any:
    """What Puppet wrote: WAR `one`, some settings, a key, a plugin."""
    from gerrit_apply.wanted import Settings  # type: ignore[import-not-found]

    for name in ("site", "etc", "units", "state/wars", "state/plugins"):
        (tmp_path / name).mkdir(parents=True)
    for name, text in {
        "gerrit.config": "[gerrit]\n\tbasePath = git\n",
        "secure.config": "[auth]\n\tkey = secret\n",
        "ssh_host_ed25519_key": "the key\n",
        "gerrit.service": "[Service]\nExecStart=java -Xmx1g\n",
    }.items():
        (tmp_path / "etc" / name).write_text(text)
    for name in ("one", "two"):
        (tmp_path / f"state/wars/{name}.war").write_text(name)
    (tmp_path / "state/plugins/oauth.jar").write_text("a plugin")
    return Settings(
        site=tmp_path / "site",
        user=getpass.getuser(),
        wanted=tmp_path / "etc",
        state=tmp_path / "state",
        war=tmp_path / "state/wars/one.war",
        java="java",
        heap=512,
        port=8081,
        ssh=29418,
        units=tmp_path / "units",
    )


@pytest.fixture
def gerrit(wanted: Any, monkeypatch: pytest.MonkeyPatch) -> Gerrit:
    """A Gerrit that was made of the WAR `one`, and runs."""
    made = Gerrit(wanted)
    watch_copies(made, monkeypatch)
    apply(wanted, made)
    made.did.clear()
    return made


def apply(settings: Any, service: Gerrit) -> None:
    from gerrit_apply.work import apply as real

    service.settings = settings
    real(settings, service)


def check(settings: Any) -> bool:
    from gerrit_apply.wanted import nothing_to_do

    return bool(nothing_to_do(settings))


def with_war(settings: Any, name: str) -> Any:
    from dataclasses import replace

    return replace(settings, war=settings.war.with_name(f"{name}.war"))


def refused(settings: Any, service: Gerrit) -> str:
    from gerrit_apply.wanted import ApplyError

    with pytest.raises(ApplyError) as error:
        apply(settings, service)
    return str(error.value)


def etc(settings: Any, name: str = "gerrit.config") -> str:
    return str((settings.site / "etc" / name).read_text())
