"""The entry point: the table of commands, and what happens to errors."""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import NoReturn

import click

from pkgci import __version__
from pkgci.cli.invocation import Invocation, verbose_option
from pkgci.cli.quick import begin_quickly, end_quickly
from pkgci.cli.say import say
from pkgci.cli.signals import Ended, end_as_interrupted, leave
from pkgci.cli.streams import lost, prepare
from pkgci.errors import ExitStatus
from pkgci.remembering import NotRememberedWarning
from pkgci.whoami import ensure_name

# Command → the one line that `pkgci --help` shows. Modules are imported when their command is called: `pkgci --help`
# and `pkgci validate` must not wait for SSH and Docker libraries.
COMMANDS = {
    "init": "Write a commented starter site.",
    "validate": "Check the site file and name every fault.",
    "secrets": "Make, list, show and rotate the site's secrets.",
    "order-servers": "Write the order for the IT department, and the DNS records.",
    "verify-servers": "Check the delivered servers against the order.",
    "render-hiera": "Show each host's Hiera data, or how it differs from the host's.",
    "bootstrap": "Deploy the roles: push manifests and data, run Puppet.",
    "retire": "Take all roles away from a host that left the site file.",
    "verify-connectivity": "Prove that the network is as open and as closed as declared.",
    "deploy-review": "Plan and deploy what the CI needs of Gerrit.",
    "verify-review": "Prove that Gerrit lets the CI do its work.",
    "render-jobs": "Write the Jenkins jobs, to review.",
    "deploy-jobs": "Plan and deploy the Jenkins jobs.",
    "render-pipelines": "Write the Zuul layout, to review.",
    "deploy-pipelines": "Plan, test and deploy the Zuul layout.",
    "deploy": "All work items in order, as one plan.",
    "publish": "Show what is published, take a package back, go back to an earlier state.",
    "status": "Show on one screen how the site is.",
    "topology": "Draw the hosts and the flows between them.",
    "lab": "Make the site's hosts out of containers.",
    "completion": "Complete commands and names in bash, zsh and fish.",
}


class _Commands(click.Group):
    """A group that imports a command's module only when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"pkgci.cli.{cmd_name.replace('-', '_')}")
        if ctx.resilient_parsing:
            # A shell asks: only it needs to know which parameters are names of the site.
            from pkgci.cli.complete import complete_names

            complete_names(cmd_name, module.command)
        command: click.Command = module.command
        command.name = cmd_name
        from pkgci.cli.options import verbosely

        return verbosely(command)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Exit status"):
            formatter.write_dl([(str(int(status)), status.meaning) for status in ExitStatus])

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from pkgci.model.words import nearest

            ctx.fail(f"no command '{args[0]}'{nearest(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="pkgci")
@verbose_option
def pkgci() -> None:
    """Set up and run a public packaging CI for DEB and RPM packages.

    One site file describes it. A first session:

    \b
      pkgci init mysite && cd mysite
      pkgci validate
      pkgci secrets init
      pkgci order-servers
      pkgci deploy
      pkgci status
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs one command and exits with its status: never with a traceback for what a user can cause."""
    begin_quickly()
    sys.excepthook = _show_fault
    # Before anything is opened: it would get the number of a standard stream that is closed.
    prepare()
    try:
        end_as_interrupted()
        ensure_name()
        status = run(arguments)
        reason = lost(sys.stdout)
        # The reader of our output (`| head`) has what it wanted.
        if reason is not None and not isinstance(reason, BrokenPipeError):
            words = f"pkgci: cannot write to standard output: {reason.strerror}"
            status = _said_or_not(words, status or ExitStatus.NOT_AS_DECLARED)
    except Ended as end:
        from pkgci.cli.failure import told_end

        # Before the command began, or after it had ended.
        status = told_end(end, as_json=False)
    end_quickly()
    leave(status)


def _show_fault(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """A fault of pkgci's own may quote a host."""
    import traceback

    _said_or_not("".join(traceback.format_exception(kind, error, trace)).rstrip(), 1)


def run(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit status. What it could not write down for the next one is said at its end."""
    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("default", NotRememberedWarning)
        status = _run(list(sys.argv[1:] if arguments is None else arguments))
    for one in noted:
        if issubclass(one.category, NotRememberedWarning):
            _said_or_not(f"pkgci: warning: {one.message}", status)
        else:
            warnings.showwarning(one.message, one.category, one.filename, one.lineno)
    return status


def _run(words: list[str]) -> int:
    invocation = Invocation()
    try:
        result = pkgci.main(args=words, prog_name="pkgci", standalone_mode=False, obj=invocation)
        sys.stdout.flush()
        status = int(result) if isinstance(result, int) else int(ExitStatus.AS_DECLARED)
    except click.exceptions.Exit as error:
        status = error.exit_code
    except (Exception, KeyboardInterrupt) as error:
        from pkgci.cli.failure import told, wants_json

        status = told(error, pkgci, invocation, as_json=wants_json(pkgci, words))
    invocation.ended(status)
    return status


def _said_or_not(words: str, status: int) -> int:
    """``status``, said in ``words`` where anybody still listens: a terminal that hung up does not."""
    with suppress(OSError):
        say(words, err=True)
    return int(status)
