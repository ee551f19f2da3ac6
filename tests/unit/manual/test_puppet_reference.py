"""Each module's REFERENCE.md, which puppet-strings made, says what the manifests say now."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from pkgci import __version__

ROOT = Path(__file__).parents[3]
MODULES = sorted((ROOT / "puppet/site-modules").iterdir())
_MANIFEST = re.compile(r"^(?P<kind>class|define|function|type) (?P<name>[\w:]+)", re.MULTILINE)
_PARAMETER = re.compile(r"^# @param (?P<name>\w+)\n(?P<text>(?:#   .*\n)+)", re.MULTILINE)
_SECTION = re.compile(r'^### <a name="[^"]*"></a>`([\w:]+)`$', re.MULTILINE)
_OUT_OF_DATE = "`make puppet-reference` renews it"


def words(text: str) -> str:
    """``text`` on one line, without what a comment or a list's layout adds."""
    return " ".join(re.sub(r"^#", "", text, flags=re.MULTILINE).split())


def sections(module: Path) -> dict[str, str]:
    """Name → section of REFERENCE.md. A class and a type of one name differ in their first letter."""
    parts = _SECTION.split((module / "REFERENCE.md").read_text("utf-8"))
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def manifests(module: Path) -> dict[str, str]:
    """Name → text of each documented manifest of ``module``."""
    found = {}
    for file in sorted(module.rglob("*.pp")):
        text = file.read_text("utf-8")
        named = _MANIFEST.search(text)
        assert named, file
        found[named["name"]] = text
    return found


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_it_has_what_the_module_has_and_nothing_else(module: Path) -> None:
    ruby = {file.stem for file in (module / "lib/puppet/type").glob("*.rb")}
    ruby |= {f"{module.name}::{file.stem}" for file in (module / "lib/puppet/functions").rglob("*.rb")}
    assert set(sections(module)) == set(manifests(module)) | ruby, _OUT_OF_DATE


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_its_words_are_those_of_the_manifests(module: Path) -> None:
    reference = words((module / "REFERENCE.md").read_text("utf-8"))
    for name, text in manifests(module).items():
        comment = re.match(r"(?:#.*\n)+", text)
        assert comment, name
        first, *more = re.split(r"^#$", comment[0], flags=re.MULTILINE)
        # A long summary is cut in the table of contents.
        assert words(first).removeprefix("@summary ")[:100] in reference, f"{name}: {_OUT_OF_DATE}"
        section = words(sections(module)[name])
        documented = [words(one) for one in more if "# @" not in one]
        documented += [words(one["text"]) for one in _PARAMETER.finditer(comment[0])]
        for one in documented:
            assert one in section, f"{name}: {_OUT_OF_DATE}"


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_its_types_and_defaults_are_those_of_the_manifests(module: Path) -> None:
    for name, text in manifests(module).items():
        entries = re.split(r'^##### <a name="\w+"></a>', sections(module)[name], flags=re.MULTILINE)
        described = {entry[1 : entry.index("`", 1)]: words(entry) for entry in entries[1:]}
        head = re.search(r"^(?:class|define) [\w:]+ \(\n(.*?)\n\) \{$", text, re.MULTILINE | re.DOTALL)
        for line in (head[1] if head else "").splitlines():
            parameter = re.match(r"  ([A-Z]\S.*?) +\$(\w+)(?: += (.+?))?,?$", line)
            if parameter is None:
                continue
            kind, variable, default = parameter.groups()
            entry = described.get(variable, "")
            assert f"Data type: `{kind}`" in entry, f"{name}, {variable}: {_OUT_OF_DATE}"
            shown = re.search(r"Default value: `+(.+?)`+(?: |$)", entry)
            assert (default is None) == (shown is None), f"{name}, {variable}: {_OUT_OF_DATE}"
            if shown and not str(default).endswith(("{", "[")):
                assert shown[1] == default, f"{name}, {variable}: {_OUT_OF_DATE}"


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_its_metadata_is_that_of_the_project(module: Path) -> None:
    metadata = json.loads((module / "metadata.json").read_text("utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert metadata["name"] == f"pkgci-{module.name}" and metadata["version"] == __version__
    assert metadata["license"] == project["license"] and metadata["summary"].endswith(".")
    assert {one["name"] for one in metadata["dependencies"]} <= {f"pkgci-{other.name}" for other in MODULES} | {
        f"puppetlabs-{name}"
        for name in re.findall(r"^mod 'puppetlabs-(\w+)'", (ROOT / "puppet/Puppetfile").read_text(), re.M)
    }
