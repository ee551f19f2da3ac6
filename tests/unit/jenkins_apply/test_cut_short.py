"""What a run that was cut short leaves behind, the next start of Jenkins or the next run makes good."""

from __future__ import annotations

import pytest
from jenkins_apply import files
from jenkins_apply.configuration import put_back
from jenkins_apply.settings import ApplyError

from .conftest import Jenkins, casc


def test_a_run_cut_short_before_jenkins_answered_leaves_the_old_configuration_to_its_next_start(
    jenkins: Jenkins, monkeypatch: pytest.MonkeyPatch
) -> None:
    jenkins.want(casc=casc(2))
    monkeypatch.setattr(jenkins, "reload", lambda: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        jenkins.apply()
    assert jenkins.casc == casc(2)
    put_back(jenkins.settings)
    assert jenkins.casc == casc(1)
    assert not jenkins.nothing_to_do


def test_the_old_configuration_is_kept_also_where_a_run_was_cut_short_before(
    jenkins: Jenkins, monkeypatch: pytest.MonkeyPatch
) -> None:
    jenkins.want(casc=casc(2))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(jenkins, "reload", lambda: (_ for _ in ()).throw(KeyboardInterrupt))
        jenkins.apply()
    jenkins.refuses = ["no"]
    with pytest.raises(ApplyError):
        jenkins.apply()
    assert jenkins.casc == casc(1)


def test_a_run_cut_short_before_the_exchange_leaves_the_configuration_that_jenkins_has(
    jenkins: Jenkins, monkeypatch: pytest.MonkeyPatch
) -> None:
    jenkins.want(casc=casc(2))
    jenkins.apply()
    assert jenkins.settings.old.is_dir(), "the one before it is kept"
    jenkins.want(casc=casc(3))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(files, "exchange", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        jenkins.apply()
    put_back(jenkins.settings)
    assert jenkins.casc == casc(2)


def test_what_a_run_cut_short_gave_jenkins_is_taken_back_where_the_site_takes_it_back(
    jenkins: Jenkins, monkeypatch: pytest.MonkeyPatch
) -> None:
    jenkins.want(casc=casc(2))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(jenkins, "reload", lambda: (_ for _ in ()).throw(KeyboardInterrupt))
        jenkins.apply()
    jenkins.want(casc=casc(1))
    assert not jenkins.nothing_to_do, "Jenkins may have taken it"
    jenkins.apply()
    assert (jenkins.did, jenkins.casc) == (["reload"], casc(1))
    assert jenkins.nothing_to_do


@pytest.mark.parametrize(
    ("change", "steps"),
    [
        ({"plugins": "git:1.1\n", "casc": casc(2)}, ["install", "quietDown", "stop", "start"]),
        ({"unit": "[Service]\nUMask=0\n"}, ["quietDown", "stop", "start"]),
    ],
)
def test_a_restart_that_was_cut_short_is_undone_where_the_site_takes_it_back(
    jenkins: Jenkins, monkeypatch: pytest.MonkeyPatch, change: dict[str, str], steps: list[str]
) -> None:
    def start() -> bool:
        jenkins.runs = True
        raise KeyboardInterrupt

    jenkins.want(**change)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(jenkins, "start", start)
        jenkins.apply()
    jenkins.want()
    jenkins.did.clear()
    jenkins.apply()
    assert (jenkins.did, jenkins.plugins, jenkins.casc) == (steps, {"git": "1.0"}, casc(1))
    assert jenkins.nothing_to_do


def test_plugins_go_back_also_where_a_run_was_cut_short_while_it_exchanged_them(jenkins: Jenkins) -> None:
    jenkins.want(plugins="git:1.1\n")
    jenkins.settings.ready.unlink()
    jenkins.settings.plugins.rename(jenkins.settings.home / "plugins.old")
    jenkins.runs, jenkins.starts = False, [False, True]
    with pytest.raises(ApplyError, match="does not start"):
        jenkins.apply()
    assert (jenkins.plugins, jenkins.runs) == ({"git": "1.0"}, True)


def test_a_run_cut_short_while_plugins_are_exchanged_is_made_good(jenkins: Jenkins) -> None:
    jenkins.want(plugins="git:1.1\n")
    # Between the two renames the machine went down.
    jenkins.settings.ready.unlink()
    jenkins.settings.plugins.rename(jenkins.settings.home / "plugins.old")
    jenkins.runs = False
    assert not jenkins.nothing_to_do
    jenkins.apply()
    assert jenkins.plugins == {"git": "1.1"}
    assert jenkins.nothing_to_do


def test_what_jenkins_never_started_with_does_not_take_the_place_of_what_it_did(
    jenkins: Jenkins, monkeypatch: pytest.MonkeyPatch
) -> None:
    jenkins.want(plugins="git:1.1\n", casc=casc(2))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(jenkins, "start", lambda: (_ for _ in ()).throw(KeyboardInterrupt))
        jenkins.apply()
    assert jenkins.plugins == {"git": "1.1"}
    jenkins.starts = [False, True]
    with pytest.raises(ApplyError, match="does not start"):
        jenkins.apply()
    assert (jenkins.plugins, jenkins.casc, jenkins.runs) == ({"git": "1.0"}, casc(1), True)
