"""Every command on every kind of operator's machine: it does its work, or says in words why not."""

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from pkgci.assets import asset
from pkgci.cli.main import COMMANDS
from tests.unit.cli import machines
from tests.unit.conftest import ALICE, SITE

# Not ASCII, and not Latin-1.
REMARK = "# Łódź, 東京 – ключи\n"
SITE_FILE = REMARK + SITE + "ssh: {key: keys/Łukasz}\n".replace("Łukasz", "id")
LAB = ("--site", "lab.yaml")
# Each subcommand as it is called here.
CALLS = {
    "init": ("init", "new"),
    "validate": ("validate",),
    "secrets init": ("secrets", "init"),
    "secrets list": ("secrets", "list"),
    "secrets show": ("secrets", "show", "jenkins_master/admin_password"),
    "secrets rotate": ("secrets", "rotate", "ssh/publisher"),
    "secrets set": ("secrets", "set", "jenkins_master/admin_password"),
    "order-servers": ("order-servers",),
    "verify-servers": ("verify-servers",),
    "render-hiera": ("render-hiera",),
    "bootstrap": ("bootstrap",),
    "retire": ("retire", "gone01", "--lost"),
    "verify-connectivity": ("verify-connectivity",),
    "deploy-review": ("deploy-review", "--plan"),
    "verify-review": ("verify-review",),
    "render-jobs": ("render-jobs",),
    "deploy-jobs": ("deploy-jobs", "--plan"),
    "render-pipelines": ("render-pipelines",),
    "deploy-pipelines": ("deploy-pipelines", "--plan"),
    "deploy": ("deploy", "--yes", "--from", "bootstrap"),
    "publish list": ("publish", "list"),
    "publish remove": ("publish", "remove", "hello", "--yes"),
    "publish rollback": ("publish", "rollback", "--yes"),
    "status": ("status",),
    "topology": ("topology",),
    "lab up": ("lab", "up", *LAB),
    "lab status": ("lab", "status", *LAB),
    "lab ssh": ("lab", "ssh", *LAB, "zuul01", "true"),
    "lab exec": ("lab", "exec", *LAB, "zuul01", "true"),
    "lab choose": ("lab", "choose", *LAB, "--within", "1"),
    "lab furnish": ("lab", "furnish", *LAB),
    "lab clone": ("lab", "clone", *LAB, "packaging/greet"),
    "lab gerrit": ("lab", "gerrit", *LAB, "query", "status:open"),
    "lab down": ("lab", "down", *LAB),
    **{f"completion {shell}": ("completion", shell) for shell in ("bash", "fish", "zsh")},
    "completion install": ("completion", "install", "bash"),
}
Result = tuple[int, str, str]
# These take longest. Where nothing but standard input, output and error is special, others print the same way.
LONG = {"render-jobs", "deploy-jobs", "deploy-review", "deploy", "verify-connectivity", "lab choose"}
ALL = {"usual", "nameless", "read-only", "full", "no standard anything"}


def subcommands() -> Iterator[str]:
    for name in COMMANDS:
        command = importlib.import_module(f"pkgci.cli.{name.replace('-', '_')}").command
        if isinstance(command, click.Group):
            yield from (f"{name} {one}" for one in command.commands)
        else:
            yield name


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with secrets, and a lab beside it."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "keys").mkdir()
    (folder / "keys/alice.pub").write_text(ALICE)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "keys/id"], check=True)
    (folder / "site.yaml").write_text(SITE_FILE, encoding="utf-8")
    shutil.copy(asset("examples") / "lab/site.yaml", folder / "lab.yaml")
    [made] = started([("usual", ("secrets", "init"), folder)])
    assert made[0] == 0, made
    return folder


def started(calls: list[tuple[str, tuple[str, ...], Path]]) -> list[Result]:
    """What the commands end with and show, each in the folder named."""
    environment = {
        **os.environ,
        # ASCII, and nothing else: text whose encoding is not named cannot be read or written.
        "LC_ALL": "C",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONUTF8": "0",
        "PYTHONPATH": os.pathsep.join(sys.path),
        "TERM": "xterm",
    }
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "PYTHONIOENCODING"):
        environment.pop(name, None)
    asked = json.dumps([(machine, arguments, str(folder), 60) for machine, arguments, folder in calls])
    command = [sys.executable, "-m", "tests.unit.cli.machines"]
    done = subprocess.run(command, input=asked, capture_output=True, encoding="utf-8", env=environment, check=True)
    return [(status, out, err) for status, out, err in json.loads(done.stdout)]


