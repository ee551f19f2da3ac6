"""The manifests' own promises: the role/profile pattern, types, documentation."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pkgci.model.roles import Role
from tests.unit.puppet.conftest import MANIFESTS

MODULES = MANIFESTS / "site-modules"
FILES = sorted(MODULES.glob("*/manifests/**/*.pp"))
_HEAD = re.compile(r"^(?:class|define) ([\w:]+)(?: \(\n(?P<parameters>.*?)\n\))? \{$", re.MULTILINE | re.DOTALL)


def _name(file: Path) -> str:
    return str(file.relative_to(MODULES))


@pytest.mark.parametrize("file", FILES, ids=_name)
def test_every_class_says_what_it_is_for(file: Path) -> None:
    assert file.read_text().startswith("# @summary ")


@pytest.mark.parametrize("file", FILES, ids=_name)
def test_every_parameter_is_typed_and_documented(file: Path) -> None:
    text = file.read_text()
    head = _HEAD.search(text)
    assert head, "one class or define per file, laid out as the others"
    # A default may go on in lines of its own.
    lines = [line for line in (head["parameters"] or "").splitlines() if not line.startswith(("    ", "  }"))]
    parameters = [re.match(r"  (?:(?P<type>[A-Z].*?) +)?\$(?P<name>\w+)", line) for line in lines]
    assert all(parameter and parameter["type"] for parameter in parameters)
    assert [parameter["name"] for parameter in parameters if parameter] == re.findall(
        r"^# @param (\w+)$", text, re.MULTILINE
    )


def test_there_is_a_role_class_for_every_role() -> None:
    assert {file.stem for file in (MODULES / "role/manifests").glob("*.pp")} == set(Role)


@pytest.mark.parametrize("file", sorted((MODULES / "role/manifests").glob("*.pp")), ids=_name)
def test_a_role_is_a_list_of_profiles_and_nothing_else(file: Path) -> None:
    body = [line for line in file.read_text().splitlines() if line and not line.startswith("#")]
    assert body[0] == f"class role::{file.stem} {{" and body[-1] == "}"
    assert body[1] == "  include profile::base"
    assert all(re.fullmatch(r"  include profile::\w+", line) for line in body[1:-1])


def test_components_know_nothing_of_the_site() -> None:
    for file in FILES:
        if _name(file).split("/")[0] not in ("role", "profile"):
            assert not re.search(r"\b(lookup|profile|role)(::|\()", file.read_text()), file


def test_what_is_fetched_from_a_package_index_is_pinned_by_its_hash() -> None:
    for file in MODULES.glob("*/files/requirements*.txt"):
        lines = [line for line in file.read_text().splitlines() if line and not line.startswith("#")]
        assert lines and all(re.fullmatch(r"[\w.-]+==[\w.]+( --hash=sha256:[0-9a-f]{64})+", line) for line in lines)


@pytest.mark.parametrize("wrong", ["manifests/site.pp", "site-modules/one/manifests/init.pp"])
def test_lint_reads_the_site_modules_as_it_reads_the_manifests(wrong: str, tmp_path: Path) -> None:
    if shutil.which("puppet-lint") is None or shutil.which("puppet") is None:
        pytest.skip("needs puppet-lint and puppet-agent")
    texts = {
        "manifests/site.pp": "# Nothing.\n",
        "site-modules/one/manifests/init.pp": "# @summary A.\nclass one {\n}\n",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    lint = [str(MANIFESTS.parent / "tests/puppet-lint.sh"), str(tmp_path)]
    assert subprocess.run(lint, capture_output=True).returncode == 0
    (tmp_path / wrong).write_text(texts[wrong] + 'notice("quoted twice")\n')
    assert subprocess.run(lint, capture_output=True).returncode == 1
