"""A virtualization server for autopkgtest: a system that somebody else started, reached through a command.

    testbed.py CAPABILITY… -- WORD…

WORD… goes before each command that is to run in the system. autopkgtest starts this by its path and talks to it on
standard input and output; the words of that talk are its README.virtualisation-server's. It imports nothing of ours.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote, unquote

_COPY_SECONDS = 600


class Failed(Exception):  # noqa: N818 (the protocol's word for it)
    """What was asked for did not work: autopkgtest is told, and decides."""


class Testbed:
    """The system behind ``into``."""

    def __init__(self, capabilities: list[str], into: list[str]) -> None:
        self._capabilities = capabilities
        self._into = into
        self._folder = ""

    def answer(self, command: str, *words: str) -> list[str]:
        """The words after "ok" for one command. Raises ``Failed``."""
        answers = {
            "open": self._open,
            "close": self._close,
            "capabilities": lambda: self._capabilities,
            "auxverb_debug_fail": lambda: [],
            "print-execute-command": lambda: [",".join(quote(word) for word in self._into)],
            "copydown": self._copy_down,
            "copyup": self._copy_up,
        }
        if command not in answers:
            raise Failed(f"unknown command {command}")
        return answers[command](*words)  # type: ignore[operator,no-any-return]

    def _open(self) -> list[str]:
        command = [*self._into, "mktemp", "-d", "--tmpdir"]
        made = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False)
        self._folder = made.stdout.strip()
        if made.returncode != 0 or not self._folder:
            raise Failed("the system does not answer")
        self._must(["chmod", "0777", self._folder])
        return [self._folder]

    def _close(self) -> list[str]:
        if self._folder:
            self._must(["rm", "-rf", "--", self._folder])
            self._folder = ""
        return []

    def _must(self, command: list[str]) -> None:
        words = [*self._into, *command]
        if subprocess.run(words, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False).returncode != 0:
            raise Failed(f"{command[0]} failed in the system")

    def _copy_down(self, here: str, there: str) -> list[str]:
        if here.endswith("/"):
            source = ["tar", "--directory", here, "--create", "."]
            sink = [*_SHELL, 'mkdir -p -- "$1" && cd -- "$1" && exec tar --extract --no-same-owner -p', "sh", there]
        else:
            executable = os.access(here, os.X_OK)
            sink = [*_SHELL, f'cat >"$1"{" && chmod +x -- $1" if executable else ""}', "sh", there]
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
    divide = sys.argv.index("--")
    testbed = Testbed(sys.argv[1:divide], sys.argv[divide + 1 :])
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
