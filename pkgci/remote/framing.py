"""How a shell program reaches a host, and how its answer is told from everything else that arrives.

A login shell may be any program: csh and fish read quotes in their own ways, a start-up file may print, and some
accounts run nothing but a message. So the command line is always the same few words, which every shell reads alike.
They start ``sh``, and the program comes on standard input, after lines that hold a random mark. It is one line of
base64: ``sh`` runs it only once it has arrived whole, and any other shell that reads it in place of ours runs nothing.
Each stage that is reached writes the mark: ``sh`` runs as the login user, ``sh`` runs as root, the program has ended.
What comes before the marks is somebody else's; an answer without the last one is not whole.
"""

from __future__ import annotations

import base64
import secrets
from enum import IntEnum

_LONGEST_WORDS = 240  # characters
_MOST_NOISE = 1 << 16  # bytes

# Not to be used here: the single quote, a newline, '!' (csh reads history), a backslash before another (fish).
_LOGIN = 'read -r m && echo "$m login" && echo "$m login" >&2 && exec {become}sh -c "$1"'
_PROGRAM = (
    'read -r m || exit; echo "$m begin"; echo "$m begin" >&2; LC_ALL=C.UTF-8; export LC_ALL; '
    'read -r l || exit; s=$(echo "$l" | base64 -d) && (set --; eval "$s"); echo "$m end $?"'
)


class Stage(IntEnum):
    """How far a command has come on the host."""

    CONNECTED = 0
    LOGGED_IN = 1
    BEGUN = 2
    ENDED = 3


def command_line(root: bool) -> str:
    """What sshd hands to the login shell, the same for every program. ``root``: through sudo, which must not ask."""
    login = _LOGIN.format(become="sudo -n " if root else "")
    return f"env LC_ALL=C.UTF-8 sh -c '{login}' pkgci '{_PROGRAM}'"


class Frame:
    """One program on its way to a host, and its answer on the way back.

    ``status`` is the program's, -1 until it has ended; ``exit_status`` the whole command line's, as sshd tells it.
    ``root``: the program is to run as root, through sudo.
    """

    def __init__(self, *, root: bool = False) -> None:
        self.root = root
        self._mark = f"pkgci-{secrets.token_hex(16)}"
        self._held = b""
        self.stage = Stage.CONNECTED
        self.status = -1
        self.exit_status: int | None = None

    def question(self, program: str, stdin: bytes = b"") -> bytes:
        """All that goes to the command's standard input: the shell ``program``, then what it reads itself."""
        return f"{self._mark}\n{self._mark}\n".encode() + base64.b64encode(program.encode()) + b"\n" + stdin

    def take(self, data: bytes) -> bytes:
        """The part of ``data``, the next piece of the command's standard output, that the program has written."""
        self._held += data
        for stage, word in ((Stage.LOGGED_IN, "login"), (Stage.BEGUN, "begin")):
            if self.stage < stage and not self._reach(stage, self._line(word)):
                return b""
        if self.stage is Stage.ENDED:
            return b""
        end = f"{self._mark} end ".encode()
        own, found, rest = self._held.partition(end)
        if not found:
            begun = next((size for size in range(len(end) - 1, 0, -1) if own.endswith(end[:size])), 0)
            self._held = own[len(own) - begun :]
            return own[: len(own) - begun]
        self._held = found + rest
        if b"\n" in rest:
            self.stage, self.status = Stage.ENDED, int(rest.partition(b"\n")[0])
        return own

    def own_errors(self, stderr: bytes) -> str:
        """The part of the command's standard error that the program has written."""
        return stderr.rpartition(self._line("begin"))[2].decode(errors="replace")

    def refusal(self, stderr: bytes) -> str:
        """What was said instead of reaching the next stage, as one line; '' where nothing was."""
        said = stderr.rpartition(self._line("login"))[2] + b"\n" + self._held
        if self._mark.encode() in said:
            # Never shown: what follows the program on standard input may be secret.
            return "it reads the standard input of the command"
        text = " ".join(said.decode(errors="replace").split())
        return text if len(text) <= _LONGEST_WORDS else f"{text[: _LONGEST_WORDS - 1]}…"

    def _reach(self, stage: Stage, line: bytes) -> bool:
        _, found, rest = self._held.partition(line)
        if not found:
            self._held = self._held[-_MOST_NOISE:]
            return False
        self.stage, self._held = stage, rest
        return True

    def _line(self, word: str) -> bytes:
        return f"{self._mark} {word}\n".encode()
