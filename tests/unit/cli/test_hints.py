"""Every command that pkgci says to type can be pasted: it is one, it has these options, and it is for this site."""

from __future__ import annotations

import ast
import json
import re
import shlex
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

import pkgci
from pkgci.cli import options, status
from pkgci.cli.invocation import Invocation, next_command, pasteable
from pkgci.cli.main import pkgci as root
from pkgci.cli.main import run
from pkgci.errors import UsageError
from pkgci.leavers.leaving import check_alone, leaving
from pkgci.model.load import load_site
from pkgci.puppetrun import run as puppet
from pkgci.remote.errors import UnreachableError
from tests.unit.cli.test_bootstrap import FAILED, GOOD, REPORT
from tests.unit.cli.walk import LEAVES
from tests.unit.conftest import SITE

Capture = pytest.CaptureFixture[str]
PACKAGE = Path(pkgci.__file__).parent
# What a command in a text ends with, where it does not end with the text.
_END = re.compile(r"[`\n,;)]| [&<>|]|\.$|\. |: |; | or | and | as | here$| there$| makes | renews | installs | brings ")


def commands_in(text: str) -> Iterator[str]:
    """The pkgci commands that ``text`` says to type."""
    for match in re.finditer(r"\bpkgci (?=[a-z])", text):
        yield "pkgci " + _END.split(text[match.end() :], maxsplit=1)[0]


def parsed(line: str) -> dict[str, Any]:
    """What click makes of ``line``: the values of the parameters. Raises where it is no command of pkgci."""
    words = shlex.split(line)
    assert words.pop(0) == "pkgci", line
    command: click.Command = root
    context = click.Context(root, obj=Invocation())
    while isinstance(command, click.Group):
        found = command.get_command(context, words.pop(0))
        assert found is not None, line
        command = found
    return command.make_context(command.name, words, parent=context).params


@pytest.fixture(autouse=True)
def no_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is only parsed here logs nothing."""
    monkeypatch.setattr(options, "start_logging", lambda *_: None)


def _text_of(node: ast.AST) -> str | None:
    """A text in the sources; what is filled in is a word."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text_of(part) or "x" for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts = _text_of(node.left), _text_of(node.right)
        return None if None in parts else "".join(filter(None, parts))
    return None


