"""Every text that pkgci reads or writes has its encoding named: none depends on the operator's locale."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import pkgci

PACKAGE = Path(pkgci.__file__).parent
TEXT_FILES = frozenset(("read_text", "write_text"))
OPENING = frozenset(("open", "fdopen", "TemporaryFile", "NamedTemporaryFile"))
# tarfile.open and the openings of our own, which take no mode.
NOT_FILES = frozenset(("tarfile", "SecretStore", "Keyring"))


def unnamed(tree: ast.AST) -> Iterator[int]:
    """The lines of calls that take the locale's encoding."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        words = {word.arg: word.value for word in node.keywords}
        text = any(isinstance(words.get(one), ast.Constant) for one in ("text", "universal_newlines"))
        if "encoding" not in words and (text or name in TEXT_FILES or (name in OPENING and opens_text(node, words))):
            yield node.lineno


def opens_text(node: ast.Call, words: dict[str | None, ast.expr]) -> bool:
    if isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", "") in NOT_FILES:
        return False
    modes = [word.value for word in (*node.args, words.get("mode")) if isinstance(word, ast.Constant)]
    return any(isinstance(mode, str) and set(mode) <= set("rwxat+") and mode != "" for mode in modes)


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("path.read_text()", False),
        ("path.read_text(errors='replace')", False),
        ("path.read_text(encoding='utf-8')", True),
        ("path.open('w')", False),
        ("path.open('wb')", True),
        ("os.fdopen(number, 'r+')", False),
        ("subprocess.run(words, text=True)", False),
        ("tarfile.open(fileobj=buffer, mode='w')", True),
    ],
)
def test_a_call_that_takes_the_locales_encoding_is_found(code: str, named: bool) -> None:
    assert (list(unnamed(ast.parse(code))) == []) is named


def test_no_text_is_read_or_written_in_the_locales_encoding() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{line}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for line in unnamed(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []
