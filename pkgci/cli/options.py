"""The options that commands share. A command returns its exit status."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

site_option = click.option(
    "--site",
    "site_file",
    type=click.Path(path_type=Path),
    default=Path("site.yaml"),
    envvar="PKGCI_SITE",
    show_default=True,
    show_envvar=True,
    help="The site file.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for machines.")
junit_option = click.option(
    "--junit", "junit_file", type=click.Path(path_type=Path, dir_okay=False), help="Also write a JUnit report."
)


def hosts_options(function: F) -> F:
    """``--role`` and ``--host``, each as often as wanted: which hosts a command is for. Default: all."""
    function = click.option("--host", "hosts", multiple=True, metavar="HOST", help="Only this host.")(function)
    return click.option("--role", "roles", multiple=True, metavar="ROLE", help="Only hosts with this role.")(function)


def connection_options(function: F) -> F:
    """``--parallel`` and ``--accept-new-host-keys``, for commands that reach hosts."""
    function = click.option(
        "--parallel", type=click.IntRange(1, 200), default=20, show_default=True, help="How many hosts side by side."
    )(function)
    return click.option(
        "--accept-new-host-keys", is_flag=True, help="Record the keys of hosts seen for the first time, unasked."
    )(function)
