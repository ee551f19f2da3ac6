"""The options that commands share. A command returns its exit status."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from pkgci.cli.invocation import DEFAULT_SITE, SITE_VARIABLE, Invocation, verbose_option
from pkgci.cli.log import start_logging, stop_logging
from pkgci.cli.outputs import output_file_option
from pkgci.model.selection import Selection

F = TypeVar("F", bound=Callable[..., Any])


def _begin(context: click.Context, _: click.Parameter, site_file: Path) -> Path:
    """The site is known: what is said from now on is for it, and what is done is logged there."""
    if context.resilient_parsing:
        return site_file
    known = context.ensure_object(Invocation)
    known.site_file = site_file
    start_logging(site_file, context.command_path.partition(" ")[2], known.verbose)
    known.ended = stop_logging
    return site_file


site_option = click.option(
    "--site",
    "site_file",
    type=click.Path(path_type=Path),
    default=DEFAULT_SITE,
    envvar=SITE_VARIABLE,
    show_default=True,
    show_envvar=True,
    callback=_begin,
    help="The site file.",
)
plan_option = click.option(
    "--plan",
    "only_plan",
    is_flag=True,
    help="Show the plan and exit: 0 no changes, 1 changes.",
)
yes_option = click.option("--yes", is_flag=True, help="Skip confirmation prompts.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for machines.")
junit_option = output_file_option(
    "--junit", help="Also write a JUnit report; - prints it, and nothing else, to standard output."
)


def hosts_options(function: F) -> F:
    """Which hosts a command is for, as ``selection``: see ``Selection`` for how the options go together."""

    @wraps(function)
    def selecting(
        *args: Any,
        roles: tuple[str, ...] = (),
        hosts: tuple[str, ...] = (),
        limit: tuple[str, ...] = (),
        exclude: tuple[str, ...] = (),
        **options: Any,
    ) -> Any:
        return function(*args, selection=Selection(roles, hosts, limit, exclude), **options)

    command: Any = selecting
    for option in (
        click.option("--exclude", multiple=True, metavar="HOSTS", help="Skip hosts that match, as in 'log*'."),
        click.option(
            "--limit", multiple=True, metavar="HOSTS", help="Of these, only hosts that match, as in 'build*,zuul01'."
        ),
        click.option(
            "--host", "hosts", multiple=True, metavar="HOST", help="Only this host (and those that --role names)."
        ),
        click.option("--role", "roles", multiple=True, metavar="ROLE", help="Only hosts with this role."),
    ):
        command = option(command)
    return cast(F, command)


def connection_options(function: F) -> F:
    """``--parallel`` and ``--accept-new-host-keys``, for commands that reach hosts."""
    function = click.option(
        "--parallel", type=click.IntRange(1, 200), default=20, show_default=True, help="How many hosts side by side."
    )(function)
    return click.option(
        "--accept-new-host-keys", is_flag=True, help="Record the keys of hosts seen for the first time, unasked."
    )(function)


def one_host_options(function: F) -> F:
    """``connection_options`` of a command that reaches one host, where it makes no difference how many at a time."""
    for option in (
        click.option("--parallel", type=click.IntRange(1, 200), expose_value=False, hidden=True),
        click.option(
            "--accept-new-host-keys", is_flag=True, help="Record the key of a host seen for the first time, unasked."
        ),
    ):
        function = option(function)
    return function


def no_host_options(function: F) -> F:
    """The same for a command that reaches no host at all, but a server: it is given what its likes are given."""
    for option in (
        click.option("--parallel", type=click.IntRange(1, 200), expose_value=False, hidden=True),
        click.option("--accept-new-host-keys", is_flag=True, expose_value=False, hidden=True),
    ):
        function = option(function)
    return function


def deploying_options(function: F) -> F:
    """``--plan``, ``--yes`` and ``--json``: what every command has that plans first, and then does as planned."""
    return plan_option(yes_option(json_option(function)))


def verbosely(command: click.Command) -> click.Command:
    """``command`` with ``-v``, which every command has, but those that pass unknown options on to another program."""
    if isinstance(command, click.Group):
        for one in command.commands.values():
            verbosely(one)
    elif not command.context_settings.get("ignore_unknown_options") and not any(
        "-v" in one.opts for one in command.params
    ):
        command.params.append(_VERBOSE)
    return command


def _only_option(decorate: Callable[[click.Command], click.Command]) -> click.Parameter:
    return decorate(click.Command("none")).params[0]


_VERBOSE = _only_option(verbose_option)
