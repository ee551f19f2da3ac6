"""Commands of one kind have one set of options, and every command has those that all have."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from pkgci.cli.main import run
from tests.unit.cli.walk import LEAVES, NAMES, options
from tests.unit.conftest import SITE

COMMANDS = dict(LEAVES)
# What a script may give to any command of a kind.
KINDS = {
    "deploy": {"--site", "--plan", "--yes", "--json", "--parallel", "--accept-new-host-keys"},
    "verify-": {"--site", "--json", "--junit", "--parallel", "--accept-new-host-keys"},
    "render-": {"--site", "--json", "--output"},
}
OF_A_KIND = [(name, wanted) for kind, wanted in KINDS.items() for name in NAMES if name.startswith(kind)]
# What takes hosts.
HOSTS = {"--role", "--host", "--limit", "--exclude"}


@pytest.mark.parametrize(("name", "wanted"), OF_A_KIND)
def test_commands_of_one_kind_have_one_set_of_options(name: str, wanted: set[str]) -> None:
    assert options(COMMANDS[name]) >= wanted


@pytest.mark.parametrize(("name", "command"), LEAVES, ids=NAMES)
def test_a_command_takes_the_options_that_click_gives_it(name: str, command: click.Command) -> None:
    assert command.callback is not None
    given = {one.name for one in command.params if one.expose_value}
    taken = set(inspect.signature(inspect.unwrap(command.callback)).parameters)
    chosen = {"roles", "hosts", "limit", "exclude"} if "selection" in taken else set()
    assert given == taken - {"context", "selection"} | chosen


def test_every_kind_has_its_commands() -> None:
    assert len(OF_A_KIND) == 4 + 3 + 3


@pytest.mark.parametrize(("name", "command"), LEAVES, ids=NAMES)
def test_what_takes_hosts_takes_all_that_chooses_them(name: str, command: click.Command) -> None:
    assert options(command) & HOSTS in (set(), HOSTS)


@pytest.mark.parametrize(("name", "command"), LEAVES, ids=NAMES)
def test_one_word_means_one_thing_in_every_command(name: str, command: click.Command) -> None:
    meaning = {"--yes": "yes", "--json": "as_json", "--plan": "only_plan", "--site": "site_file", "--host": "hosts"}
    for one in command.params:
        for word in one.opts:
            assert meaning.get(word, one.name) == one.name
    if "--noop" in options(command) or "--plan" in options(command):
        assert {"--yes", "--json"} <= options(command)


@pytest.mark.parametrize(("name", "command"), LEAVES, ids=NAMES)
def test_every_command_that_reads_its_own_words_can_say_more(name: str, command: click.Command) -> None:
    if command.context_settings.get("ignore_unknown_options"):
        assert "-v" not in options(command)
        return
    assert {"-v", "--verbose"} <= options(command)


def test_verbosity_adds_up(write_site: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr("pkgci.cli.options.start_logging", lambda _, __, verbose: asked.append(verbose))
    path = str(write_site(SITE))
    for words in (["validate"], ["-v", "validate"], ["validate", "-v"], ["-v", "validate", "-v"], ["validate", "-vv"]):
        assert run([*words, "--site", path]) == 0
    assert asked == [0, 1, 1, 2, 2]


@pytest.mark.parametrize("command", ["bootstrap", "verify-servers", "render-hiera"])
def test_no_host_left_is_wrong_use_of_every_command_that_takes_hosts(
    command: str, write_site: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([command, "--site", str(write_site(SITE)), "--limit", "nothing*"]) == 2
    assert "zuul01, jenkins01" in capsys.readouterr().err
