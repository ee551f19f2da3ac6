"""Asks before something is done that cannot be taken back."""

from __future__ import annotations

import sys

import click

from pkgci.cli.invocation import next_command
from pkgci.errors import DeclinedError, UsageError


def can_ask() -> bool:
    """Whether somebody sits at a terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def agree(question: str, *, yes: bool, as_json: bool = False) -> None:
    """Goes on where ``yes`` says so, or whoever is asked does.

    Raises ``DeclinedError`` at a no, and ``UsageError`` where nobody can be asked.
    """
    if yes:
        return
    hint = f"look at what would be done, then: {next_command(yes=True)}"
    if as_json:
        raise UsageError("--json shows no plan that could be agreed to", hint)
    if not can_ask():
        raise UsageError("nobody can be asked: there is no terminal", hint)
    if not click.confirm(question, err=True):
        raise DeclinedError
