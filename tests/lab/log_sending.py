"""Sending logs to the lab's log server as a slave does it, and reading its pages as another host of the site does."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Sequence
from functools import cache

from tests.lab.conftest import Lab

SSH = (
    "ssh -F none -i /etc/pkgci/keys/log_upload -o BatchMode=yes -o HostKeyAlias=log-server"
    " -o UserKnownHostsFile=/etc/pkgci/log_server.known_hosts"
)
SECRET, OTHER = "a" * 32, "b" * 32


def as_agent(lab: Lab, host: str, command: str, check: bool = True) -> str:
    """What a shell command of the agent's account says, on both outputs."""
    done = lab.exec(host, "runuser", "-u", "jenkins", "--", "sh", "-c", f"cd /srv/jenkins; {command}", check=check)
    return done.stdout + done.stderr


@cache
def token(lab: Lab, path: str) -> str:
    """What Zuul gives the job of the build at ``path``: made on Zuul's host, with Zuul's program and Zuul's key."""
    program = "import sys; sys.path.insert(0, '/usr/local/lib/zuul'); from zuul_py3.log_token import log_token"
    asked = ("python3", "-c", f"{program}; print(log_token(sys.argv[1]))", path)
    return lab.exec("zuul01", "runuser", "-u", "zuul", "--", *asked).stdout.strip()


def opening(lab: Lab, path: str, secret: str = SECRET) -> bytes:
    """How the job of the build at ``path`` begins a conversation."""
    return f"{token(lab, path)}\n{secret}\n".encode()


def asked(lab: Lab, command: str, words: bytes = b"") -> str:
    """What the log server answers to the holder of the upload key who asks for ``command``, and says ``words``."""
    return asked_each(lab, [(command, words)])[0]


def asked_each(lab: Lab, attempts: Sequence[tuple[str, bytes]]) -> list[str]:
    """The same for several at once."""
    address = lab.site.host("log01").address
    lines = ["d=$(mktemp -d)"]
    for number, (command, words) in enumerate(attempts):
        said = f"printf %s {base64.b64encode(words).decode()} | base64 -d"
        lines.append(f"({said} | {SSH} logs@{address} {shlex.quote(command)}) > $d/{number} 2>&1 &")
    lines += ["wait", f"for n in $(seq 0 {len(attempts) - 1}); do cat $d/$n; printf '\\0'; done", "rm -r $d"]
    return as_agent(lab, "build01", "\n".join(lines)).split("\0")[:-1]


def files(**contents: bytes) -> bytes:
    """What a client says to send files; in their names, __ is a full stop."""
    named = {name.replace("__", "."): text for name, text in contents.items()}
    return b"".join(f"file {len(text)} {name}\n".encode() + text for name, text in named.items()) + b"end\n"


def send(lab: Lab, path: str, words: bytes, secret: str = SECRET) -> str:
    """Sends files as the job of the build at ``path``; the log server's answers."""
    return asked(lab, f"upload {path}", opening(lab, path, secret) + words)


def page(lab: Lab, path: str) -> str:
    """A page of the log server with its headers, as another host of the site sees it."""
    url = f"https://{lab.site.host('log01').fqdn}/logs/{path}"
    program = (
        "import sys, urllib.request, urllib.error\n"
        "try: answer = urllib.request.urlopen(sys.argv[1])\n"
        "except urllib.error.HTTPError as error: answer = error\n"
        "print(answer.status); print(answer.headers); print(answer.read().decode())\n"
    )
    return lab.exec("pub01", "python3", "-c", program, url).stdout
