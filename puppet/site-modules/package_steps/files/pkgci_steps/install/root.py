"""Fresh roots for tests: folders that hold a system, entered as root of a user namespace.

What runs in there is the change's own. It is root there and nobody outside: its ids are the account's subordinate ones
(/etc/subuid), its processes end with the command, it sees no file of the host. It has the network only where told so.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from .. import layers
from ..chroots.kept import SUMS
from ..layers import ISOLATED, System
from ..limits import limited
from ..namespaces import remove, traversable
from ..settings import WORK
from ..status import Ended, Status
from ..step import Step
from .tree import Tree

_HERE = Path(__file__).parent
_ENVIRONMENT = {"HOME": "/root", "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
# enter.py's word for a root that cannot be entered.
_NOT_ENTERED = 125
# For one command in a root. A maintainer script that takes longer hangs.
SECONDS = 900.0
# Who vouches for web servers, on the host and in its roots.
_HOST_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
AUTHORITIES = PurePosixPath("/etc/pkgci/authorities.crt")


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it said on both outputs."""

    status: int
    text: str


class Root:
    """A system in a folder. ``remembered`` are checksums of files in it, as tree.py keeps them."""

    def __init__(self, step: Step, system: System, holder: Path, remembered: Path) -> None:
        self.step = step
        self._holder = holder
        self._remembered = remembered
        self.system = system
        # Whether something of a package may have run here: nothing has the network any more.
        self.is_closed = False

    @contextmanager
    def layer(self, step: Step | None = None) -> Iterator[Root]:
        """Another root, that begins as this one is now. Nothing may happen in this one meanwhile.

        ``step`` is whose it is, if not this one's. Both are of one user namespace: who is root there works with either.
        Raises ``Ended`` (infrastructure).
        """
        step = step or self.step
        namespace = (*self.system.inside, "unshare")
        with ExitStack() as until:
            with step.timed("roots made"):
                system = until.enter_context(layers.layer(step, self._holder, self.system.layers, namespace))
            other = Root(step, system, self._holder, self._remembered)
            other.is_closed = self.is_closed
            yield other
        # Tests have one after another: what was in them is no part of what the next may take.
        remove(system.folder.parent)

    def close(self) -> None:
        """From now on nothing in here has the network, nor in what begins as this root is: a package is installed, and
        leaves what it likes in the place of any program."""
        self.is_closed = True

    def run(self, *command: str, network: bool = False, seconds: float = SECONDS) -> Said:
        """Runs ``command`` in there, without the network unless told so.

        Raises ``Ended``: the package is at fault where it takes longer than ``seconds``, the infrastructure where there
        is no network any more (``close``).
        """
        if network and self.is_closed:
            raise Ended(Status.INFRASTRUCTURE, f"{command[0]} asks for the network where a package has run already")
        self.step.log.say(f"in the root: {' '.join(command)}")
        said = self._output(command, network, seconds)
        self.step.log.add(said.text.encode())
        return said

    def ask(self, *command: str) -> str:
        """What ``command`` says, which is not for the log. Raises ``Ended`` (infrastructure) where it fails."""
        said = self._output(command, network=False, seconds=SECONDS)
        if said.status != 0:
            raise Ended(Status.INFRASTRUCTURE, f"{command[0]} failed in the root: {said.text.strip()[-300:]}")
        return said.text

    def sums(self, pattern: str) -> dict[str, str]:
        """The SHA-256 checksums of the files that ``pattern`` (of a shell) names → their paths."""
        found = self.ask("sh", "-c", f"sha256sum -- {pattern} || :")
        return {line[:64]: line[66:] for line in found.splitlines() if len(line) > 66}

    def check_units(self, names: Sequence[str]) -> Said:
        """What systemd says of the units ``names`` in there. The host's own reads them: a root need not have one."""
        check = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", f"--root={self.system.folder}"]
        isolated = [*self.system.inside, *ISOLATED, "--net", "sh", "-c", 'exec "$@" 2>&1', "sh"]
        status, text = self.step.programs.output([*isolated, *check, *names], seconds=SECONDS)
        self.step.log.add(text)
        return Said(status, text.decode(errors="replace"))

    def tree(self) -> Tree:
        """What is in there now. Raises ``Ended`` (infrastructure)."""
        python: list[str | Path] = ["/usr/bin/python3", "-I", _HERE / "tree.py"]
        listing = [*self.system.inside, *python, self.system.folder, self._remembered]
        status, text = self.step.programs.output(listing, seconds=SECONDS)
        if status != 0:
            raise Ended(Status.INFRASTRUCTURE, f"{self.system.folder} cannot be listed")
        tree: dict[str, str] = json.loads(text)
        return tree

    def _output(self, command: Sequence[str], network: bool, seconds: float) -> Said:
        net = () if network else ("--net",)
        enter = ("/usr/bin/python3", "-I", _HERE / "enter.py", self.system.folder)
        words = [*self.system.inside, *ISOLATED, *net, *enter, *command]
        try:
            status, text = self.step.programs.output(words, environment=_ENVIRONMENT, seconds=seconds)
        except Ended as ended:
            if ended.status is Status.INFRASTRUCTURE and "took longer" in ended.reason:
                raise Ended(Status.FAILED, f"{' '.join(command)[:200]} took longer than {seconds:g} s") from None
            raise
        said = Said(status, text.decode(errors="replace"))
        if status == _NOT_ENTERED:
            raise Ended(Status.INFRASTRUCTURE, said.text.strip())
        return said


@contextmanager
def fresh(step: Step, tree: Path, files: Mapping[str, bytes]) -> Iterator[Root]:
    """A root like ``tree`` (``chroots.ensure``) with ``files`` (path inside → content) in it; all gone afterwards.

    The host's names, name servers and web authorities come with it. What runs meanwhile keeps to the limits of a build,
    or fails. Raises ``Ended`` (infrastructure).
    """
    with traversable(step, WORK) as holder, layers.claimed(tree) as kept, ExitStack() as until:
        with step.timed("roots made"):
            _stage(holder / "stage", files)
            system = until.enter_context(layers.layer(step, holder, (kept / layers.ROOT,)))
            until.enter_context(limited(step, holder, "test"))
            copy = ["cp", "--recursive", "--no-preserve=ownership", "--remove-destination"]
            step.programs.must("set up a root", [*system.inside, *copy, f"{holder}/stage/.", system.folder])
        yield Root(step, system, holder, kept / SUMS)


def _stage(stage: Path, files: Mapping[str, bytes]) -> None:
    host = {
        "/etc/resolv.conf": Path("/etc/resolv.conf").read_bytes(),
        "/etc/hosts": Path("/etc/hosts").read_bytes(),
        str(AUTHORITIES): _HOST_AUTHORITIES.read_bytes(),
    }
    for name, content in {**host, **files}.items():
        path = stage / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o755 if content.startswith(b"#!") else 0o644)
