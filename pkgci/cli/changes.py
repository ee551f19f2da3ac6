"""What a command has changed, or could not prove, in a few words, for a command that runs it as one of several."""

from __future__ import annotations

import click

_KEY, _DOUBT = "pkgci.changes", "pkgci.doubt"


def tell_changes(words: str) -> None:
    """Says what the running command has changed, as in '3 changes on 7 hosts'. Optional for callers."""
    click.get_current_context().meta[_KEY] = words


def told_changes(context: click.Context) -> str | None:
    """What a command that was run in ``context`` said last, and forgets it."""
    words: str | None = context.meta.pop(_KEY, None)
    return words


def tell_doubt(words: str) -> None:
    """Says what the running command ended well without having proven, as in 'Gerrit is NOT PROVEN: …'."""
    click.get_current_context().meta[_DOUBT] = words


def told_doubt(context: click.Context) -> str | None:
    """What a command that was run in ``context`` could not prove, and forgets it."""
    words: str | None = context.meta.pop(_DOUBT, None)
    return words
