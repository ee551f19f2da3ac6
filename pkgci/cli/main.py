"""The entry point: the table of commands, and what happens to errors."""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType

import click

from pkgci import __version__
from pkgci.cli.say import say
from pkgci.cli.signals import Ended, end_as_interrupted
from pkgci.errors import ExitStatus, PkgciError

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
        return command

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


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs one command and exits with its status: never with a traceback for what a user can cause."""
    sys.excepthook = _show_fault
    end_as_interrupted()
    sys.exit(run(arguments))


def _show_fault(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """A fault of pkgci's own may quote a host."""
    import traceback

    say("".join(traceback.format_exception(kind, error, trace)), err=True, nl=False)


def run(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit status."""
    try:
        result = pkgci.main(args=arguments, prog_name="pkgci", standalone_mode=False)
        sys.stdout.flush()
    except PkgciError as error:
        say(f"pkgci: {error.message}" if "\n" not in error.message else error.message, err=True)
        if error.hint:
            say(f"  {error.hint}", err=True)
        return int(error.status)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        said = io.StringIO()
        error.show(said)
        say(said.getvalue(), err=True, nl=False)
        return int(ExitStatus.WRONG_USE)
    except (click.Abort, KeyboardInterrupt) as error:
        # Click makes an Abort of every KeyboardInterrupt.
        cause = error.__cause__ or error
        if isinstance(cause, Ended):
            return _said_or_not(f"\npkgci: ended by {cause}", cause.status)
        return _said_or_not("\npkgci: interrupted", int(ExitStatus.INTERRUPTED))
    except BrokenPipeError:
        # The reader of our output (`| head`) has gone: what is left unsaid is not wanted.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(ExitStatus.AS_DECLARED)
    except OSError as error:
        # A file that cannot be written, a full disk: the system's words, and the file where it names one.
        words = error.strerror or str(error)
        told = f"pkgci: {error.filename}: {words}" if error.filename else f"pkgci: {words}"
        return _said_or_not(told, int(ExitStatus.NOT_AS_DECLARED))
    return int(result) if isinstance(result, int) else int(ExitStatus.AS_DECLARED)


def _said_or_not(words: str, status: int) -> int:
    """``status``, said in ``words`` where anybody still listens: a terminal that hung up does not."""
    with suppress(OSError):
        say(words, err=True)
    return status
