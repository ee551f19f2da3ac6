"""A host's side of a command without SSH: a login shell that is handed the command line, as sshd does it."""

import os
import subprocess
from pathlib import Path

from pkgci.remote.framing import Frame, command_line

PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"


def answer(
    program: str, *, shell: list[str], home: Path, stdin: bytes = b"", root: bool = False, path: str = PATH
) -> tuple[Frame, bytes, bytes]:
    """The frame, what the program wrote and the whole standard error, where ``shell`` is the login shell."""
    frame = Frame()
    done = subprocess.run(
        [*shell, "-c", command_line(root)],
        input=frame.question(program, stdin),
        capture_output=True,
        timeout=60,
        env={"HOME": str(home), "PATH": path, "TERM": "dumb", **_loader()},
        check=False,
    )
    frame.exit_status = done.returncode
    return frame, frame.take(done.stdout), done.stderr


def _loader() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name == "LD_LIBRARY_PATH"}


def executable(path: Path, text: str) -> Path:
    """``path`` as a program of the shell."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path
