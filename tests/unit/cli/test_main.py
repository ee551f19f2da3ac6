"""The command line's manners: help, exit statuses, errors that say what to type next."""

import importlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from pkgci.cli.main import COMMANDS, run
from tests.unit.conftest import SITE

Write = Callable[[str], Path]
Capture = pytest.CaptureFixture[str]


def test_help_lists_every_command_in_80_columns(capsys: Capture) -> None:
    assert run(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(f"  {name} " in text for name in COMMANDS)
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str, capsys: Capture) -> None:
    command: click.Command = importlib.import_module(f"pkgci.cli.{name.replace('-', '_')}").command
    assert command.help
    assert run([name, "--help"]) == 0
    assert "xample" in capsys.readouterr().out


def test_a_misspelt_command_is_named_with_the_nearest(capsys: Capture) -> None:
    assert run(["bootstarp"]) == 2
    assert "did you mean 'bootstrap'?" in capsys.readouterr().err


def test_an_unknown_option_is_exit_2(capsys: Capture) -> None:
    assert run(["validate", "--siet", "x"]) == 2
    assert "--site" in capsys.readouterr().err


def test_a_valid_site_is_shown_host_by_host(write_site: Write, capsys: Capture) -> None:
    assert run(["validate", "--site", str(write_site(SITE))]) == 0
    assert "log01        203.0.113.13     log_server, monitoring" in capsys.readouterr().out


def test_a_wrong_site_is_exit_2_with_file_line_and_column(write_site: Write, capsys: Capture) -> None:
    path = write_site(SITE.replace("role: zuul,", "role: zull,"))
    assert run(["validate", "--site", str(path)]) == 2
    assert f"{path}:8:18: unknown role 'zull' (did you mean 'zuul'?)" in capsys.readouterr().err


def test_the_faults_come_as_json_for_machines(write_site: Write, capsys: Capture) -> None:
    path = write_site(SITE.replace("role: zuul,", "role: zull,"))
    assert run(["validate", "--json", "--site", str(path)]) == 2
    assert '"line": 8' in capsys.readouterr().out


def test_the_schema_is_a_json_schema_with_every_key(capsys: Capture) -> None:
    assert run(["validate", "--schema"]) == 0
    text = capsys.readouterr().out
    assert "https://json-schema.org/draft/2020-12/schema" in text
    assert '"management"' in text


def test_a_site_named_by_the_environment_is_used(
    write_site: Write, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("PKGCI_SITE", str(write_site(SITE)))
    assert run(["validate"]) == 0


def test_a_reader_that_goes_away_is_no_error(write_site: Write) -> None:
    command = f"{sys.executable} -m pkgci validate --schema | head -n 1"
    result = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    assert result.stderr == ""


def test_help_and_validate_do_not_wait_for_ssh_and_docker_libraries(write_site: Write) -> None:
    code = (
        "import sys; from pkgci.cli.main import run; run(sys.argv[1:]);"
        "print({'fabric', 'paramiko', 'docker', 'jinja2', 'cryptography', 'rich'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", code, "validate", "--site", str(write_site(SITE))]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.endswith("set()\n")
