"""``pkgci deploy-review``: what the CI needs of Gerrit, planned against the live one and done as planned."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pkgci.cli.agree import agree, can_ask
from pkgci.cli.invocation import invocation, next_command, pasteable
from pkgci.cli.options import deploying_options, no_host_options, site_option
from pkgci.cli.say import say
from pkgci.errors import ExitStatus, PkgciError, UsageError
from pkgci.model.plural import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from pkgci.model.site import Site
    from pkgci.review.change import Change
    from pkgci.review.connection import Connection
    from pkgci.review.plan import Plan

FORMATS = ("text", "markdown")


@click.command(
    epilog="Examples: pkgci deploy-review --plan, PKGCI_GERRIT_PASSWORD=… pkgci deploy-review --yes, "
    "pkgci deploy-review --plan --format markdown > for-the-administrators.md"
)
@site_option
@click.option(
    "--format",
    "text_format",
    type=click.Choice(FORMATS),
    help="With --plan, and without a login: all that the CI needs, as a text for Gerrit's administrators.",
)
@click.option(
    "--password-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Has the administrator's password. Default: PKGCI_GERRIT_PASSWORD, or a question.",
)
@click.option("--if-possible", is_flag=True, help="Where it cannot log in, say what is needed, and pass.")
@deploying_options
@no_host_options
def command(
    site_file: Path,
    only_plan: bool,
    text_format: str | None,
    password_file: Path | None,
    yes: bool,
    if_possible: bool,
    as_json: bool,
) -> int:
    """Compare what the CI needs of Gerrit with what Gerrit has, show what differs, and do just that.

    That is: the CI's account with its SSH key, the capability Stream Events, and, on the site's projects, labels,
    rights and submit requirements; with `gerrit: {manage: …}` also projects and branches. Whatever others have set
    stays. It logs in as `gerrit: {administrator: …}`.

    A long list is summed up; -v shows all of it.
    """
    from pkgci.cli import deploy_review_show as show
    from pkgci.cli.changes import tell_changes
    from pkgci.model.load import load_site
    from pkgci.model.stand_ins import review_is_stand_in

    if text_format is not None and (as_json or not only_plan):
        raise UsageError("--format shows a plan, for people", next_command(only_plan=True, yes=None))
    site = load_site(site_file)
    if text_format is not None and site.gerrit is not None:
        return _guide(site, text_format)
    if site.gerrit is None or review_is_stand_in(site):
        why = "the site names no Gerrit" if site.gerrit is None else "the review is the lab's stand-in"
        show.print_nothing(site, why, as_json)
        return ExitStatus.AS_DECLARED
    try:
        return _deploy(site, only_plan, _password(password_file), yes, if_possible, as_json)
    except PkgciError as error:
        from pkgci.review.opening import NoLoginError, OutOfReachError

        if not (if_possible and isinstance(error, NoLoginError | OutOfReachError)):
            raise
        show.print_nothing(site, error.message, as_json, error.hint and pasteable(error.hint))
        tell_changes("the review left as it is")
        return ExitStatus.AS_DECLARED


def _guide(site: Site, text_format: str) -> int:
    from pkgci.review.guide import guide
    from pkgci.review.wanted import site_wanted

    say(pasteable(guide(site_wanted(site), site, markdown=text_format == "markdown")), nl=False)
    return ExitStatus.AS_DECLARED


def _password(file: Path | None) -> str | None:
    from pkgci.review.login import PASSWORD_VARIABLE

    if file is None:
        return os.environ.get(PASSWORD_VARIABLE)
    try:
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        words = getattr(error, "strerror", None) or "it is no text"
        raise UsageError(f"cannot read the password file {file}: {words}") from None
    if not text:
        raise UsageError(f"the password file {file} is empty")
    return text


def _deploy(site: Site, only_plan: bool, password: str | None, yes: bool, if_possible: bool, as_json: bool) -> int:
    from pkgci.cli import deploy_review_show as show
    from pkgci.cli.changes import tell_changes
    from pkgci.review.login import Way
    from pkgci.review.opening import opened
    from pkgci.review.plan import make_plan
    from pkgci.review.server import GerritServer
    from pkgci.review.wanted import site_wanted

    wanted = site_wanted(site)
    progress = show.progress()

    def ask(user: str, url: str) -> str:
        progress.stop()
        return _ask(user, url)

    asking = ask if can_ask() and not if_possible else None
    with progress, opened(site, password, asking, progress.say) as gerrit:
        if gerrit.way is Way.BECOME:
            show.warn_of_anybody(gerrit.connection.url)
        progress.say("reading what Gerrit has")
        live = GerritServer(gerrit.connection).look(wanted.user, wanted.group, wanted.projects, progress.read)
        plan = make_plan(wanted, live)
        progress.stop()
        if not as_json:
            show.show_plan(plan, gerrit.connection.url, live.version, long=invocation().verbose > 0)
        done: list[Change] = []
        if not only_plan and plan.changes:
            agree(f"Make {counted(len(plan.changes), 'change')} in Gerrit?", yes=yes, as_json=as_json)
            # Whoever was asked took his time: the web server has ended the connection by now.
            gerrit.connection.close()
            _carry_out(plan, gerrit.connection, done, progress.write)
    tell_changes(f"{counted(len(done), 'change')} in the review")
    if as_json:
        show.print_plan(site, plan, live.version, done)
    elif done:
        say(f"{counted(len(done), 'change')} made in Gerrit", err=True)
    open_ = plan.changes if only_plan else plan.changes[len(done) :]
    return ExitStatus.NOT_AS_DECLARED if open_ or plan.hindrances else ExitStatus.AS_DECLARED


def _ask(user: str, url: str) -> str:
    answer: str = click.prompt(f"Password of '{user}' at {url}", hide_input=True, err=True, default="")
    return answer


def _carry_out(plan: Plan, connection: Connection, done: list[Change], progress: Callable[[int, int], None]) -> None:
    from pkgci.review.apply import carry_out

    def step(change: Change) -> None:
        done.append(change)
        progress(len(done), len(plan.changes))

    try:
        carry_out(plan.changes, connection, step)
    except (PkgciError, KeyboardInterrupt):
        following = plan.changes[len(done)]
        say(
            f"pkgci: {len(done)} of {counted(len(plan.changes), 'change')} made; not, or not for certain: "
            f"{following.what} ({following.where}). The next run goes on there.",
            err=True,
        )
        raise
