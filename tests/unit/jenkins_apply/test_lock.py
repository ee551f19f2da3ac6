"""Two runs at once would exchange each other's folders: one is at work, the other one waits."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from jenkins_apply import main
from jenkins_apply.lock import alone
from jenkins_apply.nodes import Clock
from jenkins_apply.settings import ApplyError

from .conftest import Jenkins


class Time:
    """Passes when somebody sleeps; ``ends`` is called at 10 s."""

    def __init__(self) -> None:
        self.now = 0.0
        self.ends = lambda: None
        self.clock = Clock(lambda: self.now, self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.now == 10.0:
            self.ends()


def test_a_second_run_waits_for_the_first_and_says_once_for_whom(tmp_path: Path) -> None:
    time, said, first = Time(), [], alone(tmp_path / "lock", 60.0, print)
    first.__enter__()
    time.ends = lambda: first.__exit__(None, None, None)
    with alone(tmp_path / "lock", 60.0, said.append, time.clock):
        assert time.now == 10.0
    assert said == [
        f"another run of jenkins-apply is at work (process {os.getpid()}): waiting up to 60 s for it",
    ]


def test_a_second_run_does_not_wait_for_ever_and_says_who_is_at_work(tmp_path: Path) -> None:
    time = Time()
    with (
        alone(tmp_path / "lock", 60.0, print),
        pytest.raises(ApplyError, match=rf"after 60 s another run .*\(process {os.getpid()}\): run the same again"),
        alone(tmp_path / "lock", 60.0, lambda text: None, time.clock),
    ):
        pytest.fail("both are at work")
    with alone(tmp_path / "lock", 0.0, print):
        pass


def test_the_command_works_alone_but_lets_itself_be_asked_and_restores_meanwhile(
    jenkins: Jenkins, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, file, applied = jenkins.settings, tmp_path / "apply.conf", []
    lines = [f"{name} = {getattr(settings, name)}" for name in ("home", "war", "unit", "wanted", "state", "url")]
    file.write_text("\n".join(["[jenkins]", *lines, "installer = installer", "patience = 0", ""]))
    monkeypatch.setattr(main, "SETTINGS", file)
    monkeypatch.setattr(main.Host, "apply", lambda host: applied.append(host))

    def run(*options: str) -> int:
        monkeypatch.setattr("sys.argv", ["jenkins-apply", *options])
        return main.main()

    with alone(settings.lock, 0.0, print):
        assert (run("--check"), run("--restore"), run()) == (0, 0, 1)
    assert not applied
    assert f"process {os.getpid()}" in capsys.readouterr().err
    assert run() == 0
    assert len(applied) == 1
