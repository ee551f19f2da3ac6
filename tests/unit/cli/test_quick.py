"""Commands that need no host begin without what reaches hosts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
# What reaches hosts, engines and screens, renders, or makes keys; and what only looks for extensions.
_HOSTS = ("fabric", "paramiko", "invoke", "cryptography", "docker", "requests", "jenkins", "jenkins_jobs", "ssl")
NOT_FOR_VALIDATE = (*_HOSTS, "rich", "jinja2", "asyncio", "zipfile", "email", "importlib.metadata", "difflib")
NOT_FOR_HELP = (*NOT_FOR_VALIDATE, "pydantic", "pydantic_core", "yaml", "pkgci.model")
_PROGRAM = """
import sys
from pkgci.cli import main
try:
    main.main(sys.argv[1].split())
except SystemExit as end:
    assert end.code == 0, end.code
print(*(name for name in sys.argv[2].split() if name in sys.modules), file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("command", "unwanted"),
    [
        ("--help", NOT_FOR_HELP),
        ("--version", NOT_FOR_HELP),
        ("validate --help", (*NOT_FOR_VALIDATE, "pydantic", "yaml")),
        ("validate --site examples/openstack/site.yaml", NOT_FOR_VALIDATE),
        ("validate --json --site examples/lab/site.yaml", NOT_FOR_VALIDATE),
    ],
)
def test_a_command_loads_no_more_than_it_needs(command: str, unwanted: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, command, " ".join(unwanted)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    assert done.stderr.splitlines()[-1].split() == []


def test_the_help_of_every_command_loads_nothing_that_reaches_a_host() -> None:
    program = """
import sys
from click.testing import CliRunner
from pkgci.cli.main import COMMANDS, pkgci
assert all(CliRunner().invoke(pkgci, [name, "--help"]).exit_code == 0 for name in COMMANDS)
print(*(name for name in sys.argv[1].split() if name in sys.modules))
"""
    unwanted = " ".join((*_HOSTS, "pydantic", "yaml", "jinja2"))
    done = subprocess.run(
        [sys.executable, "-c", program, unwanted], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.split() == []


def test_a_library_keeps_its_plugins_of_pydantic() -> None:
    """Only the command line leaves them out: a program that imports pkgci may have some."""
    program = "import sys, pkgci.model.load; from pydantic.plugin import _loader; print(_loader.__file__)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip().endswith("_loader.py")
