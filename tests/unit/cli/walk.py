"""Every command of pkgci, as its users can type it, and a site whose hosts nobody reaches."""

from __future__ import annotations

from collections.abc import Iterator

import click

from pkgci.cli.main import COMMANDS, pkgci

Leaf = tuple[str, click.Command]


def leaves() -> Iterator[Leaf]:
    """What can be typed after `pkgci`, and the command it is."""
    context = click.Context(pkgci)
    for name in COMMANDS:
        command = pkgci.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from ((f"{name} {inner}", one) for inner, one in command.commands.items())
        else:
            yield name, command


def options(command: click.Command) -> set[str]:
    """The options of ``command``."""
    return {word for one in command.params if isinstance(one, click.Option) for word in one.opts}


def arguments(command: click.Command) -> list[str]:
    """Something for each argument that ``command`` cannot do without."""
    return ["something" for one in command.params if isinstance(one, click.Argument) and one.required]


LEAVES = list(leaves())
NAMES = [name for name, _ in LEAVES]
