"""``pkgci init``: the files of a new site."""

from __future__ import annotations

import getpass
import re
import shlex
from pathlib import Path

import click

from pkgci.cli.invocation import pasteable
from pkgci.cli.say import say
from pkgci.errors import ExitStatus, UsageError

# The kinds of keys in the order in which ssh itself prefers them.
_KEY_FILES = ("id_ed25519.pub", "id_ed25519_sk.pub", "id_ecdsa.pub", "id_ecdsa_sk.pub", "id_rsa.pub")


@click.command(epilog="Examples: pkgci init mysite, pkgci init --example lab mylab")
@click.option(
    "--example",
    metavar="NAME",
    help="Begin with an example: lab, openstack, all-in-one, own-review, existing-manifests.",
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path())
def command(folder: Path, example: str | None) -> int:
    """Write a commented starter site to FOLDER (default: here).

    Your public SSH key is copied to it where ~/.ssh has one. Nothing that exists is overwritten.
    """
    from pkgci.files import write_atomically
    from pkgci.starter import files as new

    folder_name = folder.resolve().name
    name = new.site_name(folder_name)
    administrator, key = _administrator(), None
    if example is None:
        key = _public_key()
        written = new.starter(name, administrator, key)
    else:
        written = new.example(example, name, new.networks_in(_routes()))
    taken = [path for path in written if (folder / path).exists()]
    if taken:
        raise UsageError(f"{folder / taken[0]} exists, and is not overwritten", "pkgci init ANOTHER-FOLDER")
    ignore = folder / ".gitignore"
    written[".gitignore"] = new.ignore_file(_text(ignore))
    programs = new.executables(example) if example is not None else frozenset()
    for path, text in written.items():
        write_atomically(folder / path, text, new=0o755 if path in programs else 0o644)
        say(folder / path)
    if example is None and key is None:
        _say(
            f"There is no public SSH key in ~/.ssh: make one (ssh-keygen -t ed25519),\n"
            f"copy the .pub file to keys/{administrator}.pub, and name it in site.yaml\n"
            f"under `administrators`."
        )
    _say("Next:")
    for step in _steps(folder, example):
        _say(f"  {pasteable(step)}")
    return ExitStatus.AS_DECLARED


def _steps(folder: Path, example: str | None) -> list[str]:
    enter = [] if folder.resolve() == Path().resolve() else [shlex.join(["cd", str(folder)])]
    if example == "lab":
        return [*enter, "pkgci lab up", "pkgci deploy", "pkgci status"]
    edit = "edit site.yaml: your names, addresses, projects"
    return [*enter, edit, "pkgci validate", "pkgci secrets init", "pkgci order-servers"]


def _say(text: str) -> None:
    say(text, err=True)


def _administrator() -> str:
    """The operator's name, as the name of an account on the hosts."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = ""
    return user if re.fullmatch(r"[a-z_][a-z0-9_-]{0,31}", user) and user != "root" else "admin"


def _text(file: Path) -> str:
    return file.read_bytes().decode(errors="surrogateescape") if file.exists() else ""


def _public_key() -> str | None:
    """The operator's first public SSH key, or None. Private keys are never read."""
    from pkgci.folders import home
    from pkgci.model.keys import public_key_problem

    place = home()
    if place is None:
        return None
    for name in _KEY_FILES:
        try:
            lines = (place / ".ssh" / name).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            continue
        for line in lines:
            if public_key_problem(line) is None:
                return line.strip()
    return None


def _routes() -> str:
    try:
        return Path("/proc/net/route").read_text(encoding="utf-8")
    except OSError:
        return ""
