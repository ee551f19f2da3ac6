"""A virtualization server for autopkgtest: systems that somebody else starts, reached through a command.

    testbed.py SOCKET CAPABILITY…

Who listens at SOCKET boots a fresh system, or the same again, and says which words go before each command that is to
run in there. autopkgtest starts this by its path and talks to it on standard input and output; the words of that talk
are its README.virtualisation-server's. It imports nothing of ours.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, unquote

_COPY_SECONDS = 600
# For a system to be there, and to have booted: a virtual machine without KVM, on a busy slave.
_BOOT_SECONDS = 600
# systemd's words for a system that has booted, well or not.
_UP = ("running", "degraded")
# What a reboot leaves as it is, which is not true of /tmp everywhere.
_LASTING = "/var/tmp"  # noqa: S108 (mktemp makes the name)
# A test that asks for a reboot has autopkgtest's word that it is prepared; once that is gone, it goes on.
_PREPARED = "/run/autopkgtest-reboot-prepare-mark"


class Failed(Exception):  # noqa: N818 (the protocol's word for it)
    """What was asked for did not work: autopkgtest is told, and decides."""


class Testbed:
    """The system that runs now: nothing before it is opened. ``place`` is the socket."""

    def __init__(self, place: str, capabilities: list[str]) -> None:
        self._place = place
        self._capabilities = capabilities
        self._folder = ""
        # autopkgtest asks for the way into a system once, and a reboot changes it: a file says what it is now. None of
        # its words has a space.
        handle, self._way = tempfile.mkstemp(prefix="way-in.")
        os.close(handle)
        self._into = ["sh", "-c", 'exec $(cat "$0") "$@"', self._way]

    def answer(self, command: str, *words: str) -> list[str]:
        """The words after "ok" for one command. Raises ``Failed``."""
        answers: dict[str, Callable[..., list[str]]] = {
            "open": self._open,
            "revert": self._open,
            "reboot": self._reboot,
            "close": self._close,
            "capabilities": lambda: self._capabilities,
            "auxverb_debug_fail": lambda: [],
            "print-execute-command": lambda: [",".join(quote(word) for word in self._into)],
            "copydown": self._copy_down,
            "copyup": self._copy_up,
        }
        if command not in answers:
            raise Failed(f"unknown command {command}")
        return answers[command](*words)

    def _open(self) -> list[str]:
        self._boot("fresh")
        self._folder = self._said(["env", f"TMPDIR={_LASTING}", "mktemp", "-d", "--tmpdir", "autopkgtest.XXXXXX"])
        if not self._folder:
            raise Failed("the system does not answer")
        self._must(["chmod", "0777", self._folder])
        return [self._folder]

    def _reboot(self, *words: str) -> list[str]:
        # A test that was prepared reboots the system itself; for any other the test bed does. Whoever asks systemd for
        # that may lose the connection before the answer.
        self._said(["rm", _PREPARED] if words else ["systemctl", "reboot"])
        self._boot("again")
        return []

    def _close(self) -> list[str]:
        if self._folder:
            self._must(["rm", "-rf", "--", self._folder])
            self._folder = ""
        return []

    def _boot(self, which: str) -> None:
        """Has a system booted. Raises ``Failed``."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asked:
                asked.settimeout(_BOOT_SECONDS)
                asked.connect(self._place)
                asked.sendall(f"{which}\n".encode())
                Path(self._way).write_text(" ".join(json.loads(asked.makefile().readline())))
        except (OSError, ValueError) as error:
            raise Failed(f"no system was started: {error}") from None
        end = time.monotonic() + _BOOT_SECONDS
        while self._said(["systemctl", "is-system-running", "--wait"]) not in _UP:
            if time.monotonic() > end:
                raise Failed(f"the system does not boot in {_BOOT_SECONDS} s")
            time.sleep(0.1)

    def _said(self, command: list[str]) -> str:
        """What a command in the system says, if it does anything."""
        words = [*self._into, *command]
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False
        )
        return done.stdout.strip()

    def _must(self, command: list[str]) -> None:
        words = [*self._into, *command]
        if subprocess.run(words, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False).returncode != 0:
            raise Failed(f"{command[0]} failed in the system")

    def _copy_down(self, here: str, there: str) -> list[str]:
        if here.endswith("/"):
            source = ["tar", "--directory", here, "--create", "."]
            sink = [*_SHELL, 'mkdir -p -- "$1" && cd -- "$1" && exec tar --extract --no-same-owner -p', "sh", there]
        else:
            executable = ' && chmod +x -- "$1"' if os.access(here, os.X_OK) else ""
            sink = [*_SHELL, f'cat >"$1"{executable}', "sh", there]
            source = ["cat", here]
        self._pipe(source, [*self._into, *sink])
        return []

    def _copy_up(self, there: str, here: str) -> list[str]:
        if here.endswith("/"):
            Path(here).mkdir(exist_ok=True)
            source = [*_SHELL, 'cd -- "$1" && exec tar --create .', "sh", there]
            self._pipe([*self._into, *source], ["tar", "--directory", here, "--extract", "--no-same-owner", "-p"])
        else:
            with Path(here).open("wb") as file:
                self._pipe([*self._into, "cat", there], ["cat"], file.fileno())
        return []

    def _pipe(self, source: list[str], sink: list[str], output: int | None = None) -> None:
        with (
            subprocess.Popen(source, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as first,
            subprocess.Popen(sink, stdin=first.stdout, stdout=output if output else sys.stderr) as second,
        ):
            if first.stdout:
                first.stdout.close()
            try:
                statuses = (second.wait(_COPY_SECONDS), first.wait(_COPY_SECONDS))
            except subprocess.TimeoutExpired:
                first.kill()
                second.kill()
                raise Failed("copying took too long") from None
        if any(statuses):
            raise Failed("copying failed")


_SHELL = ["sh", "-ec"]


def main() -> None:
    """Answers until it is told to quit, or nobody asks any more."""
    testbed = Testbed(sys.argv[1], sys.argv[2:])
    print("ok", flush=True)
    for line in sys.stdin:
        words = [unquote(word) for word in line.split()]
        if not words or words[0] == "quit":
            break
        try:
            print(" ".join(["ok", *testbed.answer(*words)]), flush=True)
        except Failed as failed:
            print(f"testbed: {failed}", file=sys.stderr, flush=True)
            print("failed", flush=True)


if __name__ == "__main__":
    main()
