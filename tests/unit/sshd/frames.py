"""Takes a program out of its frame (``pkgci.remote.framing``), and puts the answer to it into one."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace

from pkgci.remote.framing import command_line
from tests.unit.sshd.script import Answer, End, Heard


@dataclass(frozen=True)
class Framed:
    """A program that arrived whole: ``heard`` is the program and what it reads itself."""

    heard: Heard
    mark: str

    def around(self, answer: Answer) -> Answer:
        """``answer`` as the program's; one that does not exit has no end."""
        end = (f"{self.mark} end {answer.status}\n",) if answer.end is End.EXIT else ()
        begun = f"{self.mark} login\n{self.mark} begin\n"
        return replace(answer, stdout=(begun, *answer.parts, *end), stderr=begun + answer.stderr)


def unframed(heard: Heard) -> Framed | None:
    """The program in ``heard``; None where there is none, or only a part of it."""
    if heard.command not in (command_line(root=False), command_line(root=True)):
        return None
    mark, _, rest = heard.stdin.partition(b"\n")
    program, found, stdin = rest.removeprefix(mark + b"\n").partition(b"\n")
    if not found:
        return None
    return Framed(replace(heard, command=base64.b64decode(program).decode(), stdin=stdin), mark.decode())
