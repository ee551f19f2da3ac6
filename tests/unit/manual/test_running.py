"""The commands of the documentation that need no host do what they say, one after another, as a reader types them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pkgci.cli.main import run
from pkgci.secrets.rotation import NAMES
from tests.unit.manual.documents import DOCUMENTS, ROOT, blocks, commands, name

# What needs no host, no server and no terminal.
_LOCAL = {
    "completion": ("bash", "zsh", "fish"),
    "init": (),
    "order-servers": (),
    "render-hiera": (),
    "render-jobs": (),
    "render-pipelines": (),
    "secrets": ("init", "list", "show", "rotate"),
    "topology": (),
    "validate": (),
}
# With these, a command asks a host, or is for another site.
_ELSEWHERE = {"--diff", "--site", *NAMES}


def is_local(words: list[str]) -> bool:
    """Whether the command ``words`` can be run here."""
    below = _LOCAL.get(words[1])
    return below is not None and (not below or {*words[2:3]} & {*below}) and not _ELSEWHERE & set(words)


def to_run(document: Path) -> list[list[str]]:
    """The commands of ``document`` that can be run here, in their order."""
    scripts = [block.text for block in blocks(document.read_text("utf-8")) if block.language == "sh"]
    return [words for script in scripts for words in commands(script) if words[0] == "pkgci" and is_local(words)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with its secrets."""
    folder = tmp_path_factory.mktemp("site") / "site"
    ignored = shutil.ignore_patterns("secrets", ".pkgci", "known_hosts")
    shutil.copytree(ROOT / "examples/openstack", folder, ignore=ignored)
    assert run(["secrets", "init", "--site", str(folder / "site.yaml")]) == 0
    return folder


@pytest.mark.parametrize("document", [one for one in DOCUMENTS if to_run(one)], ids=name)
def test_the_commands_of_a_document_work(
    document: Path, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(made, tmp_path / "site")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("PKGCI_SITE", raising=False)
    for number, words in enumerate(to_run(document)):
        monkeypatch.chdir(tmp_path / "site")
        if words[1] == "init":
            (tmp_path / str(number)).mkdir()
            monkeypatch.chdir(tmp_path / str(number))
        assert run(words[1:]) == 0, f"{words}: {capsys.readouterr().err}"


def test_there_are_such_commands() -> None:
    assert {words[1] for document in DOCUMENTS for words in to_run(document)} == set(_LOCAL)
