"""``pkgci publish``: what is published, and taking it back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pkgci.cli.agree import agree
from pkgci.cli.invocation import next_command, pasteable
from pkgci.cli.options import json_option, one_host_options, site_option, yes_option
from pkgci.cli.say import say
from pkgci.errors import ExitStatus, UsageError

if TYPE_CHECKING:
    from pkgci.publish.data import Plan


@click.group(epilog="Examples: pkgci publish list, pkgci publish rollback")
def command() -> None:
    """Show what is published, take a package back, or go back to an earlier state.

    It is the publisher that does it: what was built and tested is never changed, and users see the state before or the
    state after. What is taken back stays on machines that have installed it.
    """


@command.command("list", epilog="Example: pkgci publish list --json")
@site_option
@json_option
@one_host_options
def list_(site_file: Path, as_json: bool, accept_new_host_keys: bool) -> int:
    """List what is released for each target, the repositories of changes under review, and earlier states."""
    from dataclasses import asdict
    from datetime import UTC, datetime

    from pkgci.cli.connect import site_trust
    from pkgci.cli.publish_show import overview
    from pkgci.cli.screen import print_json
    from pkgci.model.load import load_site
    from pkgci.publish import on_host
    from pkgci.remote.session import open_session

    site = load_site(site_file)
    with open_session(site, on_host.publisher(site), site_trust(site, accept_new_host_keys)) as session:
        found = on_host.look(session)
    if as_json:
        print_json(asdict(found))
    else:
        for line in overview(found, datetime.now(UTC)):
            say(pasteable(line))
    return ExitStatus.AS_DECLARED


@command.command(epilog="Example: pkgci publish remove greet --target trixie --version 1.2-1")
@site_option
@click.option("--target", metavar="TARGET", help="Only for this target. Default: all.")
@click.option("--version", metavar="VERSION", help="Only this version. Default: all.")
@yes_option
@json_option
@one_host_options
@click.argument("package")
def remove(
    site_file: Path,
    target: str | None,
    version: str | None,
    yes: bool,
    as_json: bool,
    accept_new_host_keys: bool,
    package: str,
) -> int:
    """Take PACKAGE out of the released packages, with all that was built from the same source."""
    from pkgci.cli.connect import site_trust
    from pkgci.model.load import load_site
    from pkgci.model.words import nearest
    from pkgci.publish import on_host
    from pkgci.remote.session import open_session

    site = load_site(site_file)
    if target is not None and target not in site.targets:
        raise UsageError(f"no target '{target}' in {site.path}{nearest(target, site.targets)}", "pkgci publish list")
    with open_session(site, on_host.publisher(site), site_trust(site, accept_new_host_keys)) as session:
        planned = on_host.plan_removal(session, package, target, version)
        _agree(planned, yes=yes, as_json=as_json)
        return _done(planned, on_host.remove(session, planned, package, target, version), as_json)


@command.command(epilog="Examples: pkgci publish rollback, pkgci publish rollback 12")
@site_option
@yes_option
@json_option
@one_host_options
@click.argument("generation", type=click.IntRange(min=1), required=False)
def rollback(site_file: Path, yes: bool, as_json: bool, accept_new_host_keys: bool, generation: int | None) -> int:
    """Give the released repository the packages of an earlier GENERATION.

    Default: the most recent generation with different packages.
    `pkgci publish list` shows them. What is published then is a new generation: a rollback can be rolled back.
    """
    from pkgci.cli.connect import site_trust
    from pkgci.model.load import load_site
    from pkgci.publish import on_host
    from pkgci.remote.session import open_session

    site = load_site(site_file)
    with open_session(site, on_host.publisher(site), site_trust(site, accept_new_host_keys)) as session:
        planned = on_host.plan_rollback(session, generation)
        if not (planned.gone or planned.back):
            say(f"nothing to do: generation {planned.to} has the packages that are published now", err=True)
            return _done(planned, None, as_json)
        _agree(planned, yes=yes, as_json=as_json)
        return _done(planned, on_host.roll_back(session, planned), as_json)


def _agree(plan: Plan, *, yes: bool, as_json: bool) -> None:
    """Shows the plan and asks. Raises what ``agree`` does."""
    from pkgci.cli.publish_show import difference

    if not as_json:
        for line in difference(plan):
            say(line, fg={"-": "red", "+": "green"}.get(line[:1]))
    agree("Do it?", yes=yes, as_json=as_json)


def _done(plan: Plan, number: int | None, as_json: bool) -> int:
    """Says which generation is published now; ``number`` is None where nothing was done."""
    from dataclasses import asdict

    from pkgci.cli.screen import print_json

    if as_json:
        print_json({"planned": asdict(plan), "generation": plan.generation if number is None else number})
    elif number is not None:
        back = next_command("publish rollback", str(plan.generation))
        say(f"generation {number} is published; back again: {back}", err=True)
    return ExitStatus.AS_DECLARED
