"""The one door by which commands write lines: what hosts and servers have said tells no terminal anything.

It is apart from ``pkgci.cli.screen`` so that `pkgci --help` does not wait for tables and progress bars.
"""

from __future__ import annotations

import sys

import click

from pkgci.cli.streams import coloured
from pkgci.legible import legible


def say(
    words: object = "", *, err: bool = False, nl: bool = True, fg: str | None = None, bold: bool | None = None
) -> None:
    """Writes ``words``, which may be anybody's, to standard output or standard error, in our own colours or none."""
    colours = coloured(sys.stderr if err else sys.stdout)
    text = legible(str(words))
    styled = click.style(text, fg=fg, bold=bold) if colours and (fg or bold) else text
    click.echo(styled, err=err, nl=nl, color=colours)


def say_exactly(words: str, *, nl: bool) -> None:
    """Writes what only the operator himself can have put there, each character as it is."""
    click.echo(words, nl=nl)
