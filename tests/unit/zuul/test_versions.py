"""zuul_py3 starts no Zuul and no gear but those it knows, and says one range of Pythons wherever it says one."""

from __future__ import annotations

import configparser
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from zuul_py3 import versions

from tests.unit.zuul.conftest import FILES

PACKAGE = FILES / "zuul-py3"
OLDEST, NEWEST = (".".join(map(str, version)) for version in versions.PYTHONS)
Install = Callable[..., None]
Run = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """Puts a stand-in for a distribution where Python finds it: one module, and the version that its metadata has."""

    def install(name: str, version: str | None) -> None:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f"print('{name} is imported')\n")
        if version:
            metadata = tmp_path / f"{name}-{version}.dist-info"
            metadata.mkdir()
            (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")

    return install


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a program on a Python that has the stand-ins, and zuul_py3, as its .pth file imports it.

    It patches nothing: a stand-in has nothing to patch.
    """

    def run(program: str) -> subprocess.CompletedProcess[str]:
        path = f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(PACKAGE)!r}]; import zuul_py3\n"
        path += "zuul_py3.hook.MENDERS.clear()\n"
        command = [sys.executable, "-I", "-c", path + program]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run


def test_zuul_starts_with_the_versions_that_are_known(install: Install, run: Run) -> None:
    for name, version in versions.KNOWN.items():
        install(name, version)
    done = run("import zuul, gear")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["zuul is imported", "gear is imported"]


@pytest.mark.parametrize(("name", "version"), [("zuul", "2.5.2"), ("zuul", "3.0.0"), ("gear", "0.17.0")])
def test_zuul_does_not_start_with_another_version_and_says_which_ones_it_needs(
    install: Install, run: Run, name: str, version: str
) -> None:
    for known in versions.KNOWN:
        install(known, version if known == name else versions.KNOWN[known])
    done = run("import zuul")
    assert done.returncode == 1
    assert done.stdout == ""
    assert f"{name} {version}" in done.stderr
    assert all(known in done.stderr for known in versions.KNOWN.values())
    assert "Traceback" not in done.stderr


def test_zuul_does_not_start_if_its_version_is_unknown(install: Install, run: Run) -> None:
    install("zuul", None)
    install("gear", versions.KNOWN["gear"])
    done = run("import zuul")
    assert done.returncode == 1
    assert "unknown" in done.stderr
    assert "Traceback" not in done.stderr


def test_gear_alone_needs_no_zuul_but_the_version_that_is_known(install: Install, run: Run, tmp_path: Path) -> None:
    install("gear", versions.KNOWN["gear"])
    assert run("import gear").returncode == 0
    (tmp_path / f"gear-{versions.KNOWN['gear']}.dist-info").rename(tmp_path / "gear-0.15.1.dist-info")
    (tmp_path / "gear-0.15.1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: gear\nVersion: 0.15.1\n")
    done = run("import gear")
    assert done.returncode == 1
    assert "gear 0.15.1" in done.stderr


def test_programs_that_do_not_import_zuul_run_beside_any_version_of_it(install: Install, run: Run) -> None:
    # pip, above all: it is what installs the right one.
    install("zuul", "3.0.0")
    done = run("import importlib.util; print(importlib.util.find_spec('zuul').name)")
    assert (done.returncode, done.stdout) == (0, "zuul\n")


@pytest.mark.parametrize(("python", "supported"), [((3, 9), False), ((3, 10), True), ((3, 13), True), ((3, 14), False)])
def test_a_python_outside_of_the_range_is_refused(
    monkeypatch: pytest.MonkeyPatch, python: tuple[int, int], supported: bool
) -> None:
    monkeypatch.setattr(versions, "installed", versions.KNOWN.get)
    found = versions.problems(python=python)
    assert (found == []) is supported
    assert supported or ".".join(map(str, python)) in found[0]


@pytest.mark.parametrize(("gear", "status"), [(versions.KNOWN["gear"], 0), ("0.17.0", 1)])
def test_its_own_program_tells_what_it_knows_and_what_is_installed(
    install: Install, run: Run, gear: str, status: int
) -> None:
    install("zuul", versions.KNOWN["zuul"])
    install("gear", gear)
    done = run("import runpy; runpy.run_module('zuul_py3', run_name='__main__')")
    assert done.returncode == status
    assert versions.supported() in done.stdout
    assert f"gear {gear}" in done.stdout


def test_metadata_pages_manifests_and_checks_say_one_range_of_pythons() -> None:
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
    first, last = versions.PYTHONS
    assert project["requires-python"] == f">={OLDEST},<{last[0]}.{last[1] + 1}"
    named = [one.rpartition(" ")[2] for one in project["classifiers"] if re.search(r":: 3\.\d+$", one)]
    assert named == [f"3.{minor}" for minor in range(first[1], last[1] + 1)]
    pages = [PACKAGE / "README.md", PACKAGE / "CHANGELOG.md", PACKAGE / "requirements.txt"]
    for page in (*pages, FILES.parent / "manifests/init.pp"):
        ranges = re.findall(r"(3\.\d+) to (3\.\d+)", page.read_text())
        assert set(ranges) == {(OLDEST, NEWEST)}, page
    checks = configparser.ConfigParser()
    checks.read(FILES.parents[3] / "mypy-hosts.ini")
    assert checks["mypy"]["python_version"] == OLDEST


def test_the_versions_that_are_installed_are_the_versions_that_are_known() -> None:
    pinned = "".join((PACKAGE / name).read_text() for name in ("requirements.txt", "requirements-sources.txt"))
    assert set(re.findall(r"^(zuul|gear)==(\S+)", pinned, re.MULTILINE)) == set(versions.KNOWN.items())


def test_the_changelog_begins_with_the_present_version() -> None:
    (first, *_) = re.findall(r"^## (.+)$", (PACKAGE / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert first == versions.__version__
