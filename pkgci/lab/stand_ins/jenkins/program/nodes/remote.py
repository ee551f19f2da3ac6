"""Running programs on a node.

What is to run goes to a shell's standard input: a command line shows in `ps` to everybody on the node, and a build's
parameters are nobody else's business.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import paramiko  # type: ignore[import-untyped]

from .ssh import LostNodeError, is_alive

_CHUNK = 1 << 15
_LOOK = 0.5
# How long a process that has ended may still have its output held open by one that it left behind, in seconds.
_LEFTOVER = 3.0
_GRACE = 10.0
_SCRIPT_END = "pkgci-stand-in-end-of-script"


@dataclass(frozen=True)
class Ended:
    """A program that has ended: its exit status, or why it was ended before."""

    status: int | None
    why: str | None = None


def shell_line(script: str) -> tuple[str, ...]:
    """The interpreter of a shell builder's ``script``: that of its first line, or Jenkins' default."""
    if not script.startswith("#!"):
        return ("/bin/sh", "-xe")
    return tuple(script.splitlines()[0][2:].split()) or ("/bin/sh", "-xe")


def program(script: str, workspace: str, environment: Mapping[str, str]) -> str:
    """The text for ``sh -s`` that runs a shell builder's ``script`` in ``workspace``. It says its number first."""
    temporary = f"{workspace}@tmp"
    script_file = f"{temporary}/script.sh"
    end = _SCRIPT_END
    while end in script:
        end += "-"
    exports = [f"export {name}={shlex.quote(value)}" for name, value in environment.items() if is_name(name)]
    return "\n".join(
        [
            # One stream: two would arrive out of their order.
            "exec 2>&1",
            "echo $$",
            f"mkdir -p {shlex.quote(workspace)} {shlex.quote(temporary)} || exit 1",
            f"cd {shlex.quote(workspace)} || exit 1",
            f"rm -f {shlex.quote(script_file)}",
            f"(umask 077 && cat >{shlex.quote(script_file)}) <<'{end}' || exit 1",
            script,
            end,
            *exports,
            f"exec {shlex.join((*shell_line(script), script_file))} </dev/null",
            "",
        ]
    )


def is_name(text: str) -> bool:
    """Whether ``text`` can be the name of an environment variable in a shell."""
    return text.isascii() and text.isidentifier()


def run(client: Any, text: str, say: Callable[[bytes], None], why_stop: Callable[[], str | None], cookie: str) -> Ended:
    """Runs the shell program ``text``; its output goes to ``say`` as it arrives.

    ``why_stop`` is asked again and again: where it gives a reason, the program and what it started are ended.
    Raises ``LostNodeError``, and what ``why_stop`` raises.
    """
    channel = _open(client, "exec sh -s")
    try:
        channel.sendall(text.encode())
        channel.shutdown_write()
        leader, status_since, why = "", None, None
        while True:
            if why is None and (why := why_stop()) is not None:
                kill(client, leader, cookie)
                status_since = time.monotonic() + _GRACE
            data = _receive(channel)
            if data == b"":
                break
            if data and not leader:
                first, _, data = data.partition(b"\n")
                leader = first.decode("latin-1")
            if data:
                say(data)
            if status_since is None and channel.exit_status_ready():
                status_since = time.monotonic()
            if data is None and status_since is not None and time.monotonic() - status_since > _LEFTOVER:
                break
            if data is None and not client.get_transport().is_active():
                raise LostNodeError("the connection to the node is lost")
        if why is not None:
            return Ended(None, why)
        status = int(channel.recv_exit_status())
        # A channel that ends without a status: a signal ended the program, or the node is gone.
        if status < 0 and not is_alive(client):
            raise LostNodeError("the connection to the node is lost")
        return Ended(status)
    except (paramiko.SSHException, OSError, EOFError) as error:
        raise LostNodeError(f"the connection to the node is lost: {error}") from None
    finally:
        channel.close()


def kill(client: Any, leader: str, cookie: str) -> None:
    """Ends a program: the process group of ``leader``, and what has ``cookie`` (``NAME=value``) in its environment."""
    group = f"-{leader}" if leader.isdecimal() else ""
    text = f"""
        group={shlex.quote(group)}
        each() {{
            for file in $(grep -lzsxF {shlex.quote(cookie)} /proc/[0-9]*/environ); do
                process=${{file#/proc/}}
                kill "-$1" "${{process%/environ}}" 2>/dev/null
            done
            [ -z "$group" ] || kill "-$1" -- "$group" 2>/dev/null
        }}
        each TERM
        for _ in 1 2 3 4 5 6 7 8 9 10; do
            [ -n "$group" ] && kill -0 -- "$group" 2>/dev/null || break
            sleep 0.3
        done
        each KILL
        true
    """
    call(client, text)


def call(client: Any, text: str, arguments: Sequence[str] = (), timeout: float = 30.0) -> tuple[int, str]:
    """Runs a short shell program; its exit status and all that it said. Raises ``LostNodeError``."""
    channel = _open(client, shlex.join(["exec", "sh", "-s", "--", *arguments]).replace("'exec'", "exec"))
    try:
        channel.set_combine_stderr(True)
        channel.settimeout(timeout)
        channel.sendall(text.encode())
        channel.shutdown_write()
        said = b""
        while data := channel.recv(_CHUNK):
            said += data
        return int(channel.recv_exit_status()), said.decode(errors="replace")
    except (paramiko.SSHException, OSError, EOFError) as error:
        raise LostNodeError(f"the connection to the node is lost: {error}") from None
    finally:
        channel.close()


def _open(client: Any, command: str) -> Any:
    try:
        channel = client.get_transport().open_session(timeout=_GRACE * 2)
        channel.exec_command(command)
    except (paramiko.SSHException, OSError, EOFError, AttributeError) as error:
        raise LostNodeError(f"the connection to the node is lost: {error}") from None
    channel.settimeout(_LOOK)
    return channel


def _receive(channel: Any) -> bytes | None:
    """What has arrived; b'' at the end, None where there was nothing for a moment."""
    try:
        return bytes(channel.recv(_CHUNK))
    except TimeoutError:
        return None
