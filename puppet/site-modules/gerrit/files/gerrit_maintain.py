#!/usr/bin/python3
"""Keeps Gerrit's repositories small and its index right. Runs as Gerrit's account, beside a Gerrit that runs.

gerrit-maintain gc      packs every repository, as git does it anywhere
gerrit-maintain index   has Gerrit index the changes of every project anew
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

# Gerrit knows itself by its own host key, and lets itself act for others (its manual: suexec).
ITSELF = "Gerrit Code Review"
GROUP = "Administrators"


def repositories(site: Path) -> list[Path]:
    """Every repository, by name."""
    found: list[Path] = []
    waiting = [site / "git"]
    while waiting:
        folder = waiting.pop()
        for path in sorted(folder.iterdir()):
            if path.is_dir() and not path.is_symlink():
                (found if path.suffix == ".git" else waiting).append(path)
    return sorted(found)


def git(repository: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(repository), *words], capture_output=True, text=True, check=True)
    return done.stdout


def pack(site: Path) -> int:
    """Packs every repository; whether that went well everywhere."""
    failed = 0
    for repository in repositories(site):
        command = ["git", "-C", str(repository), "-c", "pack.threads=1", "gc", "--quiet"]
        if subprocess.run(command, check=False).returncode != 0:
            print(f"{repository} could not be packed", file=sys.stderr)
            failed += 1
    return 1 if failed else 0


def administrators(site: Path) -> Iterator[str]:
    """The accounts that are direct members of the group of that name, as Gerrit keeps them in All-Users."""
    users = site / "git/All-Users.git"
    for reference in git(users, "for-each-ref", "--format=%(refname)", "refs/groups/").splitlines():
        about = git(users, "show", f"{reference}:group.config")
        if f"\tname = {GROUP}\n" in about and "members" in git(users, "ls-tree", "--name-only", reference).split():
            yield from git(users, "show", f"{reference}:members").split()


def index(site: Path, port: int) -> int:
    """Has Gerrit index the changes of every project anew, for an administrator."""
    account = next(administrators(site), None)
    if account is None:
        print("there is no administrator yet, for whom Gerrit would do it")
        return 0
    names = [str(path.relative_to(site / "git").with_suffix("")) for path in repositories(site)]
    key = site / "etc/ssh_host_ed25519_key"
    public = subprocess.run(["ssh-keygen", "-y", "-f", str(key)], capture_output=True, text=True, check=True).stdout
    with tempfile.NamedTemporaryFile("w", prefix="known_hosts") as known:
        known.write(f"gerrit {public}")
        known.flush()
        options = {
            "UserKnownHostsFile": known.name,
            "GlobalKnownHostsFile": "/dev/null",
            "HostKeyAlias": "gerrit",
            "StrictHostKeyChecking": "yes",
            "IdentitiesOnly": "yes",
            "BatchMode": "yes",
        }
        words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        command = ["ssh", "-F", "none", "-i", str(key), *words, "-p", str(port), "-l", ITSELF, "127.0.0.1", "--"]
        command += ["suexec", "--as", account, "--", "gerrit", "index", "changes-in-project", *names]
        return subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode


def main() -> int:
    parser = argparse.ArgumentParser(description="Keeps Gerrit's repositories small and its index right.")
    parser.add_argument("work", choices=("gc", "index"))
    parser.add_argument("--site", type=Path, required=True, help="Gerrit's site")
    parser.add_argument("--port", type=int, default=29418, help="Gerrit's SSH port")
    arguments = parser.parse_args()
    try:
        return pack(arguments.site) if arguments.work == "gc" else index(arguments.site, arguments.port)
    except (OSError, subprocess.SubprocessError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
