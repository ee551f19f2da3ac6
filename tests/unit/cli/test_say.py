"""Nothing that a host, a server or a job says tells an operator's terminal anything, or breaks a report."""

from __future__ import annotations

import ast
import io
import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.table import Table
from rich.text import Text

import pkgci.cli
from pkgci.cli import main
from pkgci.cli.bootstrap_progress import Plain, Screen
from pkgci.cli.bootstrap_result import show
from pkgci.cli.connect import show_errors
from pkgci.cli.say import say
from pkgci.cli.screen import Bytes, console_on, print_json
from pkgci.cli.streams import can_be_redrawn, coloured
from pkgci.errors import PkgciError
from pkgci.junit import Case, junit_xml
from pkgci.legible import escaped, legible
from pkgci.puppetrun.progress import Phase, Progress
from pkgci.puppetrun.report import Failure, Pending
from pkgci.puppetrun.result import RunResult
from pkgci.remote.errors import HostError
from tests.unit.cli.test_bootstrap import GOOD, REPORT

C0 = [chr(code) for code in range(0x20) if chr(code) not in "\t\n"]
UNFIT = [
    *C0,
    *map(chr, range(0x7F, 0xA0)),
    *"\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff",
    *("\ud800", "\udcff", "\ufffe", "\uffff"),
]
EVERY = "".join(f"<{character}>" for character in UNFIT)
# A window's title, a cleared screen, a pasted command, a link, a report that the terminal types in itself.
ATTACK = "\x1b]0;x\a\x1b[2J\x1b[?2004h\x1b]8;;https://x\x1b\\y\x1b[6n\x1bP$q\x1b\\\x9b2J\r\x08 done"


class Terminal(io.StringIO):
    """A terminal, as Python sees one."""

    def isatty(self) -> bool:
        return True


def said(text: str) -> str:
    """``text`` without what we tell a terminal ourselves: colours, and where the cursor goes while a line changes."""
    return re.sub(r"\x1b\[[0-9;]*m|\x1b\[[0-9]*[AK]|\x1b\[\?25[lh]|\r(?=\x1b|$)", "", text)


def assert_harmless(text: str) -> None:
    left = {character for character in said(text) if character in UNFIT}
    assert not left, sorted(map(ascii, left))


@pytest.mark.parametrize("character", UNFIT, ids=ascii)
def test_each_control_is_shown_as_what_it_is_or_that_it_was_there(character: str) -> None:
    shown = legible(f"a{character}b")
    assert len(shown) == 3 and shown[0] + shown[2] == "ab" and shown[1] not in UNFIT


@pytest.mark.parametrize("words", ["", "Grüße, 日本語\n\tand more", "👩‍👩‍👧 \N{NO-BREAK SPACE}x", "plain"])
def test_what_people_write_stays_as_it_is(words: str) -> None:
    assert legible(words) == words


def test_colours_go_and_leave_no_mark() -> None:
    assert legible("\x1b[1;31mno\x1b[0m such file") == "no such file"


def _bootstrap(words: str) -> None:
    report = replace(
        REPORT,
        failed=1,
        noop=True,
        failures=(Failure(f"Exec[{words}]", f"returned {words}"),),
        waiting=(Pending(f"File[{words}]", (words,)),),
    )
    diffs = {f"/Stage[main]/File[{words}]": (f"+{words}", f"-{words}")}
    failed = RunResult("pub01", "run", 1.0, False, (), report, diffs, words, words, (words,))
    lost = HostError("log01", words, words)
    show({"pub01": failed, "log01": lost, "zuul01": GOOD}, noop=True, again="a", then="b")
    show_errors([lost])


def _progress(words: str) -> None:
    plain = Plain(sys.stdout, ["zuul01"])
    plain.advance(Progress("zuul01", Phase.PACKAGES, resource=words))
    plain.end("zuul01", HostError("zuul01", words))
    console = console_on(sys.stdout)
    with Screen(console, ["zuul01", "pub01"]) as screen:
        screen.advance(Progress("zuul01", Phase.APPLYING, 1, 2, words))
        screen.end("pub01", HostError("pub01", words))


