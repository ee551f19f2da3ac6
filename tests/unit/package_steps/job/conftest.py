"""A slave for pkgci-job: a workspace, the site's programs, and a log server that is a folder, with its own programs."""

from __future__ import annotations

import hmac
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.unit.package_steps.conftest import LIBRARY

LOGS = LIBRARY.parents[1] / "logs/files"
LOG_PATH = "12/12/3/check/hello/0123abc"
KEY = b"the key that Zuul makes tokens with"


class Slave:
    """A place for pkgci-job to work in."""

    # Seconds for the end of a log on its way: a busy machine needs some, and one that is away never answers.
    patience = 60.0

    def __init__(self, folder: Path) -> None:
        self.workspace, self.logs, self._folder = folder / "workspace", folder / "logs", folder
        for path in (self.workspace, self.logs, folder / "bin", folder / "shared", folder / "work"):
            path.mkdir()
        for path in ("state/streams", "state/pages"):
            (folder / path).mkdir(parents=True)
        receive = folder / "receive.py"
        receive.write_text(
            f"import sys\nsys.path.insert(0, {str(LOGS)!r})\nsys.dont_write_bytecode = True\n"
            "from pkgci_logs.receive import main\nsys.exit(main())\n"
        )
        self.program(
            "ssh",
            "while [ $# -gt 2 ]; do shift; done\n"
            f'export SSH_ORIGINAL_COMMAND="$*"; '
            f"exec {sys.executable} {receive} {self.logs} {folder}/state {folder}/key 50000",
        )
        (folder / "key").write_bytes(KEY)
        self.program("sudo", 'echo "sudo: $*"; while [ "${1#/}" = "$1" ]; do shift; done; exec "$@"')
        server = {"host": "log01", "port": 22, "user": "logs", "key": "/k", "known_hosts": "/h"}
        (folder / "job.json").write_text(json.dumps({"log_server": server}))
        settings: dict[str, Any] = {
            "site": "lab",
            "targets": {"trixie": {"kind": "deb", "suite": "trixie"}},
            "projects": {
                "packaging/greet": {"targets": ["trixie"], "own_steps": False},
                "packaging/hello": {"targets": ["trixie"], "own_steps": True},
            },
            "repository": {"url": "https://pub/packages/", "release_key": "/r", "review_key": "/v"},
            "limits": {},
            "systest": "container",
            "build_hosts": [],
        }
        (folder / "steps.json").write_text(json.dumps(settings))

    def program(self, name: str, script: str) -> None:
        """Puts a shell script in a program's place."""
        program = self._folder / "bin" / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    def step_program(self, name: str, status: int, word: str = "passed", more: str = "") -> None:
        """A step's program that leaves a result, and ends with a status."""
        result = json.dumps({"status": word, "reason": "so it is", "files": [{"name": "a.deb"}], "lintian": 3})
        self.program(
            name,
            f"echo it runs as $0; env\n{more}\n"
            f"echo '{result}' > $RESULTS/result.json; echo x > $RESULTS/a.deb; exit {status}",
        )

    def start(
        self,
        step: str,
        commit: str = "",
        through: Sequence[str] = (),
        broken: str = "",
        own_project: str = "",
        **more: str,
    ) -> subprocess.Popen[str]:
        """Starts a step as the program does, but for where git, ssh, sudo and the steps' programs lead.

        ``through`` is the command that starts it, in Jenkins' place; ``broken`` a function that has a fault.
        """
        start = (
            "import os, sys, pathlib\n"
            f"sys.path.insert(0, {str(LIBRARY)!r}); sys.dont_write_bytecode = True\n"
            "from pkgci_steps import programs\n"
            "from pkgci_steps.job import attempts, calling, log_server, main, own_steps, streaming, task, workspace\n"
            f"folder = pathlib.Path({str(self._folder)!r})\n"
            "task.PARAMETERS['ZUUL_URL'] = '.*'; attempts.PAUSES = (0.0, 0.0); programs.GRACE_SECONDS = 1.0\n"
            "calling.PROGRAMS, calling.SHARED, calling.AGAIN_SECONDS = folder / 'bin', folder / 'shared', 0.0\n"
            # Not everybody who runs the tests can make namespaces.
            "own_steps.WORK, own_steps.bare = folder / 'work', lambda room, inside: []\n"
            "streaming.PAUSE, streaming.LOOK, workspace.PATIENCE, workspace.LOCK_SECONDS = 0.2, 0.05, 5.0, 2.0\n"
            f"main.Stream.finish.__defaults__ = ({self.patience},)\n"
            "plain = programs.plain_environment\n"
            "def changed(home): return (e := plain(home)) | {'PATH': f'{folder}/bin:' + e['PATH']}\n"
            "programs.plain_environment = log_server.plain_environment = changed\n"
            f"{f'{broken} = lambda *_: [][too_deep()]' if broken else ''}\n"
            "def too_deep(): raise RecursionError('too deep')\n"
            "files = [folder / name for name in ('steps.json', 'job.json')]\n"
            "sys.exit(main.main(sys.argv[1:], os.environ, *files, 'file'))\n"
        )
        environment = {
            "PATH": os.environ["PATH"],
            "WORKSPACE": str(self.workspace),
            "SECRET_OF_JENKINS": "s3cret",
            "NODE_NAME": "build01",
            "ZUUL_URL": f"file://{self._folder}/p",
            "ZUUL_PROJECT": "packaging/hello",
            "ZUUL_REF": "refs/zuul/main/Z1",
            "ZUUL_COMMIT": commit or "0" * 40,
            "ZUUL_CHANGE": "12",
            "ZUUL_PATCHSET": "3",
            "LOG_PATH": LOG_PATH,
            **more,
        }
        token = hmac.new(KEY, f"pkgci-log {environment['LOG_PATH']}".encode(), "sha256").hexdigest()
        environment.setdefault("PKGCI_LOG_TOKEN", token)
        own_words = [own_project or environment["ZUUL_PROJECT"], *([] if step == "promote" else ["trixie"])]
        return subprocess.Popen(
            [*through, sys.executable, "-c", start, step, *own_words],
            env={name: value for name, value in environment.items() if value},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(
        self,
        step: str,
        commit: str = "",
        through: Sequence[str] = (),
        broken: str = "",
        own_project: str = "",
        **more: str,
    ) -> tuple[int, str]:
        """The exit status of a step, and what it printed."""
        process = self.start(step, commit, through, broken, own_project, **more)
        said, _ = process.communicate(timeout=120)
        return process.returncode, said

    @property
    def own(self) -> Path:
        """The folder of the only build that worked here."""
        (folder,) = (self.workspace / ".pkgci").iterdir()
        return folder

    @property
    def kept(self) -> Path:
        return self.logs / LOG_PATH

    @property
    def result(self) -> dict[str, Any]:
        result: dict[str, Any] = json.loads((self.kept / "result.json").read_text())
        return result

    @property
    def console(self) -> str:
        return (self.kept / "console.txt").read_text()


@pytest.fixture
def slave(tmp_path: Path) -> Slave:
    return Slave(tmp_path)


def git(folder: Path, *arguments: str) -> str:
    identity = {
        f"GIT_{who}_{what}": "test@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        env={**os.environ, **identity, "GIT_CONFIG_GLOBAL": "/dev/null"},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


@pytest.fixture
def change(tmp_path: Path) -> Callable[[str | None], str]:
    """Makes the merger's repositories of both projects, whose change has the program ci/build; gives its commit."""

    def make(program: str | None) -> str:
        repository = tmp_path / "p/packaging/hello"
        repository.mkdir(parents=True)
        git(repository, "init", "--quiet", "--initial-branch=main")
        if program is not None:
            (repository / "ci").mkdir()
            (repository / "ci/build").write_text(program)
            (repository / "ci/build").chmod(0o755)
        git(repository, "add", "-A")
        git(repository, "commit", "--quiet", "--allow-empty", "-m", "a change")
        git(repository, "update-ref", "refs/zuul/main/Z1", "HEAD")
        (tmp_path / "p/packaging/greet").symlink_to("hello")
        return git(repository, "rev-parse", "HEAD")

    return make
