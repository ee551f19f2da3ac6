"""Shells complete what the site file names, and never show an error where somebody types."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete

from pkgci.cli.main import pkgci, run

ROOT = Path(__file__).parents[3]
SITE = ROOT / "examples/lab/site.yaml"
SECRETS = "zuul/gerrit_ssh_key: {secret: x}\nmy/own: x\n"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the lab's site, in the current folder."""
    shutil.copytree(SITE.parent, tmp_path / "site", ignore=shutil.ignore_patterns("secrets", ".lab", ".pkgci"))
    monkeypatch.chdir(tmp_path / "site")
    monkeypatch.delenv("PKGCI_SITE", raising=False)
    return tmp_path / "site/site.yaml"


def completed(*words: str) -> list[str]:
    """What is offered for the last of ``words``."""
    *before, incomplete = words
    found = ShellComplete(pkgci, {}, "pkgci", "_PKGCI_COMPLETE").get_completions(before, incomplete)
    return [one.value for one in found]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("deploy-j",), ["deploy-jobs"]),
        (("completion", "z"), ["zsh"]),
        (("bootstrap", "--host", "zu"), ["zuul01"]),
        (("bootstrap", "--limit", "lo"), ["log01"]),
        (("bootstrap", "--limit", "zuul01,lo"), ["zuul01,log01"]),
        (("verify-servers", "--exclude", "build*,log01,zu"), ["build*,log01,zuul01"]),
        (("bootstrap", "--role", "slave_b"), ["slave_build"]),
        (("verify-servers", "--host", "log"), ["log01"]),
        (("publish", "remove", "greet", "--target", "t"), ["trixie"]),
        (("lab", "ssh", "out"), ["outside"]),
        (("lab", "clone", "packaging/w"), ["packaging/wordcount"]),
        (("secrets", "show", "jenkins_master/"), ["jenkins_master/admin_password"]),
        (("secrets", "rotate", "release"), ["release-key"]),
        (("deploy", "--from", "verify-c"), ["verify-connectivity"]),
    ],
)
@pytest.mark.usefixtures("site")
def test_names_of_the_site_complete_where_a_command_takes_them(words: tuple[str, ...], offered: list[str]) -> None:
    assert completed(*words) == offered


def test_every_parameter_that_takes_a_name_completes() -> None:
    context = click.Context(pkgci, resilient_parsing=True)
    kinds = {"HOST", "HOSTS", "ROLE", "TARGET", "PROJECT", "NAME"}
    found = []
    for name in pkgci.list_commands(context):
        command = pkgci.get_command(context, name)
        for one in command.commands.values() if isinstance(command, click.Group) else [command]:
            assert one is not None
            for parameter in one.params:
                # The example of `init` is no name of the site's.
                if parameter.make_metavar(context).strip("[]") in kinds and name != "init":
                    assert "shell_complete" in vars(parameter), f"{name}: {parameter.name}"
                    found.append(parameter)
    assert len(found) > 8