def _tables(words: str) -> None:
    console = console_on(sys.stdout)
    table = Table("host", words)
    table.add_row(words, Text(words, "red"))
    for shown in (words, Text(words, "bold red"), table):
        console.print(shown)
        console.print(shown, soft_wrap=True)
    with console.status(words):
        pass


def _error(words: str) -> None:
    def fails(**_: object) -> None:
        raise PkgciError(words, words)

    before, main.pkgci.main = main.pkgci.main, fails  # type: ignore[method-assign, assignment]
    try:
        main.run([])
    finally:
        main.pkgci.main = before  # type: ignore[method-assign]
    main._show_fault(ValueError, ValueError(words), None)


@pytest.mark.parametrize("words", [ATTACK, EVERY], ids=["attack", "every control"])
@pytest.mark.parametrize("command", [_bootstrap, _progress, _tables, _error, lambda words: say(words, fg="red")])
@pytest.mark.parametrize("screen", [Terminal, io.StringIO])
def test_no_command_hands_a_control_of_somebody_elses_to_a_screen(
    monkeypatch: pytest.MonkeyPatch, screen: type[io.StringIO], command: Callable[[str], None], words: str
) -> None:
    shown = screen()
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr("sys.stdout", shown)
    monkeypatch.setattr("sys.stderr", shown)
    command(words)
    assert shown.getvalue()
    assert_harmless(shown.getvalue())


class Bytewise(io.TextIOWrapper):
    """A terminal or a file that commands write bytes to."""

    def __init__(self, is_terminal: bool) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8")
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal

    @property
    def written(self) -> bytes:
        self.buffer.seek(0)
        return self.buffer.read()


def test_the_output_of_a_command_in_the_lab_is_exact_in_a_file_and_legible_on_a_terminal() -> None:
    pieces = (ATTACK.encode(), "é".encode()[:1], "é".encode()[1:], b"\xff\n")
    for is_terminal in (True, False):
        stream = Bytewise(is_terminal)
        written = Bytes(stream)
        for piece in pieces:
            written.write(piece)
        if is_terminal:
            assert_harmless(stream.written.decode())
            assert stream.written.decode().endswith("é\N{REPLACEMENT CHARACTER}\n")
        else:
            assert stream.written == b"".join(pieces)


@pytest.mark.parametrize("words", [ATTACK, EVERY])
def test_json_is_exact_and_holds_no_control(capsys: pytest.CaptureFixture[str], words: str) -> None:
    print_json({"message": words, words: ["ü"]})
    shown = capsys.readouterr().out
    assert_harmless(shown)
    assert json.loads(shown) == {"message": words, words: ["ü"]} and "ü" in shown
    assert json.loads(escaped(json.dumps(words, ensure_ascii=False))) == words


@pytest.mark.parametrize("words", [ATTACK, EVERY, "", "\n"])
def test_a_junit_report_is_xml_whatever_a_host_says(words: str) -> None:
    text = junit_xml(f"servers{words}", [Case(f"a{words}", f"b{words}", words), Case("c", "d")])
    (suite,) = ElementTree.fromstring(text.encode("utf-8"))
    assert suite.get("failures") == "1"
    assert_harmless(text)


MODULES = [file for file in Path(pkgci.cli.__file__).parent.glob("*.py") if file.name not in ("say.py", "screen.py")]


def _calls(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_commands_write_through_the_doors_that_there_are(module: Path) -> None:
    others = {"print", "click.echo", "click.secho", "Console", "sys.stdout.write", "sys.stderr.write", "os.write"}
    assert not others & set(_calls(module)), "write with pkgci.cli.say or pkgci.cli.screen"


@pytest.mark.parametrize("environment", [{}, {"TERM": ""}, {"TERM": "dumb"}])
def test_a_terminal_that_nothing_is_known_of_shows_text_alone(environment: dict[str, str]) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert not coloured(Terminal(), environment) and not can_be_redrawn(Terminal(), environment)
    assert coloured(Terminal(), {"TERM": "xterm"})
