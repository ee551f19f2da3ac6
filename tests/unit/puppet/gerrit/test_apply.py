"""gerrit-apply: a new Gerrit, restarts that are needed, upgrades, and the way back. Gerrit itself is played here."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.puppet.gerrit.conftest import Gerrit, apply, check, etc, refused, with_war


def test_a_new_gerrit_is_made_once_and_started(wanted: Any) -> None:
    made = Gerrit(wanted)
    assert not check(wanted)
    apply(wanted, made)
    assert made.did == ["init", "start"]
    assert check(wanted)


def test_its_settings_are_those_that_are_wanted_whatever_init_made_of_them(wanted: Any, gerrit: Gerrit) -> None:
    assert "by init" not in etc(wanted)
    assert etc(wanted).startswith("[gerrit]\n\tbasePath = git\n")
    assert (wanted.site / "etc/secure.config").stat().st_mode & 0o777 == 0o600
    assert (wanted.site / "plugins/oauth.jar").read_text() == "a plugin"


def test_the_identity_in_its_changes_never_changes(wanted: Any, gerrit: Gerrit) -> None:
    before = [line for line in etc(wanted).splitlines() if "serverId" in line]
    assert len(before) == 1
    (wanted.wanted / "gerrit.config").write_text("[gerrit]\n\tbasePath = git\n[user]\n\tname = Other\n")
    (wanted.state / "server-id").unlink(missing_ok=True)
    apply(wanted, gerrit)
    assert before[0] in etc(wanted).splitlines()


def test_nothing_is_done_to_one_that_is_as_declared(wanted: Any, gerrit: Gerrit) -> None:
    assert check(wanted)
    assert gerrit.did == []


@pytest.mark.parametrize("name", ["gerrit.config", "secure.config", "ssh_host_ed25519_key", "gerrit.service"])
def test_what_is_read_at_start_restarts_it_once(wanted: Any, gerrit: Gerrit, name: str) -> None:
    (wanted.wanted / name).write_text("[user]\n\tname = Other\n")
    assert not check(wanted)
    apply(wanted, gerrit)
    assert gerrit.did == ["stop", "start"]
    assert check(wanted)


def test_what_somebody_changed_by_hand_is_put_right(wanted: Any, gerrit: Gerrit) -> None:
    (wanted.site / "etc/gerrit.config").write_text("[gerrit]\n")
    assert not check(wanted)
    apply(wanted, gerrit)
    assert check(wanted) and "basePath" in etc(wanted)


def test_a_plugin_that_is_no_longer_wanted_goes_and_other_peoples_stay(wanted: Any, gerrit: Gerrit) -> None:
    (wanted.site / "plugins/own.jar").write_text("somebody's")
    assert check(wanted)
    (wanted.state / "plugins/oauth.jar").unlink()
    apply(wanted, gerrit)
    assert [file.name for file in (wanted.site / "plugins").iterdir()] == ["own.jar"]


def test_settings_that_it_does_not_come_up_with_are_undone(wanted: Any, gerrit: Gerrit) -> None:
    before, unit = etc(wanted), (wanted.units / "gerrit.service").read_text()
    gerrit.does_not_start = "broken"
    (wanted.wanted / "gerrit.config").write_text("[auth]\n\ttype = broken\n")
    (wanted.wanted / "gerrit.service").write_text("[Service]\nExecStart=java -Xmx900g\n")
    assert "does not come up with these settings; what was there before is back, and runs" in refused(wanted, gerrit)
    assert gerrit.runs
    assert (etc(wanted), (wanted.units / "gerrit.service").read_text()) == (before, unit)


def test_what_was_rejected_does_not_stop_it_a_second_time(wanted: Any, gerrit: Gerrit) -> None:
    gerrit.does_not_start = "broken"
    (wanted.wanted / "gerrit.config").write_text("[auth]\n\ttype = broken\n")
    refused(wanted, gerrit)
    gerrit.did.clear()
    assert not check(wanted)
    assert "not tried again until something else is wanted" in refused(wanted, gerrit)
    assert gerrit.did == [] and gerrit.runs
    (wanted.wanted / "gerrit.config").write_text("[auth]\n\ttype = mended\n")
    apply(wanted, gerrit)
    assert check(wanted)


def test_another_war_is_an_upgrade_with_a_new_index(wanted: Any, gerrit: Gerrit) -> None:
    newer = with_war(wanted, "two")
    apply(newer, gerrit)
    assert gerrit.did == ["stop", "init", "reindex", "start"]
    assert newer.current.resolve().name == "two.war"
    assert (newer.site / "index/made-by").read_text() == "two.war"
    assert check(newer)


def test_the_war_before_stays_for_a_way_back_and_older_ones_go(wanted: Any, gerrit: Gerrit) -> None:
    apply(with_war(wanted, "two"), gerrit)
    (wanted.war.parent / "three.war").write_text("three")
    apply(with_war(wanted, "three"), gerrit)
    assert sorted(file.name for file in wanted.war.parent.iterdir()) == ["three.war", "two.war"]


@pytest.mark.parametrize("fails", ["init", "reindex", "start"])
def test_an_upgrade_that_fails_leaves_the_old_one_running(wanted: Any, gerrit: Gerrit, fails: str) -> None:
    before = etc(wanted)
    if fails == "start":
        gerrit.does_not_start = "two.war"
    else:
        gerrit.fails = fails
    said = refused(with_war(wanted, "two"), gerrit)
    assert "two.war does not take over" in said and "what was there before is back, and runs" in said
    assert gerrit.runs and gerrit.did[-1] == "start"
    assert wanted.current.resolve().name == "one.war"
    assert (wanted.site / "git/All-Projects.git/version").read_text() == "one.war"
    assert (wanted.site / "index/made-by").read_text() == "one.war"
    assert etc(wanted) == before
    # The old WAR is the wanted one again, and there is nothing to do.
    assert check(wanted)


@pytest.mark.parametrize(
    "words",
    [
        "fatal: Cannot downgrade NoteDb schema from version 185 to 184\n",
        "Unsupported schema version 185; expected schema version 184. Downgrade is not supported\n",
    ],
)
def test_one_that_is_older_than_the_schema_leaves_the_newer_one_running_and_says_what_to_do(
    wanted: Any, gerrit: Gerrit, words: str
) -> None:
    newer = with_war(wanted, "two")
    apply(newer, gerrit)
    gerrit.fails, gerrit.says = "init", words
    said = refused(wanted, gerrit)
    assert "Gerrit does not go back over a change of its schema: declare the version that ran until now" in said
    assert "backup from before the upgrade; what was there before is back, and runs" in said
    assert gerrit.runs and newer.current.resolve().name == "two.war"
    assert (wanted.site / "git/All-Projects.git/version").read_text() == "two.war"
    assert (wanted.site / "index/made-by").read_text() == "two.war"
    assert check(newer)


def test_an_upgrade_without_an_earlier_war_that_fails_is_one_again_the_next_time(wanted: Any, gerrit: Gerrit) -> None:
    for name in ("applied", "current.war"):
        (wanted.state / name).unlink()
    gerrit.fails = "reindex"
    assert "there is no earlier one to go back to" in refused(wanted, gerrit)
    gerrit.fails = ""
    gerrit.did.clear()
    apply(wanted, gerrit)
    assert gerrit.did == ["stop", "init", "reindex", "start"] and check(wanted)


def test_one_that_comes_back_from_a_backup_gets_its_index_and_keeps_its_changes(wanted: Any, gerrit: Gerrit) -> None:
    for name in ("applied", "current.war"):
        (wanted.state / name).unlink()
    (wanted.site / "git/mine.git").mkdir()
    apply(wanted, gerrit)
    assert gerrit.did == ["stop", "init", "reindex", "start"]
    assert (wanted.site / "git/mine.git").is_dir() and check(wanted)


def test_one_whose_making_was_cut_short_is_made_to_the_end(wanted: Any) -> None:
    made = Gerrit(wanted, does_not_start="one.war")
    assert "does not come up" in refused(wanted, made)
    made.does_not_start = ""
    made.did.clear()
    apply(wanted, made)
    assert made.did == ["init", "start"] and check(wanted)


def test_nothing_of_a_secret_is_remembered(wanted: Any, gerrit: Gerrit) -> None:
    assert "secret" not in json.dumps((wanted.state / "applied").read_text())
