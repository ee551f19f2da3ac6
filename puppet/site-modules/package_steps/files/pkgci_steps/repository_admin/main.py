"""pkgci-repository: for people who look after the repositories of this host."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .. import settings as site
from ..log import Log
from ..programs import Programs, Stop
from ..repository.engine import Repository
from ..repository.publisher import Publisher, host
from ..status import Ended, Status
from . import commands
from .text import as_text

_USAGE = """\
Looks after the package repositories of this host. Run it as their account: sudo -u publisher pkgci-repository list.
From the operator's machine: `pkgci publish`, which shows a plan and asks.

remove and rollback change nothing: they tell what would be gone, what would be back, and the generation that this is
planned on. With --generation, that very plan is carried out; if the repository has changed meanwhile, nothing is.
"""


class _Remarks(Log):
    """What programs say goes to standard error: standard output is the answer."""

    def _write(self, output: bytes) -> None:
        sys.stderr.buffer.write(output)
        sys.stderr.buffer.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit status, as ``Status`` has it."""
    words = _parser().parse_args(arguments)
    stop = Stop()
    stop.listen()
    try:
        settings = site.read()
        with tempfile.TemporaryDirectory(prefix="pkgci-repository-", ignore_cleanup_errors=True) as own:
            programs = Programs(_Remarks(sys.stderr.buffer, "pkgci-repository"), stop, Path(own))
            answer = perform(host(settings, programs, stop), words)
    except Ended as ended:
        print(f"pkgci-repository: {ended.reason}", file=sys.stderr)
        return ended.status.value
    except OSError as error:
        print(f"pkgci-repository: {error}", file=sys.stderr)
        return Status.INFRASTRUCTURE.value
    print(json.dumps(answer, indent=2) if words.json else as_text(words.command, answer))
    return Status.PASSED.value


def perform(publisher: Publisher, words: argparse.Namespace) -> dict[str, Any]:
    """Does what the command line says; returns the answer. Raises ``Ended``."""
    if words.command == "list":
        return commands.listed(publisher)
    if words.command == "refresh":
        return {"done": commands.refresh(publisher)}
    if words.command == "check":
        return _checked(commands.stale(publisher))
    if words.command == "remove":
        what = (publisher, words.package, words.target, words.version)
        return commands.plan_removal(*what) if words.generation is None else commands.remove(*what, words.generation)
    if words.generation is None:
        return commands.plan_rollback(publisher, words.to)
    return commands.roll_back(publisher, words.to, words.generation)


def _checked(stale: list[Repository]) -> dict[str, Any]:
    if stale:
        names = ", ".join(repository.name for repository in stale)
        raise Ended(Status.FAILED, f"not as the site says today: {names}: `pkgci-repository refresh`")
    return {"done": []}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pkgci-repository", description=_USAGE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="answer as JSON, for machines")
    changes = argparse.ArgumentParser(add_help=False)
    changes.add_argument("--generation", type=int, metavar="N", help="carry out what was planned on generation N")
    parts = parser.add_subparsers(dest="command", required=True)
    parts.add_parser("list", parents=[common], help="what is published")
    parts.add_parser("check", parents=[common], help="whether keys, targets and pages are what the site says today")
    parts.add_parser("refresh", parents=[common], help="make them so, and sign anew")
    remove = parts.add_parser("remove", parents=[common, changes], help="take a package out of the released ones")
    remove.add_argument("package", help="a source package, or one that was built from it")
    remove.add_argument("--target", help="only for this target")
    remove.add_argument("--version", help="only this version")
    rollback = parts.add_parser("rollback", parents=[common, changes], help="go back to an earlier state")
    rollback.add_argument("to", nargs="?", type=int, metavar="GENERATION", help="default: the last with other packages")
    return parser
