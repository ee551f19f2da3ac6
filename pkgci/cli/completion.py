"""``pkgci completion``: the shell completes commands, options, hosts, roles, targets, projects and secret names."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import click

from pkgci.cli.say import say
from pkgci.errors import ExitStatus, UsageError

# The variable in which a completion script asks `pkgci` for completions: click's own name for it.
_VARIABLE = "_PKGCI_COMPLETE"
_SHELLS = ("bash", "zsh", "fish")


@click.group(epilog="Examples: pkgci completion install, source <(pkgci completion bash)")
def command() -> None:
    """Print or install the completion script for your shell.

    Besides commands and options, it completes the hosts, roles, targets, projects and secret names of the site file
    that --site or PKGCI_SITE names. A site file that is missing or broken completes to nothing.
    """


@command.command(epilog="Example: source <(pkgci completion bash)")
def bash() -> int:
    """Print the completion script for bash 4.4 or newer."""
    return _print("bash")


@command.command(epilog="Example: source <(pkgci completion zsh)")
def zsh() -> int:
    """Print the completion script for zsh. Source it after compinit, or save it as _pkgci in a folder of fpath."""
    return _print("zsh")


@command.command(epilog="Example: pkgci completion fish > ~/.config/fish/completions/pkgci.fish")
def fish() -> int:
    """Print the completion script for fish."""
    return _print("fish")


@command.command(epilog="Examples: pkgci completion install, pkgci completion install zsh")
@click.argument("shell", type=click.Choice(_SHELLS), required=False)
def install(shell: str | None) -> int:
    """Install the completion script for SHELL. Default: the shell that the variable SHELL names.

    For bash and zsh, the script goes to ~/.local/share/pkgci, and a line that reads it to the end of ~/.bashrc or
    ~/.zshrc. For fish, it goes to ~/.config/fish/completions. XDG_DATA_HOME, XDG_CONFIG_HOME and ZDOTDIR are respected.
    Run it again after an upgrade of pkgci.
    """
    from pkgci.files import write_atomically

    chosen = shell or _login_shell()
    script = _script_file(chosen)
    write_atomically(script, _script(chosen))
    say(f"wrote {script}")
    profile = _profile(chosen)
    if profile is not None:
        added = _append(profile, f"[ -r {_quoted(script)} ] && . {_quoted(script)}")
        say(f"{'added a line to' if added else 'already read by'} {profile}")
    say(f"Open a new {chosen} to use it.", err=True)
    return ExitStatus.AS_DECLARED


def _print(shell: str) -> int:
    say(_script(shell), nl=False)
    return ExitStatus.AS_DECLARED


def _script(shell: str) -> str:
    """Click's completion script for ``shell``; the one for zsh also starts zsh's completion where nothing has yet."""
    from click.shell_completion import BashComplete, FishComplete, ZshComplete

    from pkgci.cli.main import pkgci

    kinds = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}
    made = kinds[shell](pkgci, {}, "pkgci", _VARIABLE)
    text = made.source_template % made.source_vars()
    if shell == "zsh":
        first, rest = text.lstrip("\n").split("\n", 1)
        text = f"{first}\n\n(( $+functions[compdef] )) || {{ autoload -Uz compinit && compinit -i }}\n{rest}"
    return text.strip("\n") + "\n"


def _login_shell() -> str:
    name = Path(os.environ.get("SHELL", "")).name
    if name not in _SHELLS:
        seen = f"SHELL is '{name}'" if name else "SHELL is not set"
        raise UsageError(
            f"{seen}: there is a completion script for {', '.join(_SHELLS)}", "pkgci completion install bash"
        )
    return name


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        raise UsageError("this account has no home directory", "save the output of `pkgci completion bash`") from None


def _directory(variable: str, default: Callable[[], Path]) -> Path:
    """The folder that the environment names, where its path is absolute as the XDG specification asks."""
    named = os.environ.get(variable, "")
    return Path(named) if named.startswith("/") else default()


def _script_file(shell: str) -> Path:
    if shell == "fish":
        return _directory("XDG_CONFIG_HOME", lambda: _home() / ".config") / "fish/completions/pkgci.fish"
    return _directory("XDG_DATA_HOME", lambda: _home() / ".local/share") / f"pkgci/completion.{shell}"


def _profile(shell: str) -> Path | None:
    """What ``shell`` reads when it starts, where it does not find its scripts by itself."""
    if shell == "bash":
        return _home() / ".bashrc"
    return _directory("ZDOTDIR", _home) / ".zshrc" if shell == "zsh" else None


def _append(profile: Path, line: str) -> bool:
    """Adds ``line`` to ``profile`` unless it is there. What stands there stays as it is, to the byte."""
    before = profile.read_bytes() if profile.exists() else b""
    if line.encode() in before.splitlines():
        return False
    with profile.open("ab") as file:
        file.write((b"" if not before or before.endswith(b"\n") else b"\n") + line.encode() + b"\n")
    return True


def _quoted(path: Path) -> str:
    import shlex

    return shlex.quote(str(path))