def _texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The texts of a module, but its documentation."""
    inner = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            inner.add(id(node.value))
        if isinstance(node, ast.JoinedStr):
            inner.update(map(id, node.values))
        if id(node) not in inner and (text := _text_of(node)) is not None:
            yield getattr(node, "lineno", 0), text


def _hints() -> Iterator[tuple[str, str]]:
    names = {name for name, _ in LEAVES}
    for file in sorted(PACKAGE.rglob("*.py")):
        if "stand_ins/jenkins" in str(file) or "stand_ins/review" in str(file):
            continue
        for line, text in _texts(ast.parse(file.read_text())):
            for command in commands_in(text):
                words = command.split()[1:]
                if words and (words[0] in names or " ".join(words[:2]) in names):
                    yield f"{file.relative_to(PACKAGE)}:{line}", command


HINTS = list(_hints())


def test_there_are_hints_to_test() -> None:
    assert len(HINTS) > 60


@pytest.mark.parametrize(("where", "command"), HINTS, ids=[f"{where} {command}" for where, command in HINTS])
def test_every_command_in_a_text_of_pkgcis_is_one_that_can_be_pasted(where: str, command: str) -> None:
    if command == "pkgci bootstrap x":
        return  # the hosts are filled in as options: see test_hosts_that_two_zuuls_need_are_named
    told = pasteable(command, root, Path("/a b/site.yaml"))
    values = parsed(re.sub(r" N$", " 7", told))
    if "site_file" in values and "--site" not in command:
        assert values["site_file"] == Path("/a b/site.yaml")


PHRASES = [
    ("`pkgci secrets init` renews certificates", "`pkgci secrets init --site 'a b.yaml'` renews certificates"),
    ("first: pkgci deploy-jobs", "first: pkgci deploy-jobs --site 'a b.yaml'"),
    (
        "pkgci secrets init, then pkgci bootstrap --host zuul01",
        "pkgci secrets init --site 'a b.yaml', then pkgci bootstrap --site 'a b.yaml' --host zuul01",
    ),
    ("`pkgci lab exec review -- journalctl`", "`pkgci lab exec --site 'a b.yaml' review -- journalctl`"),
    ("pkgci init FOLDER", "pkgci init FOLDER"),
    ("pkgci status --site other.yaml", "pkgci status --site other.yaml"),
    ("Jobs of an older pkgci have a parameter", "Jobs of an older pkgci have a parameter"),
    ("see `pkgci secrets`", "see `pkgci secrets`"),
    ("the pkgci lab is up", "the pkgci lab is up"),
]


@pytest.mark.parametrize(("text", "told"), PHRASES)
def test_a_command_in_a_text_gets_the_site_and_nothing_else_does(text: str, told: str) -> None:
    assert pasteable(text, root, Path("a b.yaml")) == told
    assert pasteable(text, root, Path("site.yaml")) == text


def test_a_site_that_the_environment_names_is_named_in_what_is_pasted_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PKGCI_SITE", "other.yaml")
    assert pasteable("pkgci status", root, Path("other.yaml")) == "pkgci status --site other.yaml"
    assert pasteable("pkgci status", root, Path("site.yaml")) == "pkgci status --site site.yaml"


def test_what_a_new_site_begins_with_is_for_that_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    for other in (None, "/srv/other.yaml"):
        if other is not None:
            monkeypatch.setenv("PKGCI_SITE", other)
        folder = tmp_path / f"a b {other is None}"
        assert run(["init", str(folder)]) == 0
        lines = [line.strip() for line in capsys.readouterr().err.splitlines()]
        assert shlex.split(next(line for line in lines if line.startswith("cd "))) == ["cd", str(folder)]
        steps = [line for line in lines if line.startswith("pkgci ")]
        assert steps and {parsed(step)["site_file"] for step in steps} == {Path("site.yaml")}


def test_a_command_that_is_called_by_itself_has_hints_too(write_site: Callable[[str], Path]) -> None:
    known = Invocation()
    known.site_file = write_site(SITE)
    with click.Context(click.Command("bootstrap"), info_name="bootstrap", obj=known):
        assert next_command("verify-connectivity") == f"pkgci verify-connectivity --site {known.site_file}"


def said_next(text: str) -> str:
    """The command after the last "next" in what a command has said."""
    return re.findall(r"(?i)next: (.*)", text)[-1]


@pytest.fixture
def site_file(write_site: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> Path:
    path = write_site(SITE)
    run(["secrets", "init", "--site", str(path)])
    packed = SimpleNamespace(deployment=None, redact=str, hosts=defaultdict(lambda: None))
    monkeypatch.setattr("pkgci.cli.bootstrap_pack.pack", lambda *_, **__: packed)
    monkeypatch.setattr("pkgci.cli.bootstrap_keys.learn", lambda *_, **__: {})
    for remembering in ("begin", "done"):
        monkeypatch.setattr(f"pkgci.leavers.memory.{remembering}", lambda *_: None)
    capsys.readouterr()
    return path


def _bootstrapped(monkeypatch: pytest.MonkeyPatch, result: object) -> None:
    def apply(_: object, host: Any, *__: object) -> object:
        if isinstance(result, UnreachableError):
            raise UnreachableError(host.name, result.reason)
        return result

    monkeypatch.setattr(puppet, "apply", apply)
    monkeypatch.setattr("pkgci.remote.session.open_session", lambda *_, **__: nullcontext())


def test_after_a_noop_run_the_same_hosts_are_next(
    site_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    _bootstrapped(monkeypatch, replace(GOOD, report=replace(REPORT, noop=True, pending=1)))
    line = ["bootstrap", "--noop", "--host", "zuul01", "--site", str(site_file)]
    assert run(line) == 1
    told = parsed(said_next(capsys.readouterr().err))
    assert (told["hosts"], told["noop"], told["site_file"]) == (("zuul01",), False, site_file)


def test_what_failed_is_run_again_with_the_options_that_it_was_run_with(
    site_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    _bootstrapped(monkeypatch, FAILED)
    line = ["bootstrap", "--accept-new-host-keys", "--parallel", "3", "--limit", "z*,pub01", "--exclude", "pub*"]
    assert run([*line, "--site", str(site_file)]) == 1
    told = parsed(said_next(capsys.readouterr().err))
    assert told["accept_new_host_keys"] and told["parallel"] == 3 and told["rerun"] == "failed"
    assert (told["limit"], told["exclude"]) == (("z*,pub01",), ("pub*",))


def test_after_a_bootstrap_comes_the_next_command_for_the_same_site(
    site_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    _bootstrapped(monkeypatch, GOOD)
    assert run(["bootstrap", "--host", "zuul01", "--site", str(site_file)]) == 0
    assert said_next(capsys.readouterr().err) == f"pkgci verify-connectivity --site {site_file}"


def test_in_a_deploy_the_hint_is_for_the_command_that_failed(
    site_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    _bootstrapped(monkeypatch, UnreachableError("x", "away"))
    monkeypatch.setattr("pkgci.cli.deploy_plan.expected", lambda _, items: {item.name: "" for item in items})
    line = ["deploy", "--yes", "--from", "bootstrap", "--parallel", "7", "--site", str(site_file)]
    assert run(line) == 3
    err = capsys.readouterr().err
    told = parsed(said_next(err))
    assert (told["rerun"], told["parallel"], told["site_file"]) == ("failed", 7, site_file)
    resumed = parsed(re.findall(r"^  (pkgci deploy .*)$", err, re.MULTILINE)[-1])
    assert (resumed["first"], resumed["parallel"], resumed["yes"]) == (None, 7, True)


def test_where_nobody_can_be_asked_the_same_command_with_a_yes_is_next(site_file: Path, capsys: Capture) -> None:
    assert run(["secrets", "rotate", "release-key", "--site", str(site_file)]) == 2
    told = parsed(re.findall(r"pkgci secrets .*", capsys.readouterr().err)[-1])
    assert (told["yes"], told["name"], told["site_file"]) == (True, "release-key", site_file)


def test_what_is_wrong_with_the_status_comes_with_commands_for_this_site(
    site_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    text = site_file.read_text()
    odd = site_file.with_name("my site.yaml")
    odd.write_text(text)
    monkeypatch.setattr(status, "_signing", lambda _: {})
    run(["status", "--json", "--site", str(odd)])
    told = json.loads(capsys.readouterr().out)
    steps = [step for one in told["problems"] for step in commands_in(one["next"])]
    for step in steps:
        assert parsed(step)["site_file"] == odd


def test_hosts_that_two_zuuls_need_are_named(write_site: Callable[[str], Path]) -> None:
    site = load_site(write_site(SITE))
    left = replace(leaving(site, {}), roles={"pub01": (site.host("zuul01").roles[0],)})
    with pytest.raises(UsageError) as error:
        check_alone(site, left, [site.host("zuul01")])
    assert parsed(error.value.hint or "")["hosts"] == ("pub01", "zuul01")


def test_a_command_that_is_told_of_is_quoted_for_a_shell(tmp_path: Path) -> None:
    command = next(one for name, one in LEAVES if name == "publish remove")
    known = Invocation()
    context = click.Context(root, info_name="pkgci", obj=known)
    group = click.Context(root.get_command(context, "publish") or root, info_name="publish", parent=context)
    words = ["--site", "a 'b'/site.yaml", "--version", "1:2~$(id)", "--target=-x", "--", "-it's"]
    with context, group, command.make_context("remove", list(words), parent=group):
        told = next_command(yes=True)
    values = parsed(told)
    assert values["site_file"] == Path("a 'b'/site.yaml")
    assert (values["version"], values["package"], values["yes"]) == ("1:2~$(id)", "-it's", True)
    assert values["target"] == "-x"


def test_no_module_writes_the_site_into_a_command_by_itself() -> None:
    files = [file for file in PACKAGE.rglob("*.py") if file.name != "invocation.py"]
    written = [file.name for file in files if re.search(r"pkgci [a-z-]+ --site \{", file.read_text())]
    assert written == [], "use next_command or pasteable"
