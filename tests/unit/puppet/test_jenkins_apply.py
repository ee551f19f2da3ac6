"""What keeps a live Jenkins from harm: plugins and configuration are exchanged as a whole, or not at all."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.unit.puppet.conftest import MANIFESTS

PROGRAM = MANIFESTS / "site-modules/jenkins/files/jenkins_apply.py"


def load() -> ModuleType:
    spec = util.spec_from_file_location("jenkins_apply", PROGRAM)
    assert spec and spec.loader
    module = util.module_from_spec(spec)
    sys.modules["jenkins_apply"] = module
    spec.loader.exec_module(module)
    return module


program = load()


@dataclass
class Jenkins:
    """A host with Jenkins: what is wanted and what there is, and a service that can refuse to start."""

    settings: Any
    runs: bool = True
    starts: list[bool] = field(default_factory=list)
    did: list[str] = field(default_factory=list)
    rejects: str | None = None
    installs: Callable[[Path, dict[str, str]], int] | None = None

    def active(self) -> bool:
        return self.runs

    def stop(self) -> None:
        self.did.append("stop")
        self.runs = False

    def start(self) -> bool:
        assert self.settings.ready.exists(), "the unit does not start without it"
        self.did.append("start")
        self.runs = self.starts.pop(0) if self.starts else True
        return self.runs

    def want(self, plugins: str = "git:1.0\n", casc: str = "a: 1\n", unit: str = "[Service]\n") -> None:
        (self.settings.wanted / "plugins.txt").write_text(plugins)
        (self.settings.wanted / "casc.d/pkgci.yaml").write_text(casc)
        self.settings.unit.write_text(unit)

    def apply(self) -> None:
        program.apply(self.settings, self, self._install, self._reread)

    def _install(self, command: list[str]) -> int:
        folder = Path(command[command.index("--plugin-download-directory") + 1])
        wanted = program.wanted_plugins(Path(command[command.index("--plugin-file") + 1]).read_text())
        self.did.append("install")
        if self.installs:
            return self.installs(folder, wanted)
        for name, version in wanted.items():
            plugin(folder / f"{name}.jpi", version)
        return 0

    def _reread(self, settings: Any) -> str | None:
        self.did.append("reload")
        return self.rejects

    @property
    def plugins(self) -> dict[str, str]:
        return {file.stem: program.plugin_version(file) for file in self.settings.plugins.glob("*.jpi")}

    @property
    def casc(self) -> str:
        return str((self.settings.live / "pkgci.yaml").read_text())


def plugin(file: Path, version: str) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(
            "META-INF/MANIFEST.MF", f"Manifest-Version: 1.0\r\nPlugin-Version: {version} (built\r\n  here)\r\n"
        )


@pytest.fixture
def jenkins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Jenkins:
    """A Jenkins that runs as it is wanted."""
    monkeypatch.setattr(program, "own", lambda path, user="": None)
    for folder in ("home", "wanted/casc.d", "wanted/secrets", "state"):
        (tmp_path / folder).mkdir(parents=True)
    settings = program.Settings(
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
    found.did.clear()
    return found


def test_the_first_run_puts_everything_in_place_and_leaves_the_start_to_the_service(jenkins: Jenkins) -> None:
    assert jenkins.plugins == {"git": "1.0"}
    assert jenkins.casc == "a: 1\n"
    assert program.look(jenkins.settings).nothing
    assert jenkins.settings.environment.stat().st_mode & 0o777 == 0o600


def test_nothing_to_do_touches_nothing(jenkins: Jenkins) -> None:
    jenkins.apply()
    assert jenkins.did == []


def test_another_configuration_is_read_by_the_jenkins_that_runs(jenkins: Jenkins) -> None:
    jenkins.want(casc="a: 2\n")
    jenkins.apply()
    assert (jenkins.did, jenkins.casc) == (["reload"], "a: 2\n")
    assert program.look(jenkins.settings).nothing


def test_another_secret_is_read_too(jenkins: Jenkins) -> None:
    (jenkins.settings.wanted / "secrets/admin_password").write_text("new")
    jenkins.apply()
    assert jenkins.did == ["reload"]


def test_a_configuration_that_jenkins_rejects_does_not_wait_for_its_next_start(jenkins: Jenkins) -> None:
    jenkins.want(casc="nosuch: 2\n")
    jenkins.rejects = "500: nosuch"
    with pytest.raises(program.ApplyError, match=r"keeps the one that it had.*500: nosuch"):
        jenkins.apply()
    assert jenkins.casc == "a: 1\n"
    assert not program.look(jenkins.settings).nothing


def test_other_plugins_and_all_that_goes_with_them_restart_jenkins_once(jenkins: Jenkins) -> None:
    jenkins.want(plugins="git:1.1\njunit:2\n", casc="a: 2\n", unit="[Service]\nUMask=0\n")
    jenkins.apply()
    assert jenkins.did == ["install", "stop", "start"]
    assert (jenkins.plugins, jenkins.casc) == ({"git": "1.1", "junit": "2"}, "a: 2\n")
    assert program.look(jenkins.settings).nothing


def test_other_settings_of_the_unit_restart_it(jenkins: Jenkins) -> None:
    jenkins.want(unit="[Service]\nUMask=0\n")
    jenkins.apply()
    assert jenkins.did == ["stop", "start"]


def test_plugins_with_which_jenkins_does_not_start_go_back(jenkins: Jenkins) -> None:
    jenkins.want(plugins="git:1.1\n", casc="a: 2\n")
    jenkins.starts = [False, True]
    with pytest.raises(program.ApplyError, match="does not start"):
        jenkins.apply()
    assert (jenkins.plugins, jenkins.casc) == ({"git": "1.0"}, "a: 1\n")
    assert jenkins.runs


@pytest.mark.parametrize(
    ("install", "reason"),
    [
        (lambda folder, wanted: 0, "git is missing"),
        (lambda folder, wanted: (folder / "git.jpi").write_text(""), "git is missing"),
        (lambda folder, wanted: plugin(folder / "git.jpi", "0.9"), "git is 0.9, not 1.1"),
        (lambda folder, wanted: plugin(folder / "git.jpi", "1.1") or 7, "the installer ended with 7"),
    ],
)
def test_an_installer_is_not_believed(
    jenkins: Jenkins, install: Callable[[Path, dict[str, str]], int | None], reason: str
) -> None:
    jenkins.want(plugins="git:1.1\n")
    jenkins.installs = lambda folder, wanted: install(folder, wanted) or 0
    with pytest.raises(program.ApplyError, match=reason):
        jenkins.apply()
    assert (jenkins.did, jenkins.plugins) == (["install"], {"git": "1.0"})


def test_a_run_cut_short_while_plugins_are_exchanged_is_made_good(jenkins: Jenkins) -> None:
    jenkins.want(plugins="git:1.1\n")
    # Between the two renames the machine went down.
    jenkins.settings.ready.unlink()
    jenkins.settings.plugins.rename(jenkins.settings.home / "plugins.old")
    jenkins.runs = False
    assert not program.look(jenkins.settings).nothing
    jenkins.apply()
    assert jenkins.plugins == {"git": "1.1"}
    assert program.look(jenkins.settings).nothing


def test_what_a_page_says_is_told_without_its_markup() -> None:
    page = "<html><head><title>Oops</title></head><body><p>no &#39;such&#39;</p><script>x()</script></body>"
    assert program.words(page) == "no 'such'"
