"""gerrit-apply after a run that was cut short: by its deadline, by a signal, or with the host."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.puppet.gerrit.conftest import LIBRARY, Gerrit, Killed, apply, check, etc, refused, with_war

OTHER = "[user]\n\tname = Other\n"
# A run that hangs in a step which it has half done. It has no Gerrit, but says when it would start or stop one.
PROGRAM = """
import json, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from gerrit_apply import main, service, under_way, wanted
under_way.settle = lambda settings: None
step = sys.argv[4]

class Played:
    def __init__(self, settings):
        self.began = False
    def active(self):
        return True
    def stop(self):
        print("stop", flush=True)
    def start(self):
        print("start", flush=True)
        if step == "start" and not self.began:
            self.hang()
        return True
    def run(self, *words):
        (settings.site / "git/All-Projects.git/version").write_text("half")
        if step == "init":
            self.hang()
        return service.Ended(True, "")
    def hang(self):
        self.began = True
        print("hangs", flush=True)
        time.sleep(60)

paths = {name: Path(value) for name, value in json.loads(sys.argv[2]).items()}
settings = wanted.Settings(user=sys.argv[3], java="java", heap=1, port=1, ssh=1, **paths)
main.Service = Played
main.Settings.read = lambda path: settings
sys.argv[1:] = []
sys.exit(main.main())
"""


def signalled(settings: Any, step: str, number: int) -> tuple[int, str, str]:
    """A run that gets a signal in ``step``: its exit status, and what it said and did from then on."""
    paths = {name: str(getattr(settings, name)) for name in ("site", "wanted", "state", "war", "units")}
    command = [sys.executable, "-c", PROGRAM, str(LIBRARY), json.dumps(paths), settings.user, step]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        while run.stdout.readline() != "hangs\n":
            assert run.poll() is None
        run.send_signal(number)
        did, said = run.communicate(timeout=20)
        return run.returncode, did, said


def made_by(settings: Any) -> set[str]:
    """The WARs that made what Gerrit works with, and the one that it is."""
    files = ("git/All-Projects.git/version", "git/All-Users.git/version", "index/made-by")
    return {(settings.site / name).read_text() for name in files} | {settings.current.resolve().name}


def killed(settings: Any, gerrit: Gerrit, step: str) -> None:
    gerrit.killed_in = step
    with pytest.raises(Killed):
        apply(settings, gerrit)
    gerrit.did.clear()


def clean(settings: Any) -> bool:
    """Whether nothing of the work is left but the copy."""
    left = [settings.state / "under-way", settings.state / "halted", settings.site / "index.before"]
    return not any(path.exists() for path in left)


@pytest.mark.parametrize("step", ["stop", "copy", "init", "reindex", "start"])
def test_an_upgrade_that_was_cut_short_is_tried_again_from_the_old_state(
    wanted: Any, gerrit: Gerrit, step: str, capsys: pytest.CaptureFixture[str]
) -> None:
    newer = with_war(wanted, "two")
    killed(newer, gerrit, step)
    assert not check(newer)
    apply(newer, gerrit)
    assert "the last run was cut short (upgrade to two.war, begun at" in capsys.readouterr().out
    assert gerrit.runs and made_by(newer) == {"two.war"}
    assert check(newer) and clean(newer)


@pytest.mark.parametrize(
    ("step", "fails"),
    [(step, fails) for step in ("stop", "copy", "init", "reindex") for fails in ("init", "reindex", "start")]
    + [("start", "start")],
)
def test_where_the_second_try_fails_the_old_one_runs_as_it_was(
    wanted: Any, gerrit: Gerrit, step: str, fails: str
) -> None:
    newer, before = with_war(wanted, "two"), etc(wanted)
    killed(newer, gerrit, step)
    gerrit.fails = fails
    gerrit.does_not_start = "two.war" if fails == "start" else ""
    assert "what was there before is back, and runs" in refused(newer, gerrit)
    assert gerrit.runs and made_by(wanted) == {"one.war"}
    assert etc(wanted) == before
    assert check(wanted) and clean(wanted)


@pytest.mark.parametrize("step", ["stop", "copy", "init", "reindex", "start"])
def test_an_upgrade_that_nobody_wants_any_more_leaves_the_old_one_running(
    wanted: Any, gerrit: Gerrit, step: str
) -> None:
    killed(with_war(wanted, "two"), gerrit, step)
    assert not check(wanted)
    apply(wanted, gerrit)
    assert gerrit.runs and made_by(wanted) == {"one.war"}
    assert check(wanted) and clean(wanted)


def test_however_often_it_is_cut_short_the_old_state_is_the_first_one(wanted: Any, gerrit: Gerrit) -> None:
    newer = with_war(wanted, "two")
    for step in ("init", "reindex", "copy", "init", "put back", "start back"):
        killed(newer, gerrit, step)
    gerrit.fails = "init"
    refused(newer, gerrit)
    assert gerrit.runs and made_by(wanted) == {"one.war"} and check(wanted) and clean(wanted)


@pytest.mark.parametrize("step", ["put back", "start back"])
def test_a_way_back_that_was_cut_short_is_gone_to_the_end(wanted: Any, gerrit: Gerrit, step: str) -> None:
    gerrit.fails = "reindex"
    killed(with_war(wanted, "two"), gerrit, step)
    apply(wanted, gerrit)
    assert gerrit.runs and made_by(wanted) == {"one.war"} and check(wanted) and clean(wanted)


def test_what_people_did_once_the_old_one_was_back_stays(wanted: Any, gerrit: Gerrit) -> None:
    gerrit.fails = "init"
    killed(with_war(wanted, "two"), gerrit, "start back")
    (wanted.site / "git/All-Users.git/person").write_text("new")
    apply(wanted, gerrit)
    assert (wanted.site / "git/All-Users.git/person").read_text() == "new"


def test_a_new_one_that_came_up_after_its_run_was_killed_is_kept(wanted: Any, gerrit: Gerrit) -> None:
    newer = with_war(wanted, "two")
    killed(newer, gerrit, "start")
    gerrit.runs = True
    (wanted.site / "git/All-Users.git/person").write_text("new")
    apply(newer, gerrit)
    assert gerrit.did == [] and made_by(newer) == {"two.war"} and check(newer) and clean(newer)
    assert (wanted.site / "git/All-Users.git/person").read_text() == "new"


def test_a_new_one_that_came_up_is_not_replaced_by_the_copy_of_the_old_one(wanted: Any, gerrit: Gerrit) -> None:
    newer = with_war(wanted, "two")
    killed(newer, gerrit, "start")
    gerrit.runs = True
    (wanted.site / "git/All-Users.git/person").write_text("new")
    gerrit.fails, gerrit.says = "init", "Cannot downgrade NoteDb schema from version 185 to 184"
    assert "does not go back over a change of its schema" in refused(wanted, gerrit)
    assert gerrit.runs and made_by(newer) == {"two.war"} and check(newer) and clean(newer)
    assert (wanted.site / "git/All-Users.git/person").read_text() == "new"


def test_an_index_of_the_new_one_does_not_stay_where_the_old_one_had_none(wanted: Any, gerrit: Gerrit) -> None:
    shutil.rmtree(wanted.site / "index")
    killed(with_war(wanted, "two"), gerrit, "reindex")
    apply(wanted, gerrit)
    assert not (wanted.site / "index").exists()


@pytest.mark.parametrize("number", [1, 2])
def test_a_run_that_was_killed_while_it_wrote_down_how_far_it_is_is_taken_up(
    wanted: Any, gerrit: Gerrit, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gerrit_apply import under_way

    real, left = under_way.write, [number]

    def write(path: Path, *words: Any) -> None:
        real(path, *words)
        if path.name == "halted" or (number == 2 and "starting" in path.read_text()):
            left[0] -= 1
            if not left[0]:
                raise Killed

    monkeypatch.setattr(under_way, "write", write)
    with pytest.raises(Killed):
        apply(with_war(wanted, "two"), gerrit)
    monkeypatch.setattr(under_way, "write", real)
    assert (wanted.state / "halted").exists()
    apply(wanted, gerrit)
    assert gerrit.runs and made_by(wanted) == {"one.war"} and check(wanted) and clean(wanted)


def test_a_host_that_restarts_in_the_middle_of_an_upgrade_starts_no_half_made_gerrit(
    wanted: Any, gerrit: Gerrit
) -> None:
    newer = with_war(wanted, "two")
    for step, halted in (("stop", False), ("init", True), ("reindex", True), ("start", False)):
        killed(newer, gerrit, step)
        assert (wanted.state / "halted").exists() is halted, step
        apply(wanted, gerrit)


@pytest.mark.parametrize("step", ["copy", "stop", "start"])
@pytest.mark.parametrize("second", ["goes well", "fails", "is not wanted"])
def test_a_restart_that_was_cut_short_is_ended(wanted: Any, gerrit: Gerrit, step: str, second: str) -> None:
    before, old = etc(wanted), (wanted.wanted / "gerrit.config").read_text()
    (wanted.wanted / "gerrit.config").write_text(OTHER)
    killed(wanted, gerrit, step)
    if second == "goes well":
        apply(wanted, gerrit)
        assert "Other" in etc(wanted)
    elif second == "fails":
        gerrit.does_not_start = "Other"
        assert "what was there before is back, and runs" in refused(wanted, gerrit)
        assert etc(wanted) == before
    else:
        (wanted.wanted / "gerrit.config").write_text(old)
        apply(wanted, gerrit)
        assert etc(wanted) == before
    assert gerrit.runs and clean(wanted)
    assert check(wanted) is (second != "fails")


def test_one_that_was_stopped_by_hand_before_stays_stopped(wanted: Any, gerrit: Gerrit) -> None:
    gerrit.runs = False
    killed(with_war(wanted, "two"), gerrit, "init")
    apply(wanted, gerrit)
    assert not gerrit.runs and made_by(wanted) == {"one.war"} and check(wanted)


def test_a_disk_that_is_full_brings_the_old_one_back_at_once_and_is_no_verdict(
    wanted: Any, gerrit: Gerrit, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = with_war(wanted, "two")
    real = gerrit.run

    def full(*words: str) -> Any:
        real(*words)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(gerrit, "run", full)
    assert "No space left on device; what was there before is back, and runs" in refused(newer, gerrit)
    assert gerrit.runs and made_by(wanted) == {"one.war"} and clean(wanted)
    monkeypatch.setattr(gerrit, "run", real)
    apply(newer, gerrit)
    assert made_by(newer) == {"two.war"}


def test_a_run_that_is_killed_condemns_nothing_and_is_taken_up(wanted: Any, gerrit: Gerrit) -> None:
    newer = with_war(wanted, "two")
    assert signalled(newer, "init", signal.SIGKILL)[0] == -signal.SIGKILL
    assert not (wanted.state / "rejected").exists()
    gerrit.fails = "init"
    assert "what was there before is back, and runs" in refused(newer, gerrit)
    assert gerrit.runs and made_by(wanted) == {"one.war"} and clean(wanted)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_told_to_end_puts_the_old_one_back_at_once(wanted: Any, gerrit: Gerrit, number: int) -> None:
    newer = with_war(wanted, "two")
    status, did, said = signalled(newer, "init", number)
    assert (status, did) == (1, "stop\nstart\n")
    assert "the run was cut short; what was there before is back, and runs" in said
    assert made_by(wanted) == {"one.war"} and check(wanted) and clean(wanted)
    assert not (wanted.state / "rejected").exists()
    apply(newer, gerrit)
    assert made_by(newer) == {"two.war"}


def test_a_new_one_that_starts_goes_on_to_start_when_its_run_is_told_to_end(wanted: Any, gerrit: Gerrit) -> None:
    newer = with_war(wanted, "two")
    status, did, said = signalled(newer, "start", signal.SIGTERM)
    assert (status, did, said) == (1, "", "the run was cut short: the next one looks whether Gerrit has come up\n")
    assert newer.current.resolve().name == "two.war"
    assert not check(newer) and not (wanted.state / "halted").exists()
    gerrit.runs = True
    apply(newer, gerrit)
    assert gerrit.did == [] and check(newer) and clean(newer)
