"""Runs the work items of a deployment, one command after another, and keeps the journal."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pkgci.cli.changes import told_changes, told_doubt
from pkgci.cli.failure import tell, told_end
from pkgci.cli.invocation import pasteable
from pkgci.errors import PkgciError

if TYPE_CHECKING:
    from pkgci.deploy.items import WorkItem
    from pkgci.deploy.journal import Ended, Journal


# Work items that ask before something that no plan of the whole can know: what runs when their turn comes.
_ASK_FOR_THEMSELVES = frozenset({"deploy-pipelines"})


@dataclass(frozen=True)
class Ran:
    """A work item that was run: how it ended, what it says it changed, and (with ``--json``) what it printed.

    ``doubt`` is what it ended well without having proven.
    """

    end: Ended
    changes: str | None
    result: Any = None
    doubt: str | None = None


@dataclass(frozen=True)
class Runner:
    """How the commands are called. ``options`` are given to those that have them."""

    context: click.Context
    site_file: Path
    as_json: bool
    options: dict[str, Any]

    def run(self, item: WorkItem) -> Ran:
        """Runs one work item. What goes wrong is told as its own command tells it, and is in the exit status."""
        from pkgci.deploy.journal import Ended

        command = command_of(item)
        known = {parameter.name for parameter in command.params if parameter.expose_value}
        options = {name: value for name, value in self.options.items() if name in known}
        if item.name in _ASK_FOR_THEMSELVES:
            options.pop("yes", None)
        began, clock = datetime.now(UTC), time.monotonic()
        said = io.StringIO()
        for forget in (told_changes, told_doubt):
            forget(self.context)
        with contextlib.redirect_stdout(said) if self.as_json else contextlib.nullcontext():
            status = self._status(lambda: self.context.invoke(command, site_file=self.site_file, **options))
        end = Ended(item.name, status, began.isoformat(timespec="seconds"), round(time.monotonic() - clock, 1))
        result = _json(said.getvalue()) if self.as_json else None
        return Ran(end, told_changes(self.context), result, told_doubt(self.context))

    def _status(self, call: Callable[[], Any]) -> int:
        try:
            return int(call() or 0)
        except PkgciError as error:
            if error.hint:
                error.hint = pasteable(error.hint)
            return tell(error, as_json=self.as_json)
        except (click.Abort, KeyboardInterrupt) as error:
            return told_end(error, as_json=self.as_json)


def command_of(item: WorkItem) -> click.Command:
    """The command that does a work item."""
    command: click.Command = importlib.import_module(f"pkgci.cli.{item.name.replace('-', '_')}").command
    command.name = item.name
    return command


def _json(text: str) -> Any:
    try:
        return json.loads(text) if text.strip() else None
    except ValueError:
        return text


def run_all(
    items: tuple[WorkItem, ...],
    journal: Journal,
    run: Callable[[WorkItem], Ran],
    keep: Callable[[Journal], None],
) -> tuple[Ran, ...]:
    """Runs ``items`` until one fails; ``keep`` writes the journal after each."""
    ran: list[Ran] = []
    keep(journal)
    for item in items:
        ran.append(run(item))
        journal = journal.with_end(ran[-1].end)
        keep(journal)
        if not ran[-1].end.done:
            break
    return tuple(ran)
