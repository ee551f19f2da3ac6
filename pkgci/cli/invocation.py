"""The command that was typed, and every command that pkgci says to type next: for the same site, ready to be pasted."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

SITE_VARIABLE = "PKGCI_SITE"
DEFAULT_SITE = Path("site.yaml")
# What another command is given, too, where it has the option: which hosts.
_KEPT = frozenset({"roles", "hosts", "limit", "exclude"})
# What is not repeated: whoever pastes a command reads what it says.
_NOT_REPEATED = frozenset({"as_json"})
_SITE = click.Option(["--site", "site_file"])
_TYPED = (ParameterSource.COMMANDLINE, ParameterSource.PROMPT)
_COMMAND = re.compile(r"\bpkgci((?: [a-z][a-z-]*)+)(?![a-z-])")


class Invocation:
    """What is known of the running command from when its words have been read: the ``obj`` of click's contexts."""

    def __init__(self) -> None:
        self.site_file = DEFAULT_SITE
        self.verbose = 0
        # Whether standard output has its one JSON document.
        self.result_shown = False
        # Called with the command's exit status at its end.
        self.ended: Callable[[int], None] = lambda status: None


def _count(context: click.Context, _: click.Parameter, times: int) -> int:
    context.ensure_object(Invocation).verbose += times
    return times


verbose_option = click.option(
    "-v",
    "--verbose",
    count=True,
    is_eager=True,
    expose_value=False,
    callback=_count,
    help="Show each command on hosts and servers, and long lists in full; -vv shows more.",
)


def invocation() -> Invocation:
    """That of the running command."""
    return click.get_current_context().ensure_object(Invocation)


def next_command(name: str | None = None, *words: str, **changes: Any) -> str:
    """What to type: the command ``name`` with the arguments ``words``, for the same site and the same hosts.

    Without ``name`` it is the running command, with all its arguments and options. ``changes`` are the values of
    options by their parameters' names; None leaves one out.
    """
    context = click.get_current_context()
    path = _path(context) if name is None else name.split()
    # A command that somebody calls by itself, without pkgci around it, knows no others: they are for a site.
    command = _find(context.find_root().command, path) or click.Command(name, params=[_SITE])
    typed = {key: value for key, value in _typed(context).items() if name is None or key in _KEPT}
    options = {**typed, **changes}
    line = ["pkgci", *path]
    if any(one.name == "site_file" for one in command.params):
        line += _site_words(context.ensure_object(Invocation).site_file)
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.name != "site_file":
            line += _option_words(parameter, options.get(parameter.name or ""))
    arguments = list(words)
    if name is None and not words:
        arguments = [word for one in command.params if isinstance(one, click.Argument) for word in _words(context, one)]
    end = ["--"] if any(word.startswith("-") for word in arguments) else []
    return shlex.join([*line, *end, *arguments])


def pasteable(text: str, root: click.Command | None = None, site_file: Path | None = None) -> str:
    """``text`` with each pkgci command in it made one for the site of the running command.

    After that command has ended, ``root`` and ``site_file`` say what it was.
    """
    if root is None or site_file is None:
        context = click.get_current_context(silent=True)
        if context is None:
            return text
        root, site_file = context.find_root().command, context.ensure_object(Invocation).site_file
    site = "".join(f" {shlex.quote(word)}" for word in _site_words(site_file))
    group = root

    def completed(match: re.Match[str]) -> str:
        path = match[1].split()
        rest = text[match.end() :].partition("`")[0].partition("pkgci ")[0]
        for length in (2, 1):
            command = _find(group, path[:length])
            if command is None or isinstance(command, click.Group):
                continue
            if "--site" in rest or all(one.name != "site_file" for one in command.params):
                return match[0]
            return " ".join(["pkgci", *path[:length]]) + site + "".join(f" {word}" for word in path[length:])
        return match[0]

    return _COMMAND.sub(completed, text) if site else text


def _path(context: click.Context) -> list[str]:
    """What the command is called: within `pkgci deploy`, what it is called alone."""
    names: list[str] = []
    while context.parent is not None:
        names.insert(0, context.info_name or "")
        context = context.parent if isinstance(context.parent.command, click.Group) else context.find_root()
    return names


def _site_words(site_file: Path) -> list[str]:
    """How to name the site: not at all where the command would find it by itself."""
    found = Path(os.environ.get(SITE_VARIABLE) or DEFAULT_SITE)
    return [] if site_file == found == DEFAULT_SITE else ["--site", str(site_file)]


def _find(root: click.Command, path: Sequence[str]) -> click.Command | None:
    """The command that ``path`` names below ``root``."""
    command: click.Command | None = root
    for word in path:
        if not isinstance(command, click.Group):
            return None
        command = command.get_command(click.Context(command), word)
    return command


def _typed(context: click.Context) -> dict[str, Any]:
    """The options that somebody typed, by parameter: of a command within `pkgci deploy`, those of the deploy."""
    found: dict[str, Any] = {}
    for name, value in context.params.items():
        source: ParameterSource | None = None
        at: click.Context | None = context
        while at is not None and source is None:
            source, at = at.get_parameter_source(name), at.parent
        if source in _TYPED and name not in _NOT_REPEATED:
            found[name] = value
    return found


def _option_words(option: click.Option, value: Any) -> Iterator[str]:
    word = max(option.opts, key=len)
    if value is None or value is False or value == ():
        return
    if option.is_flag:
        yield word
        return
    for one in value if option.multiple else (value,):
        yield from (f"{word}={one}",) if str(one).startswith("-") else (word, str(one))


def _words(context: click.Context, argument: click.Argument) -> tuple[str, ...]:
    value = context.params.get(argument.name or "")
    if value is None:
        return ()
    return tuple(map(str, value)) if isinstance(value, tuple) else (str(value),)
