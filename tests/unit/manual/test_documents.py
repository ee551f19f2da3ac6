"""Every command, link, path and site file in the documentation is one that there is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from pkgci.cli.main import pkgci
from pkgci.model.load import load_site
from pkgci.secrets.needs import LDAP_PASSWORD, needs
from pkgci.secrets.rotation import NAMES
from tests.unit.manual.documents import DOCUMENTS, ROOT, anchors, blocks, commands, links, name, spans

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
EXAMPLE = ROOT / "docs/reference/site-file-example.md"
BASE = ROOT / "examples/openstack"
_PATH = re.compile(r"(?:pkgci|puppet|hiera|tests/(?:unit|lab|recordings)|tools|examples|docs|man)/[\w./-]*\w")
every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=name)


def parsed(words: list[str]) -> list[str]:
    """Has click parse the command ``words``; returns the names of the command. Raises ``click.ClickException``."""
    context = click.Context(pkgci, info_name="pkgci")
    command: click.Command = pkgci
    path, rest = ["pkgci"], words[1:]
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        found = command.get_command(context, rest[0])
        if found is None:
            raise click.UsageError(f"no command '{rest[0]}'")
        command, path, rest = found, [*path, rest[0]], rest[1:]
        context = click.Context(command, info_name=path[-1], parent=context)
    if rest or not isinstance(command, click.Group):
        with suppress(click.exceptions.Exit):  # --help and --version
            command.make_context(path[-1], list(rest), parent=context.parent)
    return path


def is_name(words: list[str]) -> bool:
    """Whether ``words`` name a command and give it nothing, as a text does."""
    command: click.Command | None = pkgci
    for word in words[1:]:
        command = command.get_command(click.Context(command), word) if isinstance(command, click.Group) else None
    return command is not None


@every_document
def test_every_command_of_a_block_is_one_that_click_takes(document: Path) -> None:
    for block in blocks(document.read_text("utf-8")):
        if block.language == "sh":
            for words in commands(block.text):
                if words[0] == "pkgci":
                    parsed(words)


@every_document
def test_every_command_in_a_line_is_one_that_click_takes(document: Path) -> None:
    for span in spans(document.read_text("utf-8")):
        for words in commands(span):
            # `pkgci COMMAND --help` is about any command.
            if words[0] == "pkgci" and not is_name(words) and not words[1].isupper():
                parsed([word for word in words if word != "…"])


@every_document
def test_every_block_of_commands_is_one_that_a_shell_reads(document: Path) -> None:
    for block in blocks(document.read_text("utf-8")):
        if block.language == "sh":
            read = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True)
            assert read.returncode == 0, f"{read.stderr}\n{block.text}"


@pytest.mark.parametrize(
    "wrong",
    ["deploy --no-such-option", "deploi", "retire", "bootstrap --host", "lab ssh", "deploy --parallel 0", "validate x"],
)
def test_a_command_that_there_is_not_would_be_found(wrong: str) -> None:
    with pytest.raises(click.ClickException):
        parsed(["pkgci", *wrong.split()])


def test_commands_are_found_wherever_a_script_has_them() -> None:
    script = "A=… pkgci a b >f  # pkgci c\ncd x && pkgci d || echo 'pkgci e'\nsource <(pkgci f)\npkgci g \\\n  -h <i\n"
    found = [words for words in commands(script) if words[0] == "pkgci"]
    assert found == [["pkgci", "a", "b"], ["pkgci", "d"], ["pkgci", "f"], ["pkgci", "g", "-h"]]


@every_document
def test_every_secret_that_a_command_names_is_one_of_a_site(document: Path) -> None:
    known = {*needs(load_site(BASE / "site.yaml")), *NAMES, LDAP_PASSWORD}
    text = document.read_text("utf-8")
    for script in [block.text for block in blocks(text) if block.language == "sh"] + spans(text):
        for words in commands(script):
            if words[:2] == ["pkgci", "secrets"] and len(words) > 3 and "/" in words[-1]:
                assert words[-1] in known or words[2] == "init", words


@every_document
def test_every_make_target_is_one(document: Path) -> None:
    text = document.read_text("utf-8")
    scripts = [block.text for block in blocks(text) if block.language == "sh"] + spans(text)
    for script in scripts:
        for words in commands(script):
            if words[0] == "make" and len(words) > 1:
                assert re.search(rf"^[\w -]*\b{words[1]}\b[\w -]*:(?!=)", MAKEFILE, re.MULTILINE), words


@every_document
def test_every_link_leads_somewhere(document: Path) -> None:
    for link in links(document.read_text("utf-8")):
        if "://" in link:
            continue
        path, _, fragment = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), f"{link}: there is no {target}"
        if fragment:
            assert fragment in anchors(target.read_text("utf-8")), f"{link}: {name(target)} has no such heading"


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        found = [link.partition("#")[0] for link in links(page.read_text("utf-8")) if "://" not in link]
        waiting += [(page.parent / path).resolve() for path in found if path]
    assert set(DOCUMENTS) <= seen


@every_document
def test_every_path_of_the_repository_is_there(document: Path) -> None:
    for span in spans(document.read_text("utf-8")):
        if _PATH.fullmatch(span):
            assert (ROOT / span).exists(), span


def merged(base: Any, over: Any) -> Any:
    """``base`` with the mappings of ``over`` laid over it."""
    if isinstance(base, dict) and isinstance(over, dict):
        return {**base, **{key: merged(base.get(key), value) for key, value in over.items()}}
    return over


def roles(entry: Any) -> set[str]:
    return {*entry.get("roles", []), *([entry["role"]] if "role" in entry else [])}


def with_part(site: Any, part: Any) -> Any:
    """The site file ``site`` with a document's ``part`` of one: new hosts take the places of those with their roles."""
    new = part.get("hosts", {})
    taken = {role for entry in new.values() for role in roles(entry)}
    kept = {name: entry for name, entry in site["hosts"].items() if name not in new and not roles(entry) <= taken}
    return {**merged(site, part), "hosts": {**kept, **new}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A site's folder, with what the documents' site files name."""
    shutil.copytree(BASE, tmp_path / "site", ignore=shutil.ignore_patterns("secrets", ".pkgci", "known_hosts"))
    (tmp_path / "site/jobs").mkdir()
    (tmp_path / "site/jobs/own.yaml").write_text("- job: {name: own-job}\n")
    (tmp_path / "site/zuul").mkdir()
    (tmp_path / "site/zuul/own.yaml").write_text("pipelines: []\n")
    return tmp_path / "site"


def test_the_whole_site_file_is_valid(folder: Path) -> None:
    (block,) = blocks(EXAMPLE.read_text("utf-8"))
    (folder / "site.yaml").write_text(block.text)
    assert load_site(folder / "site.yaml").name == "openstack-packaging"


@every_document
def test_every_part_of_a_site_file_fits_a_site(document: Path, folder: Path) -> None:
    for block in blocks(document.read_text("utf-8")):
        # Where a reader is to fill something in, there is nothing to check.
        if block.language == "yaml" and "…" not in block.text and document != EXAMPLE:
            part = yaml.safe_load(block.text)
            if "lab" in part:
                shutil.copy(ROOT / "examples/lab/site.yaml", folder)
            site = with_part(yaml.safe_load((folder / "site.yaml").read_text()), part)
            (folder / "site.yaml").write_text(yaml.safe_dump(site, sort_keys=False))
            load_site(folder / "site.yaml")


def options(words: list[str]) -> set[str]:
    return {word.partition("=")[0] for word in words if word.startswith("--") and word != "--"}


def steps(text: str) -> set[str]:
    """The commands of a script by name, `pkgci`'s and git's, with the options that each is given anywhere."""
    text = re.sub(r'"?\$\(?pkgci\)?"?|[\w.]*/bin/pkgci\b', "pkgci", text)
    found = set()
    for words in commands(text):
        if words[0] == "pkgci":
            depth = 3 if words[1] == "lab" else 2
            found |= {" ".join(words[:depth]), *(f"{' '.join(words[:depth])} {one}" for one in options(words))}
        elif words[0] == "git":
            found.add(" ".join(words[:2]))
    return found


def test_the_tutorial_is_what_make_demo_does() -> None:
    tutorial = "\n".join(
        block.text for block in blocks((ROOT / "docs/tutorial.md").read_text()) if block.language == "sh"
    )
    # `make unit` may be what runs this, with settings of its own.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    walk = subprocess.run(["make", "-n", "walk"], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert walk.returncode == 0, walk.stderr
    done = [line for line in walk.stdout.splitlines() if not line.startswith("echo")]
    script = (ROOT / "examples/lab/first-package").read_text()
    demo = steps("\n".join(done)) | steps(script)
    # The demo's site file is there already, and its lab stays for a look.
    own = {"pkgci init", "pkgci init --example", "pkgci lab down", "pkgci lab down --images"}
    # A person looks at a host; the script follows the change by itself, and takes an RPM's root along.
    assert steps(tutorial) - own <= demo
    assert {"pkgci lab up", "pkgci validate", "pkgci deploy --yes", "pkgci status"} <= steps(tutorial)
    assert steps("\n".join(done)) <= steps(tutorial)


def test_the_readme_is_short_and_has_the_test_command_that_ci_runs() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert len(text.splitlines()) < 110
    scripts = [words for block in blocks(text) if block.language == "sh" for words in commands(block.text)]
    assert ["make", "demo"] in scripts and ["make", "test"] in scripts
    assert "make test" in (ROOT / ".ci/run").read_text()


def test_the_changelog_begins_with_what_is_not_released() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert headings[0] == "Unreleased"
