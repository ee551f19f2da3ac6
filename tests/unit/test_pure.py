"""What is called pure depends on its arguments, and loads nothing that could reach a host."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from pkgci.model.records import Records, read_records
from pkgci.model.site import Site
from pkgci.render.hiera import Placeholders, Renderer

ROOT = Path(__file__).parents[2]
# What reaches hosts, engines and people.
EFFECTS = ("paramiko", "fabric", "docker", "jenkins", "rich")


def _pure_modules() -> list[str]:
    """The modules whose docstring calls them pure, and the rooms that are pure as a whole."""
    found = []
    for file in sorted((ROOT / "pkgci").rglob("*.py")):
        name = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        pure = "Pure" in (ast.get_docstring(ast.parse(file.read_text())) or "")
        if pure or name.startswith(("pkgci.model", "pkgci.render")):
            found.append(name)
    return found


def test_pure_modules_load_nothing_that_reaches_a_host() -> None:
    program = (
        "import importlib, json, sys\n"
        "told = {}\n"
        "for name in json.loads(sys.argv[1]):\n"
        "    importlib.import_module(name)\n"
        "    told[name] = [one for one in json.loads(sys.argv[2]) if one in sys.modules]\n"
        "    if told[name]: break\n"
        "print(json.dumps({name: loaded for name, loaded in told.items() if loaded}))\n"
    )
    modules = _pure_modules()
    assert "pkgci.status.judge" in modules and "pkgci.connectivity.report" in modules
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(modules), json.dumps(EFFECTS)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    assert json.loads(done.stdout) == {}


@pytest.fixture
def written_down(site: Site) -> Site:
    """A site of which everything is recorded that ever is."""
    (site.directory / "known_hosts").write_text("build01 ssh-ed25519 AAAA\n[build01]:2222 ssh-ed25519 BBBB\n")
    (site.directory / ".lab").mkdir()
    (site.directory / ".lab/id_ed25519.pub").write_text("ssh-ed25519 CCCC lab\n")
    (site.directory / ".lab/jenkins.fingerprint").write_text("DDDD\n")
    (site.directory / ".lab/wars.json").write_text('{"gerrit": "e"}')
    (site.directory / ".lab/plugins.json").write_text('{"git": "5"}')
    return site


def test_what_is_written_down_is_read_in_one_place(written_down: Site) -> None:
    records = read_records(written_down)
    assert "BBBB" in records.known_hosts
    told = (records.lab_key, records.fingerprint, dict(records.wars), dict(records.plugins))
    assert told == ("ssh-ed25519 CCCC lab", "DDDD", {"gerrit": "e"}, {"git": "5"})


def test_rendering_knows_what_it_is_told_and_nothing_else(written_down: Site) -> None:
    host = written_down.host("jenkins01")

    def rendered(records: Records) -> str:
        return "".join(Renderer(written_down, records=records).render(host, Placeholders()).files.values())

    assert "BBBB" in rendered(read_records(written_down))
    assert "BBBB" not in rendered(Records())
