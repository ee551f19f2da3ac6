"""Runs the lab tests against the real servers of a folder, and writes one page of results."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from pkgci.errors import UsageError
from tests.prove.page import Results, cases, markdown, page
from tests.prove.servers import LAB_NAME, Servers

CHECKOUT = Path(__file__).resolve().parents[2]
NAME = "prove-real"
SERVERS = {"Gerrit": "review", "Jenkins": "jenkins"}
# What is said of changes, jobs, agents, restarts and promotion. The other lab tests are about other things.
FILES = (
    *("own_gerrit", "changes", "jobs", "jenkins", "slaves", "pipelines", "zuul", "losses", "reports", "lookups"),
    *("packages", "logs", "load"),
)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--keep", is_flag=True, help="Leave the lab up for a look.")
@click.option("--only", metavar="WORDS", help="Only the tests that pytest's -k selects.")
def main(folder: Path, keep: bool, only: str | None) -> None:
    """Prove pkgci against the servers in FOLDER: gerrit.war, jenkins.war and plugins/, or one of the two."""
    servers = _servers(folder.expanduser())
    for name, key in SERVERS.items():
        click.echo(f"{name}: {'the real one' if key in servers.real else _stand_in(name)}", err=True)
    lab = CHECKOUT / ".lab" / NAME
    results = lab / "results"
    results.mkdir(parents=True, exist_ok=True)
    begun = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    status = _pytest(servers, results / "junit.xml", only)
    found = cases((results / "junit.xml").read_text()) if (results / "junit.xml").is_file() else ()
    told = Results(_versions(servers, lab), begun, found)
    (results / "index.md").write_text(markdown(told))
    (results / "index.html").write_text(page(told))
    if not keep:
        _remove(lab)
    click.echo(f"\n{told.sum}: {results / 'index.md'} and index.html", err=True)
    sys.exit(status)


def _servers(folder: Path) -> Servers:
    """The servers in ``folder``. What is wrong with it ends the program, before anything is made."""
    try:
        return Servers.in_folder(folder)
    except UsageError as error:
        click.echo(f"prove: {error.message}\n  {error.hint}", err=True)
        sys.exit(error.status)


def _pytest(servers: Servers, junit: Path, only: str | None) -> int:
    files = [f"tests/lab/test_{name}.py" for name in FILES if (CHECKOUT / f"tests/lab/test_{name}.py").is_file()]
    command = [sys.executable, "-m", "pytest", "--junitxml", str(junit), "--durations", "10", *files]
    # The lab stays until its servers have said which they are.
    environment = {**os.environ, **servers.environment, LAB_NAME: NAME, "PKGCI_KEEP_LAB": "1"}
    return subprocess.run(
        [*command, *(["-k", only] if only else [])], cwd=CHECKOUT, env=environment, check=False
    ).returncode


def _versions(servers: Servers, lab: Path) -> dict[str, str]:
    """What the two servers of the lab were, in words."""
    told = _status(lab)
    found = {}
    for name, key in SERVERS.items():
        if key not in servers.real:
            found[name] = _stand_in(name)
        else:
            version = (told.get(key) or {}).get("version")
            found[name] = f"the real one, {version}" if version else "the real one, which did not answer at the end"
    return found


def _stand_in(name: str) -> str:
    return f"the lab's stand-in: there was no {name.lower()}.war in the folder"


def _status(lab: Path) -> dict[str, Any]:
    done = _pkgci(lab, "status", "--json")
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        return {}
    return found


def _remove(lab: Path) -> None:
    """Takes the lab down, and leaves the results."""
    _pkgci(lab, "lab", "down")
    for path in lab.iterdir():
        if path.name != "results":
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _pkgci(lab: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pkgci", *words]
    environment = {**os.environ, "PKGCI_SITE": "site.yaml"}
    return subprocess.run(command, cwd=lab, env=environment, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    main()