def test_the_site_file_that_the_command_line_names_is_read(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = site.with_name("other.yaml")
    other.write_text("hosts: {far01: {role: zuul}}\n")
    assert completed("bootstrap", "--site", str(other), "--host", "") == ["far01"]
    monkeypatch.setenv("PKGCI_SITE", str(other))
    assert completed("bootstrap", "--host", "") == ["far01"]


def test_own_secrets_complete_even_where_the_site_file_is_not_valid(site: Path) -> None:
    (site.parent / "secrets").mkdir()
    (site.parent / "secrets/secrets.eyaml").write_text(SECRETS)
    site.write_text("hosts: {zuul01: {rolle: zuul}}\n")
    assert completed("secrets", "show", "") == ["zuul/gerrit_ssh_key", "my/own"]
    assert completed("bootstrap", "--host", "") == ["zuul01"]


@pytest.mark.parametrize(
    "text", [None, "", "hosts: [", "- a\n", "hosts: 7\n", "hosts: {1: x}\n", "a: !!python/none x\n", b"\xff\xfe\x00"]
)
@pytest.mark.parametrize(
    "words",
    [
        ("bootstrap", "--host", "z"),
        ("secrets", "show", "z"),
        ("retire", "z"),
        ("publish", "remove", "x", "--target", "z"),
    ],
)
def test_a_broken_or_missing_site_file_completes_to_nothing_and_says_nothing(
    site: Path, text: str | bytes | None, words: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    site.unlink()
    if text is not None:
        site.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert completed(*words) == []
    assert capfd.readouterr() == ("", "")


def test_a_host_that_left_the_site_completes_where_it_is_retired(site: Path) -> None:
    from pkgci.leavers import memory
    from pkgci.model.load import load_site

    loaded = load_site(site)
    gone = memory.remembered(loaded.hosts[0], ()).model_copy(update={"name": "old01"})
    memory.begin(loaded, [gone, *(memory.remembered(host, ()) for host in loaded.hosts)])
    assert completed("retire", "") == ["old01"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "ZDOTDIR"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "a home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    return folder


@pytest.mark.parametrize(("shell", "profile"), [("bash", ".bashrc"), ("zsh", ".zshrc")])
def test_installing_keeps_what_the_profile_says_and_adds_one_line_once(home: Path, shell: str, profile: str) -> None:
    before = b"alias l=ls # \xff, and no end of the line"
    (home / profile).write_bytes(before)
    assert run(["completion", "install", shell]) == run(["completion", "install", shell]) == 0
    after = (home / profile).read_bytes()
    assert after.startswith(before + b"\n") and after.count(b"\n") == 2
    assert (home / ".local/share/pkgci" / f"completion.{shell}").is_file()


def test_installing_is_for_the_shell_in_use(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "elsewhere"))
    assert run(["completion", "install"]) == 0
    assert "pkgci" in (home / "elsewhere/fish/completions/pkgci.fish").read_text()


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("shell", ["", "/bin/tcsh"])
def test_a_shell_without_a_script_is_said_to_have_none(
    shell: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHELL", shell)
    assert run(["completion", "install"]) == 2
    assert "bash, zsh, fish" in capsys.readouterr().err


# What a shell does when somebody types `pkgci bootstrap --host zu` and presses the key that completes.
_ASK = {
    "bash": (
        '{source}; COMP_WORDS=(pkgci bootstrap --host zu); COMP_CWORD=3; _pkgci_completion pkgci; echo "$COMPREPLY"'
    ),
    "fish": "{source}; complete --do-complete 'pkgci bootstrap --host zu'",
}


@pytest.mark.parametrize("shell", _ASK)
def test_the_shell_itself_completes_with_what_was_installed(shell: str, site: Path, home: Path) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"needs {shell}")
    assert run(["completion", "install", shell]) == 0
    folder = home / "bin"
    folder.mkdir()
    (folder / "pkgci").write_text(f'#!/bin/sh\nexec "{sys.executable}" -W ignore -m pkgci "$@"\n')
    (folder / "pkgci").chmod(0o755)
    file = home / (".bashrc" if shell == "bash" else ".config/fish/completions/pkgci.fish")
    words = _ASK[shell].format(source=f"source '{file}'")
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    asked = subprocess.run([program, "-c", words], cwd=site.parent, env=environment, capture_output=True, text=True)
    assert asked.stdout.split() == ["zuul01"], asked.stderr


def test_zsh_reads_its_script_before_and_after_its_completion_was_set_up(home: Path) -> None:
    program = shutil.which("zsh")
    if program is None:
        pytest.skip("needs zsh")
    assert run(["completion", "install", "zsh"]) == 0
    script = home / ".local/share/pkgci/completion.zsh"
    for before in ("", "autoload -Uz compinit && compinit -D;"):
        words = f"{before} source '{script}'; echo $_comps[pkgci]"
        said = subprocess.run(
            [program, "-fc", words], capture_output=True, text=True, env={**os.environ, "HOME": str(home)}
        )
        assert said.stdout.split() == ["_pkgci_completion"], said.stderr
