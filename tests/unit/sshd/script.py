"""What a scripted host says: answers to commands, and faults on the way to them. Data only."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path


class Fault(Enum):
    """What is wrong with a host, on the way to its first answer."""

    NONE = auto()
    BLACK_HOLE = auto()  # drops every packet
    REFUSES = auto()  # nobody listens
    HANGS_UP = auto()  # accepts the connection and closes it, as sshd beyond MaxStartups
    MUTE = auto()  # accepts the connection and says nothing
    FROZEN = auto()  # lets in, then reads nothing more: its sshd was stopped
    NO_EXEC_ANSWER = auto()  # opens the session and never answers the request for a command
    STOPS_READING = auto()  # starts the command, then reads nothing more
    REFUSES_EXEC = auto()  # opens the session and refuses every command


class End(Enum):
    """How an answer ends."""

    EXIT = auto()
    HANG = auto()  # the command goes on for ever, and says nothing more
    CLOSED_OUTPUT = auto()  # its output is closed, but it does not end
    DROP = auto()  # the connection breaks
    KILLED = auto()  # by a signal


@dataclass(frozen=True)
class Heard:
    """A command that arrived, with its whole standard input."""

    user: str
    command: str
    stdin: bytes
    client: str = ""

    @property
    def text(self) -> str:
        """What answers are chosen by: the command line and what it reads."""
        return f"{self.command}\n{self.stdin.decode(errors='replace')}"


@dataclass(frozen=True)
class Answer:
    """``stdout`` may be in parts: bytes or text are sent, a number is a pause in seconds."""

    stdout: str | bytes | tuple[str | bytes | float, ...] = ""
    stderr: str = ""
    status: int = 0
    end: End = End.EXIT

    @property
    def parts(self) -> tuple[bytes | float, ...]:
        parts = self.stdout if isinstance(self.stdout, tuple) else (self.stdout,)
        return tuple(part.encode() if isinstance(part, str) else part for part in parts)


Answerer = Callable[[Heard], Answer]


@dataclass(frozen=True)
class Rule:
    """Commands in whose text ``pattern`` is found get this answer."""

    pattern: re.Pattern[str]
    answer: Answer | Answerer

    def to(self, heard: Heard) -> Answer | None:
        if not self.pattern.search(heard.text):
            return None
        return self.answer if isinstance(self.answer, Answer) else self.answer(heard)


def real_shell(environment: Mapping[str, str] | None = None, shell: Path = Path("/bin/sh")) -> Answerer:
    """The command runs on this very machine, by ``shell``, as sshd would run it: for what has no effects here.

    A ``PATH`` in ``environment`` may begin with a folder of programs that stand in for a host's own.
    """

    def answer(heard: Heard) -> Answer:
        done = subprocess.run(
            [str(shell), "-c", heard.command],
            input=heard.stdin,
            capture_output=True,
            env={**os.environ, "SSH_CONNECTION": heard.client, **(environment or {})},
            timeout=60,
        )
        return Answer(done.stdout, done.stderr.decode(errors="replace"), done.returncode)

    return answer
