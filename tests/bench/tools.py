"""The peers: Ansible and pyinfra from PyPI, in a virtual environment of their own, and plain ssh in a shell loop.

Each is set up the way its own documentation makes it fast: Ansible with pipelining, as many forks as hosts and no fact
gathering; pyinfra with as many hosts side by side; the loop with all hosts at once.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pkgci.model.site import Site
from tests.bench.race import BenchError, Contender, run
from tests.bench.sites import WORK

_VENV = WORK / "bench-tools"
# A socket's name must be short.
_CONTROL = Path(tempfile.gettempdir()) / f"bench-{os.getpid()}"
_PACKAGES = ("ansible-core", "pyinfra")

_LOOP = """\
status=0
for host in $HOSTS; do
  ( {each} ) &
  jobs="$jobs $!"
done
for job in $jobs; do wait "$job" || status=1; done
exit $status
"""


def install() -> None:
    """Installs the peers. Raises ``BenchError`` where the package index cannot be reached."""
    if (_VENV / "bin/pyinfra").exists():
        return
    for command in (
        [sys.executable, "-m", "venv", str(_VENV)],
        [str(_VENV / "bin/pip"), "--quiet", "install", *_PACKAGES],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BenchError(f"{' '.join(command)}: {done.stderr[-1000:]}")


def versions() -> str:
    """Which versions of the peers are installed."""
    listed = subprocess.run([str(_VENV / "bin/pip"), "freeze"], capture_output=True, text=True, check=True).stdout
    return ", ".join(line.replace("==", " ") for line in listed.splitlines() if line.split("==")[0] in _PACKAGES)


@dataclass(frozen=True)
class Tools:
    """What the peers need to reach the hosts of ``site``: files in ``folder``."""

    site: Site
    folder: Path

    def write(self) -> None:
        """Writes inventories and ssh's configuration, once the lab is up."""
        self.folder.mkdir(exist_ok=True)
        known = self.site.directory / "known_hosts"
        by_address = self.folder / "known_hosts"
        names = {host.name: host.address for host in self.site.hosts}
        lines = [line.split(" ", 1) for line in known.read_text().splitlines() if line and not line.startswith("#")]
        by_address.write_text("".join(f"{name},{names.get(name, name)} {rest}\n" for name, rest in lines))
        (self.folder / "ssh_config").write_text(
            "".join(
                f"Host {host.name}\n  HostName {host.address}\n  HostKeyAlias {host.name}\n  Port {host.ssh.port}\n"
                for host in self.site.hosts
            )
            + f"Host *\n  User root\n  IdentityFile {self._key}\n  IdentitiesOnly yes\n  BatchMode yes\n"
            f"  StrictHostKeyChecking yes\n  UserKnownHostsFile {by_address}\n"
        )
        (self.folder / "inventory").write_text("".join(f"{host.name}\n" for host in self.site.hosts))
        settings = {
            "ssh_user": "root",
            "ssh_key": str(self._key),
            "ssh_known_hosts_file": str(by_address),
            "ssh_strict_host_key_checking": "yes",
        }
        hosts = [(host.name, {**settings, "ssh_hostname": host.address}) for host in self.site.hosts]
        (self.folder / "inventory.py").write_text(f"hosts = {hosts!r}\n")

    @property
    def _key(self) -> Path:
        return self.site.directory / ".lab/id_ed25519"

    @property
    def hosts(self) -> str:
        return " ".join(host.name for host in self.site.hosts)

    def loop(self, each: str) -> tuple[str, ...]:
        """A shell that runs ``each`` for all hosts at once; in it, ``$host`` is the host and ``$ssh`` reaches it."""
        each = each.replace("$ssh", f"ssh -F {self.folder / 'ssh_config'}")
        return ("sh", "-c", f"HOSTS='{self.hosts}'\n{_LOOP.format(each=each)}")

    def on(self, host: str, script: str, user: str = "root") -> tuple[str, ...]:
        """A shell that runs ``script`` on ``host`` as ``user``; what fails in it ends it."""
        command = shlex.join(("runuser", "-u", user, "--", "sh", "-euc", f"cd /\n{script}"))
        return ("ssh", "-F", str(self.folder / "ssh_config"), host, command)

    def in_turn(self, commands: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
        """A shell that runs ``commands`` one after the other, as long as each succeeds."""
        return ("sh", "-c", " && ".join(shlex.join(command) for command in commands))

    @contextmanager
    def package(self, host: str, name: str) -> Iterator[None]:
        """Meanwhile, ``host`` has the distribution's package ``name``, which it did not have before."""
        install = f"apt-get -q -y --no-install-recommends install {name}"
        self.do(self.on(host, f"{install} || {{ apt-get -q update; {install}; }}"))
        try:
            yield
        finally:
            self.do(self.on(host, f"apt-get -q -y purge {name}"))

    def ansible(self, playbook: str) -> tuple[str, ...]:
        """Ansible running ``playbook``, a file in the folder."""
        return (str(_VENV / "bin/ansible-playbook"), "-i", str(self.folder / "inventory"), str(self.folder / playbook))

    def environment(self, name: str) -> dict[str, str]:
        """The settings of the peer ``name``."""
        return self._ansible_environment() if name == "Ansible" else {}

    def do(self, command: tuple[str, ...]) -> None:
        """Runs ``command``, unmeasured."""
        run(Contender("preparation", command, self.folder))

    def fresh(self, before: tuple[str, ...] | None = None) -> None:
        """Before a turn: runs ``before``, and cuts the connections that Ansible keeps, so that none has a start."""
        shutil.rmtree(_CONTROL, ignore_errors=True)
        if before is not None:
            self.do(before)

    def _ansible_environment(self) -> dict[str, str]:
        return {
            "ANSIBLE_PIPELINING": "true",
            "ANSIBLE_FORKS": str(len(self.site.hosts)),
            "ANSIBLE_GATHERING": "explicit",
            "ANSIBLE_PYTHON_INTERPRETER": "/usr/bin/python3",
            "ANSIBLE_SSH_COMMON_ARGS": f"-F {self.folder / 'ssh_config'}",
            "ANSIBLE_SSH_ARGS": "-o ControlMaster=auto -o ControlPersist=5s",
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(_CONTROL),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "PATH": f"{_VENV / 'bin'}:{os.environ['PATH']}",
        }

    def pyinfra(self, deploy: str) -> tuple[str, ...]:
        """pyinfra running ``deploy``, a file in the folder."""
        side_by_side = str(len(self.site.hosts))
        return (
            *(str(_VENV / "bin/pyinfra"), "--yes", "--parallel", side_by_side),
            *(str(self.folder / "inventory.py"), str(self.folder / deploy)),
        )
