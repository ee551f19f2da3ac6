"""What keeps a live Jenkins from harm: plugins and configuration are exchanged as a whole, or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from jenkins_apply import main
from jenkins_apply.settings import Account, ApplyError, Settings
from jenkins_apply.web import words

from .conftest import Jenkins, casc, plugin


def test_the_first_run_puts_everything_in_place_and_leaves_the_start_to_the_service(jenkins: Jenkins) -> None:
    assert jenkins.first == ["install"]
    assert jenkins.plugins == {"git": "1.0"}
    assert jenkins.casc == casc(1)
    assert jenkins.nothing_to_do
    assert jenkins.settings.environment.stat().st_mode & 0o777 == 0o600


def test_nothing_to_do_touches_nothing(jenkins: Jenkins) -> None:
    jenkins.apply()
    assert jenkins.did == []


def test_another_configuration_is_read_by_the_jenkins_that_runs(jenkins: Jenkins) -> None:
    jenkins.want(casc=casc(2))
    jenkins.apply()
    assert (jenkins.did, jenkins.casc) == (["reload"], casc(2))
    assert jenkins.nothing_to_do


def test_another_secret_is_read_too(jenkins: Jenkins) -> None:
    (jenkins.settings.wanted / "secrets/admin_password").write_text("new")
    jenkins.apply()
    assert jenkins.did == ["reload"]


def test_a_configuration_that_jenkins_rejects_does_not_wait_for_its_next_start(jenkins: Jenkins) -> None:
    jenkins.want(casc=casc(2))
    jenkins.refuses = ["No such thing: nosuch"]
    with pytest.raises(ApplyError, match=r"keeps the one that it had.*No such thing: nosuch"):
        jenkins.apply()
    assert jenkins.casc == casc(1)
    assert not jenkins.nothing_to_do
    # What it refused late it may have taken in part.
    assert jenkins.did == ["reload", "reload"]


def test_a_configuration_in_which_jenkins_finds_a_fault_is_never_in_its_place(jenkins: Jenkins) -> None:
    jenkins.want(casc=casc(2))
    jenkins.finds = ["Invalid configuration elements: nosuch"]
    with pytest.raises(ApplyError, match=r"pkgci.yaml: Invalid configuration elements: nosuch"):
        jenkins.apply()
    assert (jenkins.did, jenkins.casc) == ([], casc(1))


def test_what_jenkins_finds_in_the_configuration_that_it_runs_with_is_no_fault(jenkins: Jenkins) -> None:
    jenkins.want(casc=casc(2))
    jenkins.finds = ["a warning of a plugin"]
    jenkins.finds_always = True
    jenkins.apply()
    assert (jenkins.did, jenkins.casc) == (["reload"], casc(2))


def test_what_jenkins_would_not_find_is_found_before_it_is_asked(jenkins: Jenkins) -> None:
    jenkins.want(casc="jenkins: {numExecutors: two}\n")
    with pytest.raises(ApplyError, match=r"pkgci.yaml: jenkins.numExecutors: must be a whole number, not a text"):
        jenkins.apply()
    assert (jenkins.did, jenkins.casc) == ([], casc(1))


def test_an_old_configuration_that_jenkins_does_not_read_again_is_read_by_the_next_run(jenkins: Jenkins) -> None:
    jenkins.want(casc=casc(2))
    jenkins.refuses = ["no", "busy"]
    with pytest.raises(ApplyError, match="does not read the old one again: busy"):
        jenkins.apply()
    jenkins.want(casc=casc(1))
    jenkins.did.clear()
    jenkins.apply()
    assert (jenkins.did, jenkins.casc) == (["reload"], casc(1))
    assert jenkins.nothing_to_do


def test_plugins_that_went_back_are_not_installed_again_where_the_site_goes_back_to_them(jenkins: Jenkins) -> None:
    jenkins.want(plugins="git:1.1\n")
    jenkins.starts = [False, True]
    with pytest.raises(ApplyError, match="does not start"):
        jenkins.apply()
    jenkins.want()
    assert jenkins.nothing_to_do


def test_other_plugins_and_all_that_goes_with_them_restart_jenkins_once(jenkins: Jenkins) -> None:
    jenkins.want(plugins="git:1.1\njunit:2\n", casc=casc(2), unit="[Service]\nUMask=0\n")
    jenkins.apply()
    assert jenkins.did == ["install", "quietDown", "stop", "start"]
    assert (jenkins.plugins, jenkins.casc) == ({"git": "1.1", "junit": "2"}, casc(2))
    assert jenkins.nothing_to_do


def test_other_settings_of_the_unit_restart_it(jenkins: Jenkins) -> None:
    jenkins.want(unit="[Service]\nUMask=0\n")
    jenkins.apply()
    assert jenkins.did == ["quietDown", "stop", "start"]


def test_plugins_with_which_jenkins_does_not_start_go_back(jenkins: Jenkins) -> None:
    jenkins.want(plugins="git:1.1\n", casc=casc(2))
    jenkins.starts = [False, True]
    with pytest.raises(ApplyError, match="does not start"):
        jenkins.apply()
    assert (jenkins.plugins, jenkins.casc) == ({"git": "1.0"}, casc(1))
    assert jenkins.runs


@pytest.mark.parametrize(
    ("change", "installs"),
    [
        ({"casc": casc(2)}, []),
        ({"plugins": "git:1.1\n"}, ["install"]),
        ({"plugins": "a:1\n", "casc": casc(2)}, ["install"]),
    ],
)
def test_a_jenkins_that_does_not_run_is_started_with_what_is_new_which_goes_back_where_it_does_not_start(
    jenkins: Jenkins, change: dict[str, str], installs: list[str]
) -> None:
    jenkins.runs = False
    jenkins.want(**change)
    jenkins.starts = [False, True]
    with pytest.raises(ApplyError, match="its plugins and configuration are the old ones"):
        jenkins.apply()
    assert (jenkins.plugins, jenkins.casc, jenkins.runs) == ({"git": "1.0"}, casc(1), True)
    assert jenkins.did == [*installs, "stop", "start", "stop", "start"]
    assert not jenkins.nothing_to_do
    jenkins.runs = False
    jenkins.apply()
    assert jenkins.runs and jenkins.nothing_to_do


def test_a_jenkins_that_does_not_run_and_has_nothing_new_is_left_to_its_service(jenkins: Jenkins) -> None:
    jenkins.runs = False
    jenkins.want(unit="[Service]\nUMask=0\n")
    jenkins.apply()
    assert jenkins.did == []
    assert jenkins.nothing_to_do


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
    with pytest.raises(ApplyError, match=reason):
        jenkins.apply()
    assert (jenkins.did, jenkins.plugins) == (["install"], {"git": "1.0"})


def test_what_a_page_says_is_told_without_its_markup() -> None:
    page = "<html><head><title>Oops</title></head><body><p>no &#39;such&#39;</p><script>x()</script></body>"
    assert words(page) == "no 'such'"


def test_the_command_says_whether_there_is_something_to_do_and_restores_before_a_start(
    jenkins: Jenkins, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = jenkins.settings
    lines = [f"{name} = {getattr(settings, name)}" for name in ("home", "war", "unit", "wanted", "state", "url")]
    account = ["account = admin", "password_file = /etc/jenkins/secrets/admin_password", "patience = 60"]
    file = tmp_path / "apply.conf"
    file.write_text("\n".join(["[jenkins]", *lines, "installer = installer", *account, ""]))
    monkeypatch.setattr(main, "SETTINGS", file)
    read = Settings.read(file)
    assert (read.account, read.patience) == (Account("admin", Path("/etc/jenkins/secrets/admin_password")), 60.0)

    def run(option: str) -> int:
        monkeypatch.setattr("sys.argv", ["jenkins-apply", option])
        return main.main()

    assert run("--check") == 0
    jenkins.want(casc=casc(2))
    assert run("--check") == 1
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(jenkins, "reload", lambda: (_ for _ in ()).throw(KeyboardInterrupt))
        jenkins.apply()
    assert (run("--restore"), jenkins.casc) == (0, casc(1))
    file.write_text("")
    assert run("--check") == 1
    assert f"{file} is not as Puppet writes it" in capsys.readouterr().err


@pytest.mark.parametrize("known", ["right", "wrong", "none"])
def test_a_plugin_whose_file_has_another_checksum_is_refused(jenkins: Jenkins, tmp_path: Path, known: str) -> None:
    plugin(tmp_path / "git.jpi", "1.1")
    digests = {"right": hashlib.sha256((tmp_path / "git.jpi").read_bytes()).hexdigest(), "wrong": "a" * 64, "none": "-"}
    jenkins.want(plugins="git:1.1\n")
    (jenkins.settings.wanted / "plugins.sha256").write_text(f"{digests[known]} git\n")
    if known != "wrong":
        jenkins.apply()
        assert jenkins.plugins == {"git": "1.1"}
        return
    with pytest.raises(ApplyError, match=f"stay as they were: the checksum of git is {digests['right']}, not aaaa"):
        jenkins.apply()
    assert (jenkins.did, jenkins.plugins) == (["install"], {"git": "1.0"})


@pytest.mark.parametrize("named", [True, False])
def test_a_plugin_that_comes_along_unnamed_is_refused(jenkins: Jenkins, named: bool) -> None:
    def installs(folder: Path, wanted: dict[str, str]) -> int:
        for name, version in {**wanted, "stowaway": "6"}.items():
            plugin(folder / f"{name}.jpi", version)
        return 0

    jenkins.installs = installs
    jenkins.want(plugins="git:1.1\n")
    (jenkins.settings.wanted / "plugins.sha256").write_text("- git\n" + ("- stowaway\n" if named else ""))
    if named:
        jenkins.apply()
        assert jenkins.plugins == {"git": "1.1", "stowaway": "6"}
        return
    with pytest.raises(ApplyError, match=r"stowaway 6 came along: name it in the site file, `jenkins: \{plugins: "):
        jenkins.apply()
    assert jenkins.plugins == {"git": "1.0"}