@pytest.fixture(scope="module", params=machines.MACHINES)
def machine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def results(machine: str, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """Every subcommand on one machine, each in a copy of the site."""
    place = tmp_path_factory.mktemp("machine")
    calls = {name: arguments for name, arguments in CALLS.items() if machine in ALL or name not in LONG}
    for name in calls:
        shutil.copytree(folder, place / name)
    found = started([(machine, arguments, place / name) for name, arguments in calls.items()])
    return dict(zip(calls, found, strict=True))


def test_every_subcommand_is_tried() -> None:
    assert set(CALLS) == set(subcommands())


def test_every_command_ends_in_words_on_every_machine(machine: str, results: dict[str, Result]) -> None:
    for name, (status, out, err) in results.items():
        assert "Traceback" not in out + err, (name, out, err)
        assert "Exception ignored" not in out + err, (name, out, err)
        assert status in (0, 1, 2, 3), (name, status, out, err)


def results_on(machine: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("machine", [machine], indirect=True, scope="module")


@pytest.mark.parametrize("machine", ["read-only", "full"], indirect=True, scope="module")
def test_what_cannot_be_remembered_is_a_warning_and_what_cannot_be_kept_an_error(results: dict[str, Result]) -> None:
    # As where it can be written: no host is reached.
    for name in ("bootstrap", "deploy"):
        status, _, err = results[name]
        assert status == 3, (name, err)
        assert "warning" in err, name
        assert ".pkgci/bootstrap.json" in err, name
        assert "not remembered" in err, name
    for name in ("secrets rotate", "init"):
        status, out, err = results[name]
        assert status == 2, (name, out, err)
        assert os.strerror(30) in err or os.strerror(28) in err, name
    for name in ("validate", "status", "render-hiera", "secrets list", "secrets show", "topology"):
        assert "warning" not in results[name][2], name


@results_on("nameless")
def test_a_user_without_a_name_and_a_home_can_do_everything(results: dict[str, Result]) -> None:
    for name in ("init", "validate", "secrets list", "render-hiera", "render-jobs", "render-pipelines", "topology"):
        assert results[name][0] in (0, 1), (name, results[name])
    assert "uid" not in results["bootstrap"][2]
    assert results["bootstrap"][0] == 3


@pytest.mark.parametrize("machine", ["no standard output", "full standard output"], indirect=True, scope="module")
def test_a_result_that_nobody_gets_is_an_error_in_words(results: dict[str, Result]) -> None:
    for name in ("validate", "order-servers", "render-hiera", "topology", "secrets list"):
        status, out, err = results[name]
        assert (status, out) == (1, ""), name
        assert "standard output" in err, name


@results_on("nobody reads")
def test_a_reader_that_has_gone_is_no_error(results: dict[str, Result]) -> None:
    for name in ("validate", "order-servers", "render-hiera", "topology"):
        assert results[name] == (0, "", ""), name


@pytest.mark.parametrize("machine", ["terminal without colours", "dumb terminal"], indirect=True, scope="module")
def test_no_command_sends_an_escape_where_none_is_wanted(machine: str, results: dict[str, Result]) -> None:
    for name, (_, out, _) in results.items():
        # A live display moves the cursor, which is no colour.
        shown = re.sub(r"\x1b\[(\?25[lh]|2K|1A|\d*[A-G])", "", out) if machine != "dumb terminal" else out
        assert "\x1b" not in shown, (name, out)


@results_on("forced colours")
def test_forced_colours_are_colours_and_nothing_else(results: dict[str, Result]) -> None:
    assert "\x1b[1m" in results["status"][1]
    for name, (_, out, err) in results.items():
        assert not re.search(r"\x1b\[[^m]*[A-LN-Zhl]", out + err), (name, out, err)


@results_on("usual")
def test_piped_output_is_utf_8_in_any_locale(results: dict[str, Result]) -> None:
    assert "# ── zuul01: hiera.yaml ──" in results["render-hiera"][1]
    assert "\x1b" not in "".join(out + err for _, out, err in results.values())
