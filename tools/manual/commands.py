"""The command line as data: what `--help` says of each command, for Markdown and for man pages alike."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass

import click

from pkgci.cli.main import pkgci

# Click's mark of a paragraph whose lines stay as they are.
_VERBATIM = "\b"
# What stands between two commands of an epilog.
_NEXT_EXAMPLE = re.compile(r", (?=(?:[\w=…-]+ ){0,2}(?:<\()?pkgci )")


@dataclass(frozen=True)
class Paragraph:
    """One paragraph of a description; ``verbatim`` ones keep their lines."""

    text: str
    verbatim: bool = False


@dataclass(frozen=True)
class Page:
    """One command: ``name`` as it is typed. ``options`` and ``commands`` are what is typed, and what it does."""

    name: str
    summary: str
    usage: str
    description: tuple[Paragraph, ...]
    options: tuple[tuple[str, str], ...]
    commands: tuple[tuple[str, str], ...]
    examples: tuple[str, ...]

    @property
    def file(self) -> str:
        """What its man page is called, without the section."""
        return self.name.replace(" ", "-")


def all_pages() -> list[Page]:
    """Every command, `pkgci` first, in the order of `pkgci --help`."""
    return list(_pages(pkgci, "pkgci", None, "set up and run a public packaging CI"))


def _pages(command: click.Command, name: str, parent: click.Context | None, summary: str) -> Iterator[Page]:
    context = click.Context(command, info_name=name, parent=parent, **command.context_settings)
    commands = list(_subcommands(command, context))
    usage = [piece for piece in command.collect_usage_pieces(context) if piece]
    yield Page(
        name=context.command_path,
        summary=summary.rstrip("."),
        usage=" ".join([context.command_path, *usage]),
        description=tuple(_paragraphs(command.help or "")),
        options=tuple(record for one in command.get_params(context) if (record := one.get_help_record(context))),
        commands=tuple((sub_name, sub_summary) for sub_name, _, sub_summary in commands),
        examples=tuple(_examples(command.epilog or "")),
    )
    for sub_name, sub, sub_summary in commands:
        yield from _pages(sub, sub_name, context, sub_summary)


def _subcommands(command: click.Command, context: click.Context) -> Iterator[tuple[str, click.Command, str]]:
    if not isinstance(command, click.Group):
        return
    from pkgci.cli.main import COMMANDS

    for name in command.list_commands(context):
        sub = command.get_command(context, name)
        if sub is not None and not sub.hidden:
            said = COMMANDS[name] if command is pkgci else sub.get_short_help_str(limit=200)
            yield name, sub, said


def _paragraphs(text: str) -> Iterator[Paragraph]:
    for block in re.split(r"\n\s*\n", inspect.cleandoc(text).split("\f")[0]):
        lines = block.strip("\n").split("\n")
        if lines[0].strip() == _VERBATIM:
            yield Paragraph("\n".join(inspect.cleandoc("\n".join(["", *lines[1:]])).split("\n")), verbatim=True)
        elif block.strip():
            yield Paragraph(" ".join(line.strip() for line in lines))


def _examples(epilog: str) -> Iterator[str]:
    """The commands of an epilog like "Examples: pkgci a, pkgci b"."""
    text = re.sub(r"^Examples?: ", "", " ".join(epilog.split()))
    yield from (one for one in _NEXT_EXAMPLE.split(text) if one)
